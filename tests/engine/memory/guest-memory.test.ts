import { describe, expect, it } from 'vitest';
import { ExtentBuilder } from '#engine/memory/extent-builder.ts';
import { ExtentKind, PAGE_SIZE } from '#engine/memory/extent-table.ts';
import { GuestMemory } from '#engine/memory/guest-memory.ts';
import { PhysicalRegions } from '#engine/memory/physical-regions.ts';
import { WorkbenchError } from '#shared/errors.ts';
import { seededRandom } from '../io/seeded-random.ts';
import { ArraySource } from './array-source.ts';

/**
 * ```
 * GPA   0 ────── 4000 │ 4000 ── 4fff │ 5000 … 7fff │ 8000 ─ 8fff │ 9000 ─ 9fff │ a000 ─ a7ff │ b000 …
 *       data, 4104    │ zero         │ no region   │ fill 5a     │ corrupt     │ not in dump │ nothing
 * ```
 */
function guest() {
  const file = Uint8Array.from({ length: 5 * 4104 }, (_, index) => (index * 7 + (index >> 8)) & 255);
  const builder = new ExtentBuilder();
  for (let page = 0; page < 4; page++) builder.addPage(page * PAGE_SIZE, 16 + page * 4104);
  builder.addFill(0x4000, 0x1000, 0);
  builder.addFill(0x5000, 0x1000, 0x5a);
  builder.addUnreadable(0x6000, 0x1000, ExtentKind.Corrupt);
  const regions = new PhysicalRegions([
    { start: 0, last: 0x4fff, ram: 0 },
    { start: 0x8000, last: 0xa7ff, ram: 0x5000 },
  ]);
  const source = new ArraySource(file);
  return { memory: new GuestMemory(source, builder.finish(), regions), file };
}

/** The byte at a guest-physical address by plain arithmetic, or the state that it has instead. */
function expectedAt(file: Uint8Array, address: number): number | string {
  if (address < 0x4000) return file[16 + Math.floor(address / PAGE_SIZE) * 4104 + (address % PAGE_SIZE)]!;
  if (address < 0x5000) return 0;
  if (address >= 0x8000 && address < 0x9000) return 0x5a;
  return address >= 0x9000 && address < 0xa000 ? 'corrupt' : 'absent';
}

describe('guest memory', () => {
  it('gives every byte and every state, whatever piece of it is read (5000 random pieces)', () => {
    const { memory, file } = guest();
    const random = seededRandom(11);
    for (let round = 0; round < 5000; round++) {
      const address = Math.floor(random() * 0xc000);
      const target = new Uint8Array(Math.floor(random() * 0x3000)).fill(0xee);
      const spans = memory.read(address, target);
      expect(spans.at(0)?.start ?? 0).toBe(0);
      expect(spans.at(-1)?.end ?? 0).toBe(target.length);
      spans.forEach((span, index) => {
        if (index > 0) expect([span.start, span.state === spans[index - 1]!.state]).toEqual([spans[index - 1]!.end, false]);
        for (const at of [span.start, span.end - 1, (span.start + span.end) >> 1]) {
          const expected = expectedAt(file, address + at);
          if (typeof expected === 'string') expect([span.state, target[at]]).toEqual([expected, 0]);
          else expect([['present', 'zero'].includes(span.state), target[at]], `byte ${address + at}`).toEqual([true, expected]);
        }
      });
    }
  });

  it('tells zero from absent: a zero page reads as 0 and succeeds, a missing one reads as 0 and fails', () => {
    const { memory } = guest();
    expect([memory.readU64(0x4008), memory.low, memory.high, memory.stateAt(0x4008)]).toEqual([true, 0, 0, 'zero']);
    expect([memory.readU64(0x6008), memory.low, memory.high, memory.stateAt(0x6008)]).toEqual([false, 0, 0, 'absent']);
    expect([memory.readU64(0x9008), memory.stateAt(0x9008)]).toEqual([false, 'corrupt']);
    expect([memory.readU64(0x8008), memory.low, memory.stateAt(0x8008)]).toEqual([true, 0x5a5a5a5a, 'present']);
    // A region that ends inside a page.
    expect([memory.readU64(0xa7f8), memory.readU64(0xa800)]).toEqual([false, false]);
  });

  it('readU64 agrees with read at every aligned address, first and second time', () => {
    const { memory } = guest();
    const bytes = new Uint8Array(8);
    const view = new DataView(bytes.buffer);
    for (const round of [1, 2]) {
      for (let address = 0; address < 0xc000; address += 8) {
        const there = memory.read(address, bytes).every(({ state }) => state === 'present' || state === 'zero');
        expect(memory.readU64(address), `round ${round}, 0x${address.toString(16)}`).toBe(there);
        expect([memory.low, memory.high]).toEqual(there ? [view.getUint32(0, true), view.getUint32(4, true)] : [0, 0]);
      }
    }
  });

  it('readExact names the first address that is missing, and its state', () => {
    const { memory } = guest();
    expect(memory.readExact(0x3ff0, 0x20)).toHaveLength(0x20);
    try {
      memory.readExact(0x8ff0, 0x20);
      throw new Error('nothing was thrown');
    } catch (error) {
      expect(error).toBeInstanceOf(WorkbenchError);
      expect([(error as WorkbenchError).code, (error as WorkbenchError).message]).toEqual(['hole', 'GPA 0x9000: memory is corrupt in this dump']);
    }
  });

  it('follows a corrected map at once, also where it has looked before', () => {
    const { memory } = guest();
    memory.readU64(0);
    const first = memory.low;
    memory.regions = new PhysicalRegions([{ start: 0, last: 0xfff, ram: 0x5000 }]);
    expect([memory.readU64(0), memory.low]).toEqual([true, 0x5a5a5a5a]);
    expect(memory.readU64(0x1000)).toBe(false);
    expect(first).not.toBe(0x5a5a5a5a);
  });

  it('works up to the largest physical address', () => {
    const builder = new ExtentBuilder();
    builder.addData(2 ** 52 - PAGE_SIZE, PAGE_SIZE, 0);
    const file = new Uint8Array(PAGE_SIZE).fill(9);
    const regions = new PhysicalRegions([{ start: 2 ** 52 - PAGE_SIZE, last: 2 ** 52 - 1, ram: 2 ** 52 - PAGE_SIZE }]);
    const memory = new GuestMemory(new ArraySource(file), builder.finish(), regions);
    expect([memory.readU64(2 ** 52 - 8), memory.low, memory.stateAt(2 ** 52 - 1)]).toEqual([true, 0x09090909, 'present']);
    expect(memory.read(2 ** 52 - 4, new Uint8Array(8)).map(({ end, state }) => [end, state])).toEqual([
      [4, 'present'],
      [8, 'absent'],
    ]);
  });

  it('refuses regions that overlap', () => {
    expect(
      () =>
        new PhysicalRegions([
          { start: 0, last: 10, ram: 0 },
          { start: 10, last: 20, ram: 100 },
        ]),
    ).toThrow('sorted and disjoint');
  });
});
