/** Segment registers in words and bits. Source: see bits/segment.ts. */
import type { SegmentRegister } from '#shared/model/index.ts';
import { decodeBits, type BitTable } from '../bit-table.ts';
import type { SegmentValue } from '../cpu-state.ts';
import { CODE_SEGMENT_BITS, DATA_SEGMENT_BITS, SYSTEM_SEGMENT_BITS, SYSTEM_TYPES } from './bits/segment.ts';

/** In the order in which debuggers list them. */
export const SEGMENT_NAMES = ['cs', 'ss', 'ds', 'es', 'fs', 'gs', 'ldt', 'tr', 'gdt', 'idt'] as const;
export type SegmentName = (typeof SEGMENT_NAMES)[number];

/** The bits of the second word that are attributes or limit; the others repeat parts of the base, and QEMU keeps them or not. */
const FLAGS_MASK = 0x00ff_ff00;
const SYSTEM_BIT = 1 << 12;
const CODE_BIT = 1 << 11;
const PRESENT_BIT = 1 << 15;
const LONG_BIT = 1 << 21;
const DEFAULT_BIT = 1 << 22;

export const isLongCode = (flags: number): boolean => (flags & LONG_BIT) !== 0;
export const isDefault32 = (flags: number): boolean => (flags & DEFAULT_BIT) !== 0;
export const privilegeOf = (flags: number): number => (flags >>> 13) & 3;

export function describeSegment(name: SegmentName, segment: SegmentValue): SegmentRegister {
  const { selector, base, limit, flags, source } = segment;
  const table = bitsOf(name, flags);
  const fields = table === undefined ? [] : decodeBits(table, BigInt(flags) & 0xf0_ff00n, 24);
  return { name, selector, base, limit, flags: flags & FLAGS_MASK, source, meaning: meaningOf(name, segment), fields };
}

function bitsOf(name: SegmentName, flags: number): BitTable | undefined {
  if (name === 'gdt' || name === 'idt') return undefined;
  if ((flags & SYSTEM_BIT) === 0) return SYSTEM_SEGMENT_BITS;
  return (flags & CODE_BIT) !== 0 ? CODE_SEGMENT_BITS : DATA_SEGMENT_BITS;
}

/** "64-bit code, DPL 0, readable, accessed" */
function meaningOf(name: SegmentName, { flags, limit, selector }: SegmentValue): string {
  if (name === 'gdt') return `global descriptor table, ${(limit + 1) >>> 3} entries`;
  if (name === 'idt') return `interrupt descriptor table, ${limit + 1} bytes`;
  if ((flags & PRESENT_BIT) === 0) return (selector & 0xfffc) === 0 ? 'null selector' : 'not present';
  const ring = `DPL ${privilegeOf(flags)}`;
  if ((flags & SYSTEM_BIT) === 0) return `${SYSTEM_TYPES[(flags >>> 8) & 15]}, ${ring}`;
  const accessed = (flags & (1 << 8)) !== 0 ? ', accessed' : '';
  if ((flags & CODE_BIT) === 0) return `data, ${ring}, ${(flags & (1 << 9)) !== 0 ? 'writable' : 'read only'}${accessed}`;
  const size = isLongCode(flags) ? '64-bit' : isDefault32(flags) ? '32-bit' : '16-bit';
  return `${size} code, ${ring}, ${(flags & (1 << 9)) !== 0 ? 'readable' : 'execute only'}${accessed}`;
}
