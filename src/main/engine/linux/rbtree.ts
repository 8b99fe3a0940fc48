/** The kernel's red-black trees, in order. Facts: Linux include/linux/rbtree_types.h: a node's first word is its parent's address and its colour; a null pointer stands for no child. */
import { KernelStruct } from './kernel-struct.ts';
import type { LinuxKernel } from './kernel.ts';
import type { ListEnd } from './lists.ts';

/** A red-black tree of 2^64 nodes is no higher than that. */
const MAX_HEIGHT = 128;
/** Stands for a child that is not in the dump. */
const OUTSIDE = -1n;

/**
 * Addresses of the rb_nodes from the leftmost to the rightmost, at most `limit`: of the members named by offset, `node - offset` is the object. `root`: address of the struct rb_root. What cannot be read is left out,
 * and `broken` says why. Throws WorkbenchError `unsupported` for a kernel whose types are not known.
 */
export function readTree(kernel: LinuxKernel, root: bigint, limit: number): { nodes: bigint[] } & ListEnd {
  const { space } = kernel;
  const left = new KernelStruct(kernel, 'rb_node', 0n).at('rb_left');
  const right = new KernelStruct(kernel, 'rb_node', 0n).at('rb_right');
  const nodes: bigint[] = [];
  const seen = new Set<bigint>();
  /** Nodes whose left side is being read. */
  const above: bigint[] = [];
  let broken: string | undefined;
  let node = space.word(root + new KernelStruct(kernel, 'rb_root', 0n).at('rb_node')) ?? OUTSIDE;
  for (;;) {
    const child = node === 0n || node === OUTSIDE ? undefined : space.word(node + left);
    if (node !== 0n && seen.has(node)) broken ??= 'it leads into itself';
    else if (node !== 0n && above.length >= MAX_HEIGHT) broken ??= `it is higher than ${MAX_HEIGHT} nodes`;
    else if (node !== 0n && child === undefined) broken ??= 'it leads to memory that is not in the dump';
    else if (child !== undefined) {
      seen.add(node);
      above.push(node);
      node = child;
      continue;
    }
    const next = above.pop();
    if (next === undefined) break;
    if (nodes.length >= limit) {
      broken ??= `it goes on beyond ${limit} entries`;
      break;
    }
    nodes.push(next);
    node = space.word(next + right) ?? OUTSIDE;
  }
  return { nodes, ...(broken === undefined ? {} : { broken }) };
}
