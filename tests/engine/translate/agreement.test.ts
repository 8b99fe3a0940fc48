/** The fast translator and the walk stepper are two loops over one decoder: they must agree, whatever the tables hold. */
import { describe, expect, it } from 'vitest';
import { x86_64 } from '#engine/arch/x86-64/index.ts';
import type { PagingMode } from '#engine/translate/paging-mode.ts';
import { canonicalAddress, rightsOf } from '#engine/translate/paging-mode.ts';
import { FAULT_NONE, FAULT_REASONS, Translator } from '#engine/translate/translator.ts';
import { collectWalk } from '#engine/translate/walk.ts';
import type { BufferMemory } from './buffer-memory.ts';
import { FUZZED_START, FUZZED_TABLES, fuzzedMemory, randomSource } from './fuzzed-tables.ts';
import { FIVE_LEVEL, FOUR_LEVEL, TINY_ROOT, tinyMemory } from './tiny-memory.ts';

function compare(memory: BufferMemory, mode: PagingMode, root: number | null, address: bigint, noExecuteOff: boolean): string {
  const translator = new Translator(memory, mode, root, { noExecuteOff });
  const mapped = translator.translateAddress(address);
  const { result, steps } = collectWalk(memory, mode, root, 'test', address, { noExecuteOff });
  if (result.kind === 'page') {
    expect({ mapped, fault: translator.fault }).toEqual({ mapped: true, fault: FAULT_NONE });
    expect({ physical: translator.physical, pageSize: translator.pageSize }).toEqual({ physical: result.physical, pageSize: result.pageSize });
    expect(rightsOf(translator.rights)).toEqual(result.effective);
    expect(translator.answer(address)).toEqual({ address, physical: result.physical, pageSize: result.pageSize, flags: result.flags });
  } else {
    expect({ mapped, reason: FAULT_REASONS[translator.fault] }).toEqual({ mapped: false, reason: result.reason });
    expect(translator.answer(address)).toEqual({ address, physical: null, reason: result.sentence });
  }
  expect(translator.level).toBe(steps.at(-1)?.level ?? 0);
  return result.kind === 'page' ? `page ${result.pageSize}` : result.reason;
}

describe('translator and walk agree', () => {
  it.each([
    ['4-level', FOUR_LEVEL, 1, 0x80n],
    ['5-level', FIVE_LEVEL, 2, 0x80n],
    ['nested (NPT)', x86_64.pagingMode('npt-4level'), 3, 0x80n],
    ['extended (EPT)', x86_64.pagingMode('ept-5level'), 4, 0xf8n],
  ])('on random addresses over fuzzed %s tables, and every kind of end comes up', (_, mode, seed, unused) => {
    const random = randomSource(0x9e37_79b9 ^ seed);
    const ends = new Map<string, number>();
    for (let round = 0; round < 20; round++) {
      const memory = fuzzedMemory(random, unused);
      for (let n = 0; n < 300; n++) {
        const address = (BigInt(random()) << 32n) | BigInt(random());
        const usual = canonicalAddress(mode, address);
        const end = compare(memory, mode, FUZZED_START + (random() % FUZZED_TABLES) * 4096, n % 8 === 0 ? address : usual, round % 2 === 1);
        ends.set(end, (ends.get(end) ?? 0) + 1);
      }
    }
    const expected = ['page 4096', 'page 2097152', 'page 1073741824', 'non-canonical', 'not-present', 'reserved-bit', 'table-missing'];
    expect([...ends.keys()].sort()).toEqual(expected.sort());
  });

  it('on every page of the tiny guest and on a root that is not known', () => {
    for (let address = 0n; address < 0xa00000n; address += 0x1000n) compare(tinyMemory(), FOUR_LEVEL, TINY_ROOT, address + 0x123n, false);
    expect(compare(tinyMemory(), FOUR_LEVEL, null, 0n, false)).toBe('no-root');
  });

  it('in batches as one by one', () => {
    const addresses = BigUint64Array.of(0x151008n, 0x155000n, 0xffffffff80300123n, 0x8000_0000_0000n, 0xffffffff40000000n);
    const physicals = new Float64Array(addresses.length);
    const faults = new Uint8Array(addresses.length);
    const mapped = new Translator(tinyMemory(), FOUR_LEVEL, TINY_ROOT).translateMany(addresses, physicals, faults);
    expect(mapped).toBe(2);
    expect([...physicals]).toEqual([0x301008, -1, 0x300123, -1, -1]);
    expect([...faults].map((fault) => FAULT_REASONS[fault])).toEqual([undefined, 'not-present', undefined, 'non-canonical', 'table-missing']);
  });
});
