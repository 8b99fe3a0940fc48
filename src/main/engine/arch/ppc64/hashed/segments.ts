/**
 * Segments: what an SLB entry says of the addresses that it covers.
 *
 * Source: Power ISA 2.07B, Book III-S, section 5.7.6 (segment translation) and 5.7.7.3 (hash functions).
 */
import type { CpuState } from '../../cpu-state.ts';
import { SLB_ENTRIES } from '../registers.ts';

export interface Segment {
  /** Number of the SLB entry. */
  slot: number;
  /** As slbmte writes them: ESID and V, VSID and flags. */
  esid: bigint;
  vsid: bigint;
  /** First address that it covers, and how many bits select one inside it: 28 or 40. */
  start: bigint;
  bits: number;
  /** log2 of the base page's bytes; undefined for an encoding that no CPU has. */
  pageShift: number | undefined;
  /** What the hash begins with. */
  seed: bigint;
  /** The bits of an entry's first doubleword that are the segment's: B and the VSID. */
  tag: bigint;
  tagMask: bigint;
}

const VALID = 1n << 27n;
const LARGE_SEGMENT = 1n << 62n;
const ABOVE_VSID = 0xc000_0000_0000_0000n;
/** Base pages by L and LP. */
const PAGE_SHIFTS: Partial<Record<string, number>> = { '0': 12, '256': 24, '272': 16, '288': 34 };

export const SEGMENT_NO_EXECUTE = 1n << 9n;
export const SEGMENT_USER_KEY = 1n << 10n;
export const SEGMENT_KERNEL_KEY = 1n << 11n;

/** Valid entries of the SLB that a CPU state holds, in their order. */
export function segmentsOf({ registers }: CpuState): Segment[] {
  const segments: Segment[] = [];
  for (let slot = 0; slot < SLB_ENTRIES; slot++) {
    const esid = registers[`slb${slot}_esid`]?.value;
    const vsid = registers[`slb${slot}_vsid`]?.value;
    if (esid === undefined || vsid === undefined || (esid & VALID) === 0n) continue;
    const large = (vsid & LARGE_SEGMENT) !== 0n;
    const bits = large ? 40 : 28;
    const shift = large ? 24n : 12n;
    const number = (vsid & ~ABOVE_VSID) >> shift;
    const tagMask = ABOVE_VSID | (((~ABOVE_VSID >> shift) << shift) & ~ABOVE_VSID);
    segments.push({
      slot,
      esid,
      vsid,
      start: (esid >> BigInt(bits)) << BigInt(bits),
      bits,
      pageShift: PAGE_SHIFTS[(vsid & 0x130n).toString()],
      seed: large ? number ^ (number << 25n) : number,
      tag: vsid & BigInt.asUintN(64, tagMask),
      tagMask: BigInt.asUintN(64, tagMask),
    });
  }
  return segments;
}

/** The segment that covers an address: the first that does, as CPUs raise a machine check on two. */
export function segmentOf(segments: readonly Segment[], address: bigint): Segment | undefined {
  return segments.find(({ start, bits }) => address >> BigInt(bits) === start >> BigInt(bits));
}
