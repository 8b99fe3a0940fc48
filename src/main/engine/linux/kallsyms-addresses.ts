/**
 * Addresses of kallsyms where only the tables' order is known.
 *
 * Facts: Linux scripts/kallsyms.c, kernel/kallsyms.c. Words before v4.6 and without CONFIG_KALLSYMS_BASE_RELATIVE; 32-bit offsets from a base since v4.6 (2213e9a66bb8), which may count down, see relativeAddresses; since v7.0
 * (a081b5789255) offsets from their own place, and on 32-bit kernels that are not relocated the addresses themselves.
 */
import type { KernelSpace } from './kernel-space.ts';
import type { SymbolAddresses } from './kallsyms-table.ts';

/** All symbols of a kernel but per-CPU and absolute ones lie that near to its read-only data. */
const NEAR = 2n ** 30n;
const SAMPLES = 512;

export interface AddressTable {
  view: DataView;
  /** Address of the view's first byte. */
  start: bigint;
  count: number;
  /** Where the number of symbols stands: addresses may end before it. */
  numberAt: number;
  /** Where the index of tokens ends: addresses may begin behind it. */
  after: number;
  align: number;
  space: KernelSpace;
}

/** Every reading of what stands where addresses may, by the age of the kernel. */
export function* addressesAt(table: AddressTable): Generator<SymbolAddresses, void, undefined> {
  const { align, count, numberAt, after, space } = table;
  const up = (value: number) => Math.ceil(value / align) * align;
  const offsetBytes = up(4 * count);
  const behind = up(after);
  const baseAt = numberAt - up(space.wordSize);
  yield* withBase(table, baseAt - offsetBytes, baseAt);
  yield* withBase(table, behind, behind + offsetBytes);
  yield* words(table, numberAt - up(space.wordSize * count));
  yield* words(table, behind);
  yield* fromTheirPlace(table, behind);
}

function* withBase({ view, count, space, start }: AddressTable, at: number, baseAt: number): Generator<SymbolAddresses> {
  const { wordSize, littleEndian } = space;
  if (at < 0 || baseAt + wordSize > view.byteLength) return;
  const base = wordSize === 8 ? view.getBigUint64(baseAt, littleEndian) : BigInt(view.getUint32(baseAt, littleEndian));
  if (near(base, start)) yield relativeAddresses(offsetsAt(view, at, count, littleEndian), base);
}

function* words({ view, count, space: { wordSize, littleEndian } }: AddressTable, at: number): Generator<SymbolAddresses> {
  if (at < 0 || at + wordSize * count > view.byteLength) return;
  const copy = new DataView(view.buffer.slice(view.byteOffset + at, view.byteOffset + at + wordSize * count));
  yield absoluteAddresses(copy, wordSize, littleEndian);
}

function* fromTheirPlace({ view, count, start, space: { littleEndian } }: AddressTable, at: number): Generator<SymbolAddresses> {
  if (at + 4 * count <= view.byteLength) yield placeRelativeAddresses(offsetsAt(view, at, count, littleEndian), start + BigInt(at));
}

export function offsetsAt(view: DataView, at: number, count: number, littleEndian: boolean): Int32Array {
  return Int32Array.from({ length: count }, (_, index) => view.getInt32(at + 4 * index, littleEndian));
}

/** Words, as `view` holds them from its start on. */
export function absoluteAddresses(view: DataView, wordSize: 4 | 8, littleEndian: boolean): SymbolAddresses {
  return { at: (index) => (wordSize === 8 ? view.getBigUint64(8 * index, littleEndian) : BigInt(view.getUint32(4 * index, littleEndian))) };
}

/** `place`: address of the first offset. */
export function placeRelativeAddresses(offsets: Int32Array, place: bigint): SymbolAddresses {
  return { at: (index) => BigInt.asUintN(64, place + BigInt(4 * index + offsets[index]!)) };
}

/** Whether the kernel counts down (CONFIG_KALLSYMS_ABSOLUTE_PERCPU) shows in the signs: then all but per-CPU symbols are negative. */
export function relativeAddresses(offsets: Int32Array, base: bigint): SymbolAddresses {
  let negative = 0;
  for (const offset of offsets) if (offset < 0) negative++;
  const countsDown = negative > offsets.length / 2;
  return {
    at(index) {
      const offset = offsets[index]!;
      if (!countsDown) return base + BigInt(offset >>> 0);
      return offset >= 0 ? BigInt(offset) : base - 1n - BigInt(offset);
    },
  };
}

/** Whether samples of the addresses go up, and most are near a place in the kernel. */
export function plausible(addresses: SymbolAddresses, count: number, place: bigint): boolean {
  let nearby = 0;
  let descents = 0;
  let before = -1n;
  const samples = Math.min(count, SAMPLES);
  for (let sample = 0; sample < samples; sample++) {
    const address = addresses.at(Math.floor((sample * count) / samples));
    if (near(address, place)) nearby++;
    if (address < before) descents++;
    before = address;
  }
  return nearby > samples / 2 && descents <= samples / 100;
}

function near(address: bigint, place: bigint): boolean {
  return address > place ? address - place < NEAR : place - address < NEAR;
}
