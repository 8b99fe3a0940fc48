/**
 * The kernel's maple trees (since v6.1): ranges of numbers and what stands at each.
 *
 * Facts: Linux include/linux/maple_tree.h, lib/maple_tree.c (v6.1). A node is 256 bytes at a multiple of 256; the low byte of a pointer to one has its type in bits 3 to 6, and at the root, where a node must be told from
 * an entry, 2 in bits 0 and 1. A slot's range ends at its pivot; the last one's at the end of the node's own range, as do those behind a pivot of 0. Entries whose low bits are 2 are the tree's own.
 */
import type { ArrayType } from '../dwarf/type-model.ts';
import { resolved } from '../dwarf/type-model.ts';
import { KernelStruct } from './kernel-struct.ts';
import type { LinuxKernel } from './kernel.ts';
import type { ListEnd } from './lists.ts';

const NODE_SIZE = 256;
const NODE_MASK = BigInt(NODE_SIZE - 1);
/** Values below it are no pointers to nodes: MAPLE_RESERVED_RANGE. */
const LOWEST_NODE = 4096n;
/** MAPLE_HEIGHT_MAX */
const MAX_HEIGHT = 31;
/** Of enum maple_type, which kernels since v6.1 have in this order. */
const TYPES: readonly NodeType[] = ['maple_dense', 'maple_leaf_64', 'maple_range_64', 'maple_arange_64'];
type NodeType = 'maple_dense' | 'maple_leaf_64' | 'maple_range_64' | 'maple_arange_64';

export interface MapleEntry {
  first: bigint;
  /** Inclusive. */
  last: bigint;
  /** What stands there; never a null pointer. */
  entry: bigint;
}

/** Bytes from the start of a node to its arrays, and how long these are. */
interface Layout {
  leaf: boolean;
  pivots: { offset: number; count: number };
  slots: { offset: number; count: number };
}

/** Entries in ascending order, at most `limit`. `tree`: a struct maple_tree. What cannot be read is left out, and `broken` says why. Throws WorkbenchError `unsupported` for a kernel whose types are not known. */
export function readMapleTree(tree: KernelStruct, limit: number): { entries: MapleEntry[] } & ListEnd {
  const { kernel } = tree;
  const max = (1n << BigInt(8 * kernel.space.wordSize)) - 1n;
  const root = tree.pointer('ma_root');
  if (root === undefined) return { entries: [], broken: 'its root is not in the dump' };
  if (root === 0n) return { entries: [] };
  if (!isNodeAtRoot(root)) return { entries: [{ first: 0n, last: 0n, entry: root }] };
  const reader = new MapleReader(kernel, limit);
  reader.read(root, { first: 0n, last: max }, 0);
  return { entries: reader.entries, ...(reader.broken === undefined ? {} : { broken: reader.broken }) };
}

const isNodeAtRoot = (pointer: bigint) => (pointer & 3n) === 2n && pointer >= LOWEST_NODE;

class MapleReader {
  readonly entries: MapleEntry[] = [];
  broken: string | undefined;
  readonly #kernel: LinuxKernel;
  readonly #limit: number;
  readonly #seen = new Set<bigint>();
  readonly #layouts: ReadonlyMap<NodeType, Layout>;
  readonly #types: ReadonlyMap<bigint, NodeType>;

  constructor(kernel: LinuxKernel, limit: number) {
    this.#kernel = kernel;
    this.#limit = limit;
    this.#layouts = new Map([
      ['maple_leaf_64', layoutOf(kernel, 'maple_range_64', true)],
      ['maple_range_64', layoutOf(kernel, 'maple_range_64', false)],
      ['maple_arange_64', layoutOf(kernel, 'maple_arange_64', false)],
    ]);
    const values = kernel.types?.enum('maple_type')?.values;
    this.#types = new Map(TYPES.map((type, index) => [values?.get(type) ?? BigInt(index), type]));
  }

  read(pointer: bigint, range: { first: bigint; last: bigint }, height: number): void {
    const address = pointer & ~NODE_MASK;
    if (this.#seen.has(address)) return this.#breaks('it leads into itself');
    if (height > MAX_HEIGHT) return this.#breaks(`it is higher than ${MAX_HEIGHT} nodes`);
    this.#seen.add(address);
    const bytes = this.#kernel.space.bytes(address, NODE_SIZE);
    if (!bytes) return this.#breaks('it leads to memory that is not in the dump');
    const type = this.#types.get((pointer >> 3n) & 0xfn);
    const layout = type && this.#layouts.get(type);
    if (!layout) return this.#breaks(type ? 'it has a node of a kind that no kernel makes' : 'it has a node of no known kind');
    this.#readSlots(new DataView(bytes.buffer), layout, range, height);
  }

  #readSlots(node: DataView, { leaf, pivots, slots }: Layout, { first, last }: { first: bigint; last: bigint }, height: number): void {
    let from = first;
    for (let index = 0; index < slots.count; index++) {
      const pivot = index < pivots.count ? this.#word(node, pivots.offset, index) : 0n;
      const to = pivot === 0n && (index > 0 || first > 0n) ? last : pivot;
      if (to < from || to > last) return this.#breaks('it has a node whose ranges are not in order');
      const slot = this.#word(node, slots.offset, index);
      if (leaf) this.#add({ first: from, last: to, entry: slot });
      else if (slot >= LOWEST_NODE) this.read(slot, { first: from, last: to }, height + 1);
      else this.#breaks('it has a pointer that leads to no node');
      if (to === last || this.entries.length >= this.#limit) return;
      from = to + 1n;
    }
    this.#breaks('it has a node that ends before its range does');
  }

  #add(found: MapleEntry): void {
    if (found.entry === 0n || (found.entry & 3n) === 2n) return;
    if (this.entries.length < this.#limit) this.entries.push(found);
    if (this.entries.length === this.#limit) this.#breaks(`it goes on beyond ${this.#limit} entries`);
  }

  #breaks(reason: string): void {
    this.broken ??= reason;
  }

  #word(node: DataView, offset: number, index: number): bigint {
    const { wordSize, littleEndian } = this.#kernel.space;
    const at = offset + index * wordSize;
    return wordSize === 8 ? node.getBigUint64(at, littleEndian) : BigInt(node.getUint32(at, littleEndian));
  }
}

function layoutOf(kernel: LinuxKernel, struct: string, leaf: boolean): Layout {
  return { leaf, pivots: arrayOf(kernel, struct, 'pivot'), slots: arrayOf(kernel, struct, 'slot') };
}

function arrayOf(kernel: LinuxKernel, struct: string, member: string): { offset: number; count: number } {
  const offset = Number(new KernelStruct(kernel, struct, 0n).at(member));
  const type = kernel.types?.find(struct, member)?.type;
  const count = (type && (resolved(type) as ArrayType).count) ?? 0;
  return { offset, count: Math.min(count, Math.floor((NODE_SIZE - offset) / kernel.space.wordSize)) };
}
