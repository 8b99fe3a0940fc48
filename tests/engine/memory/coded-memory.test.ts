/** Guest memory in coded units: every byte, every fault by its name, and no unit decoded more often than it must be. */
import { describe, expect, it } from 'vitest';
import { ExtentBuilder } from '#engine/memory/extent-builder.ts';
import { GuestMemory } from '#engine/memory/guest-memory.ts';
import { PhysicalRegions } from '#engine/memory/physical-regions.ts';
import { DecodedUnits, type UnitDecoder, type UnitFault } from '#engine/memory/unit-decoder.ts';
import { WorkbenchError } from '#shared/errors.ts';
import { seededRandom } from '../io/seeded-random.ts';
import { ArraySource } from './array-source.ts';

/** Units whose bytes follow from their number; some are damaged. Counts what is asked of it. */
class NumberedUnits implements UnitDecoder {
  readonly decoded: number[] = [];
  readonly #faults: ReadonlyMap<number, UnitFault>;

  constructor(faults: Record<number, UnitFault> = {}) {
    this.#faults = new Map(Object.entries(faults).map(([unit, fault]) => [Number(unit), fault]));
  }

  static byteOf(unit: number, offset: number): number {
    return (unit * 37 + offset * 11 + (offset >> 8) + 1) & 0xff;
  }

  decode(unit: number, target: Uint8Array): UnitFault | undefined {
    this.decoded.push(unit);
    // What a decoder leaves behind when it gives up is not memory.
    target.fill(0xbd);
    const fault = this.#faults.get(unit);
    if (!fault) for (let offset = 0; offset < target.length; offset++) target[offset] = NumberedUnits.byteOf(unit, offset);
    return fault;
  }
}

const CORRUPT: UnitFault = { state: 'corrupt', reason: 'damaged zlib data at 0x10' };
const ALSO_CORRUPT: UnitFault = { state: 'corrupt', reason: 'damaged zlib data at 0x20' };
const ABSENT: UnitFault = { state: 'absent', reason: 'beyond the end of the file' };

/** GPA 0x10000 on: `length` bytes in units of `unitSize`, numbered from 3 on; then a fill of 0x44 up to the next page and a page more. */
function guest(unitSize: number, length: number, faults: Record<number, UnitFault> = {}) {
  const units = new NumberedUnits(faults);
  const builder = new ExtentBuilder();
  builder.addCoded(0, length, 3, unitSize);
  builder.addFill(length, 4096, 0x44);
  const regions = new PhysicalRegions([{ start: 0x10000, last: 0x10000 + length + 4095, ram: 0 }]);
  const memory = new GuestMemory(new ArraySource(new Uint8Array(16), 'coded'), builder.finish(), regions, units);
  const expectedAt = (address: number): number | UnitFault => {
    const at = address - 0x10000;
    if (at >= length) return 0x44;
    const unit = 3 + Math.floor(at / unitSize);
    return faults[unit] ?? NumberedUnits.byteOf(unit, at % unitSize);
  };
  return { memory, units, expectedAt, end: 0x10000 + length + 4096 };
}

const SIZES: [number, number][] = [
  [4096, 40 * 4096],
  [4096, 10 * 4096 + 100],
  [512, 30_000],
  [65536, 3 * 65536 + 5000],
  [10_000, 95_000],
];

describe.each(SIZES)('memory in units of %d bytes, %d in all', (unitSize, length) => {
  const faults = { 4: CORRUPT, 5: ALSO_CORRUPT, 6: ABSENT };

  it('has every byte, and of damaged units the state and the reason (1500 random pieces)', () => {
    const { memory, expectedAt, end } = guest(unitSize, length, faults);
    const random = seededRandom(unitSize + length);
    for (let round = 0; round < 1500; round++) {
      const address = 0x10000 + Math.floor(random() * (end - 0x10000));
      const target = new Uint8Array(Math.min(end - address, Math.floor(random() * (round % 2 ? 50 : 30_000)))).fill(0xee);
      const spans = memory.read(address, target);
      let reached = 0;
      for (const [index, { start, end: stop, state, reason }] of spans.entries()) {
        expect(start).toBe(reached);
        reached = stop;
        const before = spans[index - 1];
        expect(before?.state === state && before.reason === reason, 'spans that could be one').toBe(false);
        for (const at of [start, stop - 1, (start + stop) >> 1]) {
          const expected = expectedAt(address + at);
          if (typeof expected === 'number') expect([state, reason, target[at]]).toEqual(['present', undefined, expected]);
          else expect([state, reason, target[at]]).toEqual([expected.state, expected.reason, 0]);
        }
      }
      expect(reached).toBe(target.length);
    }
  });

  it('gives words wherever all their bytes are, and none where one is missing', () => {
    const { memory, expectedAt, end } = guest(unitSize, length, faults);
    const random = seededRandom(length);
    const edges = Array.from({ length: 8 }, (_, unit) => 0x10000 + unit * unitSize);
    for (let round = 0; round < 3000; round++) {
      const near = round % 2 === 0 ? edges[round % edges.length]! - 16 + Math.floor(random() * 32) : 0x10000 + Math.floor(random() * (end - 0x10000));
      const address = Math.min(end - 8, Math.max(0x10000, near - (near % 8)));
      const bytes = Array.from({ length: 8 }, (_, at) => expectedAt(address + at));
      const known = bytes.every((byte) => typeof byte === 'number');
      expect(memory.readU64(address), `word at 0x${address.toString(16)}`).toBe(known);
      const view = new DataView(Uint8Array.from(known ? (bytes as number[]) : new Array<number>(8).fill(0)).buffer);
      expect([memory.low, memory.high]).toEqual([view.getUint32(0, true), view.getUint32(4, true)]);
    }
  });

  it('says the state of single bytes as it turns out, not as the table hopes', () => {
    const { memory } = guest(unitSize, length, faults);
    const states = [0, 1, 2, 3, 4].map((unit) => memory.stateAt(0x10000 + unit * unitSize + 5));
    expect(states.slice(0, Math.ceil((length - 5) / unitSize))).toEqual(
      ['present', 'corrupt', 'corrupt', 'absent', 'present'].slice(0, Math.ceil((length - 5) / unitSize)),
    );
  });

  it('throws `hole` where a damaged unit is asked for exactly, with the place and the reason', () => {
    const { memory } = guest(unitSize, length, faults);
    expect(memory.readExact(0x10000, unitSize)).toHaveLength(unitSize);
    try {
      memory.readExact(0x10000 + 10, unitSize);
      expect.unreachable('it is damaged');
    } catch (error) {
      expect(error).toBeInstanceOf(WorkbenchError);
      const { code, message } = error as WorkbenchError;
      expect([code, message]).toEqual(['hole', `GPA 0x${(0x10000 + unitSize).toString(16)}: memory is corrupt in this dump (${CORRUPT.reason})`]);
    }
  });
});

describe('decoded units', () => {
  it('are decoded once as long as they fit, damaged ones too', () => {
    const { memory, units } = guest(4096, 100 * 4096, { 10: CORRUPT });
    for (let round = 0; round < 5; round++) memory.read(0x10000, new Uint8Array(100 * 4096));
    expect(units.decoded).toHaveLength(100);
    for (let page = 0; page < 100; page++) memory.readU64(0x10000 + page * 4096);
    expect(units.decoded).toHaveLength(100);
  });

  it('make room by leaving the one that was used longest ago, and keep to 4 MiB', () => {
    const decoder = new NumberedUnits();
    const units = new DecodedUnits(decoder);
    const one = new Uint8Array(1);
    const read = (unit: number) => units.read(unit, 65536, 7, one);
    for (let unit = 0; unit < 64; unit++) read(unit);
    read(0);
    read(64); // 1 leaves: 0 was used since
    read(0);
    expect(decoder.decoded).toHaveLength(65);
    read(1);
    expect(decoder.decoded.slice(64)).toEqual([64, 1]);
    const before = process.memoryUsage().arrayBuffers;
    for (let unit = 100; unit < 3000; unit++) {
      read(unit);
      expect(one[0]).toBe(NumberedUnits.byteOf(unit, 7));
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 * 2 ** 20);
  });

  it('of several sizes share the room, and one larger than all of it is still read', () => {
    const decoder = new NumberedUnits();
    const units = new DecodedUnits(decoder);
    const random = seededRandom(5);
    const sizes = [512, 4096, 65536, 2 ** 20, 5 * 2 ** 20];
    const target = new Uint8Array(100);
    for (let round = 0; round < 400; round++) {
      const unit = Math.floor(random() * 40);
      const size = sizes[unit % sizes.length]!;
      const offset = Math.floor(random() * (size - target.length));
      expect(units.read(unit, size, offset, target)).toBeUndefined();
      expect([target[0], target[99]], `unit ${unit}`).toEqual([NumberedUnits.byteOf(unit, offset), NumberedUnits.byteOf(unit, offset + 99)]);
    }
  });

  it('are asked for again when reading failed in between', () => {
    let broken = true;
    const decoder: UnitDecoder = {
      decode(_unit, target) {
        if (broken) throw new WorkbenchError('source-changed', 'the file became shorter');
        target.fill(9);
        return undefined;
      },
    };
    const builder = new ExtentBuilder();
    builder.addCoded(0, 4096, 0, 4096);
    const memory = new GuestMemory(
      new ArraySource(new Uint8Array(0)),
      builder.finish(),
      new PhysicalRegions([{ start: 0, last: 4095, ram: 0 }]),
      decoder,
    );
    expect(() => memory.readU64(0)).toThrow('became shorter');
    expect(() => memory.read(0, new Uint8Array(8))).toThrow('became shorter');
    broken = false;
    expect(memory.readU64(0)).toBe(true);
    expect(memory.low).toBe(0x09090909);
  });
});
