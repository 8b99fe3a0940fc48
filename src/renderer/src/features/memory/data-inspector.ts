/**
 * What the bytes at the cursor would mean as a number, a time, a pointer. A table of types: a new row needs no new component.
 *
 * Times: seconds since 1970 as 32 and 64 bits, and nanoseconds (Linux's ktime_get_real_ns), all UTC. A pointer is taken for one when its upper
 * bits are a sign extension of bit 56, so that it is canonical with 5 levels of page tables at least; under 32-bit paging it is 4 bytes, and any.
 */
import type { AddressBits } from '#shared/virtual-address.ts';

export interface InspectorValue {
  /** Decimal, or a time; undefined when the bytes mean nothing of that type. */
  text: string;
  /** Hexadecimal, machine form; integers only. */
  hex?: string;
}

export interface InspectorRow {
  label: string;
  /** Bytes that the type takes. */
  size: number;
  /** Undefined when fewer bytes than `size` can be read there. */
  value?: InspectorValue;
}

interface InspectorType {
  label: string;
  size: number;
  convert: (view: DataView, little: boolean) => InspectorValue;
}

const hexOf = (value: bigint, size: number): string => `0x${BigInt.asUintN(size * 8, value).toString(16)}`;

function integer(label: string, size: 1 | 2 | 4 | 8, signed: boolean): InspectorType {
  return {
    label,
    size,
    convert: (view, little) => {
      const raw = readUnsigned(view, size, little);
      return { text: (signed ? BigInt.asIntN(size * 8, raw) : raw).toString(), hex: hexOf(raw, size) };
    },
  };
}

function readUnsigned(view: DataView, size: 1 | 2 | 4 | 8, little: boolean): bigint {
  if (size === 8) return view.getBigUint64(0, little);
  if (size === 4) return BigInt(view.getUint32(0, little));
  return BigInt(size === 2 ? view.getUint16(0, little) : view.getUint8(0));
}

/** ISO 8601 in UTC, to the second; says so when the number is outside what a calendar holds. */
export function timeText(milliseconds: number): string {
  const date = new Date(milliseconds);
  if (Number.isNaN(date.getTime()) || Math.abs(date.getUTCFullYear()) > 9999) return 'no date';
  return date
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace('T', ' ');
}

const TYPES: readonly InspectorType[] = [
  integer('u8', 1, false),
  integer('i8', 1, true),
  integer('u16', 2, false),
  integer('i16', 2, true),
  integer('u32', 4, false),
  integer('i32', 4, true),
  integer('u64', 8, false),
  integer('i64', 8, true),
  { label: 'float', size: 4, convert: (view, little) => ({ text: floatText(view.getFloat32(0, little), 9) }) },
  { label: 'double', size: 8, convert: (view, little) => ({ text: floatText(view.getFloat64(0, little), 17) }) },
  { label: 'time 32', size: 4, convert: (view, little) => ({ text: timeText(view.getInt32(0, little) * 1000) }) },
  { label: 'time 64', size: 8, convert: (view, little) => ({ text: timeText(Number(view.getBigInt64(0, little)) * 1000) }) },
  { label: 'time ns', size: 8, convert: (view, little) => ({ text: timeText(Number(view.getBigInt64(0, little) / 1_000_000n)) }) },
];

/** Digits enough to tell every value of the type from its neighbours, no more. */
function floatText(value: number, digits: number): string {
  if (!Number.isFinite(value) || value === 0) return Object.is(value, -0) ? '-0' : String(value);
  const shortest = digits === 9 ? shortestFloat32(value) : String(value);
  return shortest.length > 22 ? value.toPrecision(digits) : shortest;
}

function shortestFloat32(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return String(Number(text));
  }
  return value.toPrecision(9);
}

/** `bytes` are those that can be read from the cursor on, up to the first hole; more than 8 are ignored. */
export function inspect(bytes: Uint8Array, little: boolean): InspectorRow[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return TYPES.map(({ label, size, convert }) => (bytes.length < size ? { label, size } : { label, size, value: convert(view, little) }));
}

/** The virtual address that the first 4 or 8 bytes hold; undefined when they cannot be one or are 0. */
export function pointerIn(bytes: Uint8Array, little: boolean, bits: AddressBits = 64): bigint | undefined {
  const size = bits === 32 ? 4 : 8;
  if (bytes.length < size) return undefined;
  const value = readUnsigned(new DataView(bytes.buffer, bytes.byteOffset, size), size, little);
  return value !== 0n && BigInt.asUintN(64, BigInt.asIntN(57, value)) === value ? value : undefined;
}

/** What bytes are that are no pointer; any 32 bits but 0 are one. */
export const noPointer = (bits: AddressBits): string => (bits === 32 ? 'zero' : 'not a canonical address');
