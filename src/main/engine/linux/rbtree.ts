/** The kernel's red-black trees (Linux include/linux/rbtree_types.h), read in order and with bounds. */
import type { LinuxKernel } from './kernel.ts';
import { KernelStruct } from './kernel-struct.ts';
import type { ListEnd } from './lists.ts';

/** Addresses of the rb_nodes, the smallest first. `top`: what the root's rb_node points to; 0n for an empty tree. At most `limit`; a node that comes again or cannot be read ends its branch. */
export function readTree(kernel: LinuxKernel, top: bigint, limit: number): { nodes: bigint[] } & ListEnd {
  const shape = new KernelStruct(kernel, 'rb_node', 0n);
  const left = shape.at('rb_left');
  const right = shape.at('rb_right');
  const { space } = kernel;
  const nodes: bigint[] = [];
  const seen = new Set<bigint>();
  /** Nodes whose left side is being read. */
  const above: bigint[] = [];
  let broken: string | undefined;
  let next = top;
  while (next !== 0n || above.length > 0) {
    if (next === 0n) {
      const node = above.pop()!;
      nodes.push(node);
      next = space.word(node + right) ?? 0n;
      continue;
    }
    const lower = space.word(next + left);
    if (seen.has(next)) broken = 'it leads into itself';
    else if (seen.size >= limit) broken = `it goes on beyond ${limit} nodes`;
    else if (lower === undefined) broken = 'it leads to memory that is not in the dump';
    else {
      seen.add(next);
      above.push(next);
      next = lower;
      continue;
    }
    next = 0n;
  }
  return broken === undefined ? { nodes } : { nodes, broken };
}
