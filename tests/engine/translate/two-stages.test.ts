/** Two stages of translation: the walk with all its nested walks, and every shorter way to the same answer, over tables that both stages fuzz. */
import { describe, expect, it } from 'vitest';
import type { Mapping, Walk } from '#shared/model/index.ts';
import { mappings } from '#engine/translate/mappings.ts';
import { readPageTable } from '#engine/translate/page-table.ts';
import { visitPages } from '#engine/translate/page-visitor.ts';
import { RIGHT_EXECUTE, RIGHT_EXECUTE_PRIVILEGED, rightsOf, type PagingMode, type PagingOptions } from '#engine/translate/paging-mode.ts';
import { StagedMemory } from '#engine/translate/staged-memory.ts';
import { FAULT_NONE, FAULT_REASONS, Translator } from '#engine/translate/translator.ts';
import { collectWalk } from '#engine/translate/walk.ts';
import { BufferMemory } from './buffer-memory.ts';
import { randomSource } from './fuzzed-tables.ts';
import { FIVE_LEVEL, FOUR_LEVEL } from './tiny-memory.ts';

/** Intermediate addresses of the first stage's tables, and where the dump has them; those of the second. */
const FIRST = 0x10000;
const FIRST_AT = 0x800000;
const SECOND = 0x400000;
const TABLES = 16;
const OFF: PagingMode = { ...FOUR_LEVEL, id: 'off', title: 'no paging', levels: [], virtualBits: 52, upperBits: 0n };

function pick(random: () => number, start: number): bigint {
  return BigInt(start + (random() % TABLES) * 4096);
}

/** Like fuzzedMemory, with pages that the second stage can have an answer for. */
function fuzzTables(memory: BufferMemory, random: () => number, at: number, tablesAt: number): void {
  for (let entry = at; entry < at + TABLES * 4096; entry += 8) {
    const flags = BigInt(random() & 0xf7f) | 1n;
    const noise = (BigInt(random()) << 32n) | BigInt(random());
    const sort = random() % 16;
    if (sort < 9) memory.writeU64(entry, pick(random, tablesAt) | (flags & ~0x80n));
    else if (sort < 12) memory.writeU64(entry, (noise & (sort === 9 ? 0x000f_ffff_c000_0000n : 0x0000_003f_c000_0000n)) | flags | 0x80n);
    else if (sort === 12) memory.writeU64(entry, noise & ~1n);
    else if (sort === 13) memory.writeU64(entry, 0x20_0000_0000n | flags);
    else memory.writeU64(entry, noise);
  }
}

/** The second stage leads to most of the first one's tables by a way of its own; all else in it is fuzzed. */
function twoStages(random: () => number): { memory: BufferMemory; options: PagingOptions } {
  const memory = new BufferMemory([
    { start: SECOND, bytes: new Uint8Array(TABLES * 4096) },
    { start: FIRST_AT, bytes: new Uint8Array(TABLES * 4096) },
  ]);
  fuzzTables(memory, random, SECOND, SECOND);
  fuzzTables(memory, random, FIRST_AT, FIRST);
  for (const level of [0, 1, 2]) memory.writeU64(SECOND + level * 4096, BigInt(SECOND + (level + 1) * 4096) | 7n);
  for (let n = 0; n < TABLES; n++) {
    const leaf = random() % 8 === 0 ? BigInt(random()) << 12n : BigInt(FIRST_AT + ((n * 5) % TABLES) * 4096) | 0x67n;
    memory.writeU64(SECOND + 3 * 4096 + (FIRST / 4096 + n) * 8, leaf);
  }
  return { memory, options: { below: { mode: FOUR_LEVEL, root: SECOND, source: 'second', options: {} } } };
}

function accesses(walk: Walk): number {
  const below = walk.result.kind === 'page' && walk.result.below ? accesses(walk.result.below) : 0;
  return walk.steps.reduce((sum, step) => sum + 1 + (step.below ? accesses(step.below) : 0), below);
}

function compare(memory: BufferMemory, mode: PagingMode, root: number | null, address: bigint, options: PagingOptions): string {
  const translator = new Translator(memory, mode, root, options);
  const mapped = translator.translateAddress(address);
  const { result, steps } = collectWalk(memory, mode, root, 'first', address, options);
  expect(translator.level).toBe(steps.at(-1)?.level ?? 0);
  if (result.kind === 'fault') {
    const stage = translator.isBelowFault ? 'second' : 'first';
    expect({ mapped, reason: FAULT_REASONS[translator.fault], stage }).toEqual({
      mapped,
      reason: result.reason,
      stage: result.below ? 'second' : 'first',
    });
    expect(translator.answer(address)).toEqual({ address, physical: null, reason: result.sentence });
    return `${stage}: ${result.reason}`;
  }
  expect({ mapped, fault: translator.fault }).toEqual({ mapped: true, fault: FAULT_NONE });
  const { physical, pageSize, pageStart } = result;
  expect({ physical: translator.physical, pageSize: translator.pageSize }).toEqual({ physical, pageSize });
  expect(rightsOf(translator.rights)).toEqual(result.effective);
  expect(result.below?.result).toMatchObject({ kind: 'page', physical });
  expect(pageStart).toBe(physical - (physical % pageSize));
  return `page ${pageSize}`;
}

describe('with two stages of translation', () => {
  it.each([
    ['4-level', FOUR_LEVEL, 5],
    ['5-level', FIVE_LEVEL, 6],
    ['no', OFF, 7],
  ])('translator and walk agree over fuzzed %s tables, and either stage fails in every way', (_, mode, seed) => {
    const random = randomSource(seed);
    const ends = new Set<string>();
    for (let round = 0; round < 25; round++) {
      const { memory, options } = twoStages(random);
      for (let n = 0; n < 300; n++) {
        const address = (BigInt(random()) << 32n) | BigInt(random());
        const usual = BigInt.asUintN(64, BigInt.asIntN(mode.virtualBits, address)) & (mode === OFF ? 0xffff_ffff_ffffn : -1n);
        ends.add(compare(memory, mode, Number(pick(random, FIRST)), n % 8 === 0 ? address : usual, options));
      }
    }
    const second = ['non-canonical', 'not-present', 'reserved-bit', 'table-missing'].map((reason) => `second: ${reason}`);
    const first = mode === OFF ? ['non-canonical'] : ['non-canonical', 'not-present', 'reserved-bit'];
    expect([...ends].sort()).toEqual(
      expect.arrayContaining([...second, ...first.map((reason) => `first: ${reason}`), 'page 4096', 'page 2097152', 'page 1073741824']),
    );
  });

  it.each([
    ['4-level', FOUR_LEVEL, 21],
    ['5-level', FIVE_LEVEL, 22],
  ])('listed and visited pages are those that the walk finds, over fuzzed %s tables', (_, mode, seed) => {
    const random = randomSource(seed);
    let pages = 0;
    for (let round = 0; round < 12; round++) {
      const { memory, options } = twoStages(random);
      const root = Number(pick(random, FIRST));
      const rows: Mapping[] = [];
      for (const row of mappings(memory, mode, root, options)) if (rows.push(row) === 2000) break;
      const visited: [bigint, number, number][] = [];
      visitPages(memory, mode, root, options, (page, physical, size) => {
        visited.push([BigInt.asUintN(64, BigInt(page) * 4096n), physical, size]);
        return visited.length < 2000;
      });
      expect(visited).toEqual(rows.map(({ start, last, physical }) => [start, physical, Number(last - start) + 1]));
      for (const [n, { start, last, physical, pageSize, flags, effective }] of rows.entries()) {
        if (n % 7 !== 0) continue;
        for (const address of [start, last]) {
          const { result } = collectWalk(memory, mode, root, 'first', address, options);
          expect(result).toMatchObject({ kind: 'page', physical: physical + Number(address - start), pageSize, flags, effective });
        }
        const [again] = mappings(memory, mode, root, { ...options, from: last });
        expect(again).toEqual(rows[n]);
      }
      // What lies between two rows is not mapped.
      for (const [n, row] of rows.entries()) {
        const next = rows[n + 1];
        if (next && n % 7 === 0 && next.start > row.last + 1n)
          expect(collectWalk(memory, mode, root, 'first', next.start - 1n, options).result.kind).toBe('fault');
      }
      pages += rows.length;
    }
    expect(pages).toBeGreaterThan(5000);
  });

  it('a walk of 4 by 4 levels reads 24 entries, and a page is as small as the smaller of both', () => {
    const { memory, options } = straight();
    const walk = collectWalk(memory, FOUR_LEVEL, FIRST, 'first', 0x1234n, options);
    expect(accesses(walk)).toBe(24);
    expect(walk.steps.map(({ entryAddress, below }) => [entryAddress, below?.address, below?.result.kind])).toEqual([
      [FIRST, BigInt(FIRST), 'page'],
      [FIRST + 0x1000, BigInt(FIRST + 0x1000), 'page'],
      [FIRST + 0x2000, BigInt(FIRST + 0x2000), 'page'],
      [FIRST + 0x3008, BigInt(FIRST + 0x3008), 'page'],
    ]);
    expect(walk.result).toMatchObject({ kind: 'page', physical: 0xabc234, pageSize: 4096, pageStart: 0xabc000 });
    expect(walk.result.sentence).toBe(
      '0x1234 is at GPA 0xabc234 (intermediate address 0x20234), in a 4 KiB page: read-only, user and kernel, executable. The memory there is not in the dump, or no memory at all.',
    );
  });

  it('says which stage fails, and what the CPU does', () => {
    const { memory, options } = straight();
    const below = { ...options.below!, mode: { ...FOUR_LEVEL, belowFault: 'the CPU raises a guest-page fault' } };
    memory.writeU64(SECOND + 3 * 4096 + (FIRST / 4096 + 2) * 8, 0n);
    const table = collectWalk(memory, FOUR_LEVEL, FIRST, 'first', 0x1234n, { below });
    expect(table.result).toMatchObject({ kind: 'fault', reason: 'not-present', below: { address: BigInt(FIRST + 0x2000) } });
    expect(table.steps.at(-1)).toMatchObject({ levelName: 'PD', entry: null, conclusion: { kind: 'below-fault' } });
    expect(table.result.sentence).toBe(
      'PD[0] is at intermediate address 0x12000, which the second stage does not translate. PT[18] is not present: bit 0 (P) is clear. The CPU raises a guest-page fault, not a page fault of the first stage.',
    );
    const other = straight();
    const page = collectWalk(other.memory, FOUR_LEVEL, FIRST, 'first', 0x5234n, { below });
    expect(page.result).toMatchObject({ kind: 'fault', reason: 'not-present', below: { address: 0x21234n } });
    expect(page.result.sentence).toContain('0x5234 is at intermediate address 0x21234, which the second stage does not translate.');
    const lacking = collectWalk(other.memory, FOUR_LEVEL, FIRST, 'first', 0x1234n, { below: { ...below, root: null } });
    expect(lacking.result).toMatchObject({ kind: 'fault', reason: 'no-root' });
    expect(lacking.result.sentence).not.toContain('The CPU raises');
  });

  it('code may be fetched only where both stages let the same mode fetch it', () => {
    const { memory, options } = straight();
    const withRight = (right: number): PagingMode => ({ ...FOUR_LEVEL, format: { ...FOUR_LEVEL.format, rights: () => right } });
    const rights = (first: number, second: number) => {
      const below = { ...options.below!, mode: withRight(second) };
      compare(memory, withRight(first), FIRST, 0x1234n, { below });
      const { result } = collectWalk(memory, withRight(first), FIRST, 'first', 0x1234n, { below });
      return result.kind === 'page' && result.effective.executable;
    };
    expect([rights(RIGHT_EXECUTE, RIGHT_EXECUTE_PRIVILEGED), rights(RIGHT_EXECUTE, RIGHT_EXECUTE | RIGHT_EXECUTE_PRIVILEGED)]).toEqual([false, true]);
  });

  it('a table is read where the second stage shows it, with its targets as the entries have them', () => {
    const { memory, options } = straight();
    const { entries } = readPageTable(memory, FOUR_LEVEL, FIRST + 0x3000, 1, 0n, options);
    expect(entries[1]).toMatchObject({ kind: 'page', target: 0x20000, virtual: 0x1000n });
    expect(readPageTable(memory, FOUR_LEVEL, 0x21000, 1, 0n, options).entries[0]!.kind).toBe('missing');
  });

  it('memory seen through the second stage says what it does not translate', () => {
    const { memory, options } = straight();
    const seen = new StagedMemory(memory, options.below!);
    const bytes = new Uint8Array(0x3000);
    expect(seen.read(FIRST + 0x3000, bytes)).toEqual([
      { start: 0, end: 0x1000, state: 'present' },
      { start: 0x1000, end: 0x3000, state: 'unmapped', reason: 'not translated by the second stage' },
    ]);
    expect(bytes.subarray(8, 16)).toEqual(memory.readExact(FIRST_AT + 0x3008, 8));
    expect([seen.stateAt(FIRST), seen.stateAt(0x20000), seen.stateAt(0x21000)]).toEqual(['present', 'absent', 'unmapped']);
    expect(() => seen.readExact(FIRST + 0x3ff0, 0x20)).toThrow(/second stage/);
  });

  it('a page of 512 GiB over a second stage of nothing ends, and says where to go on', () => {
    const memory = new BufferMemory([{ start: SECOND, bytes: new Uint8Array(0x10000) }]);
    const table = (n: number) => BigInt(SECOND + n * 4096) | 7n;
    // Every way down from 0 ends in one table of entries that are not present; one from 512 GiB on leads to the first stage's table.
    for (const level of [0, 1, 2]) for (let n = 0; n < 512; n++) memory.writeU64(SECOND + level * 4096 + n * 8, table(level + 1));
    for (const [at, n] of [
      [8, 4],
      [0x4000, 5],
      [0x5000, 6],
      [0x6000, 8],
    ] as const)
      memory.writeU64(SECOND + at, table(n));
    memory.writeU64(SECOND + 0x8000, 0x87n);
    const outer: PagingMode = { ...FOUR_LEVEL, levels: [{ level: 3, name: 'top', shift: 39, bits: 9 }] };
    const below = { mode: FOUR_LEVEL, root: SECOND, source: 'second', options: {} };
    expect(mappings(memory, outer, 2 ** 39, { below }).next()).toEqual({ done: true, value: { next: 2n ** 32n } });
    expect(visitPages(memory, outer, 2 ** 39, { below }, () => true)).toEqual({ missingTables: 0, cut: true });
  });
});

/** 0x1000 → 0x20000 → 0xabc000, read-only in the second stage; 0x5000 → 0x21000, which the second stage does not have. All pages of 4 KiB. */
function straight(): { memory: BufferMemory; options: PagingOptions } {
  const memory = new BufferMemory([
    { start: SECOND, bytes: new Uint8Array(4 * 4096) },
    { start: FIRST_AT, bytes: new Uint8Array(4 * 4096) },
  ]);
  for (const level of [0, 1, 2]) {
    memory.writeU64(SECOND + level * 4096, BigInt(SECOND + (level + 1) * 4096) | 7n);
    memory.writeU64(FIRST_AT + level * 4096, BigInt(FIRST + (level + 1) * 4096) | 7n);
  }
  for (let n = 0; n < 4; n++) memory.writeU64(SECOND + 3 * 4096 + (FIRST / 4096 + n) * 8, BigInt(FIRST_AT + n * 4096) | 7n);
  memory.writeU64(SECOND + 3 * 4096 + 0x20 * 8, 0xabc005n);
  memory.writeU64(FIRST_AT + 0x3008, 0x20007n);
  memory.writeU64(FIRST_AT + 0x3028, 0x21007n);
  return { memory, options: { below: { mode: FOUR_LEVEL, root: SECOND, source: 'second', options: {} } } };
}
