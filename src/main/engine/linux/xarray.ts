/**
 * The kernel's XArrays: sparse arrays of pointers.
 *
 * Facts: Linux include/linux/xarray.h (v6.1; since v4.20). An entry with low bits 10 is internal: above 4096 a node, below a mark that an entry is a neighbour's, is being changed, or is reserved; one with low
 * bit 1 is a number. Pointers may carry a tag in the low bits 01 and 11, which makes them numbers here.
 */
import { KernelStruct } from './kernel-struct.ts';
import type { LinuxKernel } from './kernel.ts';
import type { ListEnd } from './lists.ts';
import { resolved } from '../dwarf/type-model.ts';

/** Six bits a level (four where memory is short), 64 bits of index. */
const MAX_DEPTH = 16;
const INTERNAL = 2n;
const LOWEST_NODE = 4096n;

export interface XarrayEntry {
  index: bigint;
  pointer: bigint;
}

/** The pointers in it by index, ascending; numbers and marks are left out. `address`: of the struct xarray. At most `limit` entries and nodes. */
export function readXarray(kernel: LinuxKernel, address: bigint, limit: number): { entries: XarrayEntry[] } & ListEnd {
  const head = new KernelStruct(kernel, 'xarray', address).pointer('xa_head');
  const entries: XarrayEntry[] = [];
  if (head === undefined) return { entries, broken: 'its head is not in the dump' };
  const shape = new KernelStruct(kernel, 'xa_node', 0n);
  const slots = shape.at('slots');
  const count = slotCount(kernel);
  const seen = new Set<bigint>();
  let broken: string | undefined;

  const visit = (entry: bigint, index: bigint, depth: number): void => {
    if ((entry & 3n) === 0n && entry !== 0n) {
      if (entries.length < limit) entries.push({ index, pointer: entry });
      else broken = `it goes on beyond ${limit} entries`;
    }
    if ((entry & 3n) !== INTERNAL || entry <= LOWEST_NODE) return;
    const node = entry - INTERNAL;
    const shift = new KernelStruct(kernel, 'xa_node', node).small('shift');
    if (shift === undefined) broken = 'it leads to memory that is not in the dump';
    else if (seen.has(node)) broken = 'it leads into itself';
    else if (seen.size >= limit || depth === MAX_DEPTH) broken = 'it goes on beyond what an array can have';
    else {
      seen.add(node);
      for (let slot = 0; slot < count; slot++) {
        const below = kernel.space.word(node + slots + BigInt(slot * kernel.space.wordSize));
        if (below === undefined) broken = 'it leads to memory that is not in the dump';
        else visit(below, index + (BigInt(slot) << BigInt(shift)), depth + 1);
      }
    }
  };
  visit(head, 0n, 0);
  return broken === undefined ? { entries } : { entries, broken };
}

function slotCount(kernel: LinuxKernel): number {
  const type = kernel.types?.find('xa_node', 'slots')?.type;
  const array = type && resolved(type);
  return array?.kind === 'array' ? Math.min(array.count ?? 0, 64) : 0;
}
