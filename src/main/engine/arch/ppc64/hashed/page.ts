/** What an entry that was found says of an address: the page and its rights. Sources: see lookup.ts. */
import { RIGHT_EXECUTE, RIGHT_EXECUTE_PRIVILEGED, RIGHT_USER, RIGHT_WRITE, type FoundPage } from '#engine/translate/paging-mode.ts';
import { HPTE_LARGE, HPTE_PAGE, protectionOf } from './hashed-entry.ts';
import { SEGMENT_KERNEL_KEY, SEGMENT_NO_EXECUTE, SEGMENT_USER_KEY, type Segment } from './segments.ts';

/** Page sizes by the segment's base page: log2 of the bytes, and what stands in the lowest bits of the page's address. */
const PAGE_SIZES: Partial<Record<number, readonly (readonly [shift: number, encoding: bigint])[]>> = {
  12: [
    [16, 7n],
    [24, 0x38n],
  ],
  16: [
    [16, 1n],
    [24, 8n],
  ],
  24: [[24, 0n]],
  34: [[34, 3n]],
};

/** Rights by key and PP: 1 read, 2 write. */
const WIDE = [3, 3, 3, 1, 0, 0, 1, 0];
const NARROW = [0, 1, 3, 1, 0, 0, 0, 0];

export interface Hit {
  /** Number of the entry. */
  index: number;
  group: 0 | 1;
  first: bigint;
  second: bigint;
  /** log2 of the bytes of the page that the entry is of. */
  shift: number;
}

/** Undefined for an entry of another base page size, which does not count. */
export function pageShiftOf(base: number, first: bigint, second: bigint): number | undefined {
  if ((first & HPTE_LARGE) === 0n) return base === 12 ? 12 : undefined;
  return PAGE_SIZES[base]?.find(([shift, encoding]) => (second & (2n ** BigInt(shift) - 1n) & HPTE_PAGE) === encoding << 12n)?.[0];
}

export function pageOf(segment: Segment, { second, shift }: Hit, address: bigint): FoundPage {
  const mask = 2n ** BigInt(shift) - 1n;
  return {
    physical: Number((second & HPTE_PAGE & ~mask) | (address & mask)),
    pageSize: 2 ** (segment.pageShift ?? 12),
    rights: rightBits(segment, second),
    low: Number(BigInt.asUintN(32, second)),
    high: Number(second >> 32n),
  };
}

/** The kernel's rights where user mode has none, otherwise user mode's. */
function rightBits({ vsid }: Segment, second: bigint): number {
  const protection = protectionOf(second);
  const user = ((vsid & SEGMENT_USER_KEY) === 0n ? WIDE : NARROW)[protection] ?? 0;
  const kernel = ((vsid & SEGMENT_KERNEL_KEY) === 0n ? WIDE : NARROW)[protection] ?? 0;
  const access = user === 0 ? kernel : user;
  const noExecute = (second & 0xcn) !== 0n || (vsid & SEGMENT_NO_EXECUTE) !== 0n;
  const execute = noExecute ? 0 : (user === 0 ? 0 : RIGHT_EXECUTE) | (kernel === 0 ? 0 : RIGHT_EXECUTE_PRIVILEGED);
  return ((access & 2) !== 0 ? RIGHT_WRITE : 0) | (user === 0 ? 0 : RIGHT_USER) | execute;
}
