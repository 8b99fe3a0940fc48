/** What is mapped around the text of a kernel: its read-only data, where kallsyms and BTF are, lies within some tens of megabytes. */
import { mappings } from '../translate/mappings.ts';
import { rightsOf } from '../translate/paging-mode.ts';
import type { KernelSpace } from './kernel-space.ts';

/** Images with all drivers built in have 64 MiB. */
const REACH = 96n * 1024n * 1024n;
/** Pages of 4 KiB from one end to the other. */
const MAX_PAGES = 65536;
const CHUNK = 2 ** 20;
const LAST = 2n ** 64n - 1n;

export interface KernelStretch {
  start: bigint;
  /** Inclusive. */
  last: bigint;
}

/**
 * Stretches of one kind of access around an address of the kernel, those that can only be read first. Empty where the address is not mapped. What programs may read is left out, but where they may read that address, too: page tables
 * of s390x do not part the two.
 */
export function stretchesAround({ tables, memory }: KernelSpace, address: bigint): KernelStretch[] {
  if (!tables.translateAddress(address)) return [];
  const { user } = rightsOf(tables.found.rights);
  const end = address > LAST - REACH ? LAST : address + REACH;
  const data: KernelStretch[] = [];
  const others: KernelStretch[] = [];
  const { mode, root, options } = tables.tableFor(address);
  const rows = mappings(memory, mode, root, { ...options, from: address < REACH ? 0n : address - REACH });
  let pages = 0;
  for (const { start, last, effective } of rows) {
    if (start > end || ++pages > MAX_PAGES) break;
    if (effective.user !== user) continue;
    const list = effective.writable || effective.executable ? others : data;
    const before = list.at(-1);
    if (before && before.last + 1n === start) before.last = last;
    else list.push({ start, last });
  }
  return [...data, ...others];
}

/** Addresses at which `wanted` stands. Memory that the dump lacks is passed over. */
export function* placesOf(space: KernelSpace, stretches: readonly KernelStretch[], wanted: Uint8Array): Generator<bigint, void, undefined> {
  const buffer = Buffer.alloc(CHUNK);
  for (const { start, last } of stretches) {
    for (let at = start; at <= last;) {
      const piece = buffer.subarray(0, Number(last - at + 1n < BigInt(CHUNK) ? last - at + 1n : BigInt(CHUNK)));
      const filled = space.fill(at, piece);
      const bytes = piece.subarray(0, filled);
      for (let found = bytes.indexOf(wanted); found >= 0; found = bytes.indexOf(wanted, found + 1)) yield at + BigInt(found);
      // What is wanted may stand across the end of what was read; after a gap go on with the next page.
      if (filled === CHUNK) at += BigInt(CHUNK - wanted.length + 1);
      else at = filled === piece.length ? last + 1n : ((at + BigInt(filled)) / 4096n + 1n) * 4096n;
    }
  }
}
