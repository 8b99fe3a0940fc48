/** Walks, translations, lists and visits of RISC-V tables full of entries of every sort, in every mode, of one stage and of two. */
import { describe, expect, it } from 'vitest';
import { riscv64 } from '#engine/arch/riscv64/index.ts';
import { mappings } from '#engine/translate/mappings.ts';
import { visitPages } from '#engine/translate/page-visitor.ts';
import { rightsOf, type PagingMode, type PagingOptions } from '#engine/translate/paging-mode.ts';
import { FAULT_REASONS, Translator } from '#engine/translate/translator.ts';
import { collectWalk } from '#engine/translate/walk.ts';
import { BufferMemory } from '../../translate/buffer-memory.ts';
import { randomSource } from '../../translate/fuzzed-tables.ts';

const START = 0x10000;
const TABLES = 16;

function fuzz(random: () => number, wide: boolean): BufferMemory {
  const memory = new BufferMemory([{ start: START, bytes: new Uint8Array(TABLES * 4096) }]);
  const pages = Array.from({ length: TABLES }, (_, n) => BigInt(START / 4096 + n));
  const one = (): bigint => {
    const flags = BigInt(random() & 0x3ff) | 1n;
    const pointer = (pages[random() % TABLES]! << 10n) | 1n | (flags & 0x320n);
    const sort = random() % 16;
    if (sort < 7) return pointer;
    if (sort < 9) return (BigInt(random() % 64) << (wide ? 28n : 20n)) | (flags | 0xc3n);
    if (sort < 12) return (pages[random() % TABLES]! << 10n) | flags | 2n;
    if (sort === 12 && wide) return (8n << 10n) | (BigInt(random() % 256) << 14n) | (1n << 63n) | 0xd7n;
    if (sort === 13) return BigInt(random()) & ~1n;
    return wide ? (BigInt(random()) << 32n) | BigInt(random()) : BigInt(random());
  };
  for (let at = START; at < START + TABLES * 4096; at += 8)
    memory.writeU64(at, wide ? one() : (one() & 0xffff_ffffn) | ((one() & 0xffff_ffffn) << 32n));
  return memory;
}

const MODES = ['sv39', 'sv48', 'sv57', 'sv32', 'sv39x4', 'sv48x4', 'sv57x4', 'sv32x4'];

function check(memory: BufferMemory, mode: PagingMode, root: number, address: bigint, options: PagingOptions): string {
  const translator = new Translator(memory, mode, root, options);
  const mapped = translator.translateAddress(address);
  const { result, steps } = collectWalk(memory, mode, root, 'test', address, options);
  expect(translator.level).toBe(steps.at(-1)?.level ?? 0);
  if (result.kind === 'fault') {
    expect([mapped, FAULT_REASONS[translator.fault], translator.isBelowFault]).toEqual([false, result.reason, result.below !== undefined]);
    return result.reason;
  }
  expect([mapped, translator.physical, translator.pageSize, rightsOf(translator.rights)]).toEqual([
    true,
    result.physical,
    result.pageSize,
    result.effective,
  ]);
  return `${result.pageSize}`;
}

describe.each(MODES.flatMap((id) => [[id, undefined], ...(id.endsWith('x4') ? [] : [[id, `${id}x4`]])] as [string, string | undefined][]))(
  '%s over %s',
  (id, second) => {
    const mode = riscv64.pagingMode(id);

    it('the walk and the translator agree, and so do lists and visits', () => {
      const random = randomSource(id.length * 7919 + (second?.length ?? 0) * 104_729 + Number(id.replaceAll(/\D/g, '')));
      const ends = new Set<string>();
      let pages = 0;
      for (let round = 0; round < 12; round++) {
        const memory = fuzz(random, mode.entrySize === 8);
        const options: PagingOptions =
          second === undefined ? {} : { below: { mode: riscv64.pagingMode(second), root: START, source: 'second', options: {} } };
        const root = START + (random() % TABLES) * 4096;
        for (let n = 0; n < 150; n++) {
          const noise = (BigInt(random()) << 32n) | BigInt(random());
          const address =
            n % 8 === 0
              ? noise
              : mode.upperBits === 'sign'
                ? BigInt.asUintN(64, BigInt.asIntN(mode.virtualBits, noise))
                : BigInt.asUintN(mode.virtualBits, noise);
          ends.add(check(memory, mode, root, address, options));
        }
        const rows = [];
        for (const row of mappings(memory, mode, root, options)) if (rows.push(row) === 400) break;
        const visited: [bigint, number, number][] = [];
        visitPages(
          memory,
          mode,
          root,
          options,
          (page, physical, size) => visited.push([BigInt.asUintN(64, BigInt(page) * 4096n), physical, size]) < 400,
        );
        expect(visited).toEqual(rows.map(({ start, last, physical }) => [start, physical, Number(last - start) + 1]));
        for (const { start, physical, pageSize, flags, effective } of rows)
          expect(collectWalk(memory, mode, root, 'test', start, options).result).toMatchObject({
            kind: 'page',
            physical,
            pageSize,
            flags,
            effective,
          });
        pages += rows.length;
      }
      if (second === undefined) {
        expect(pages).toBeGreaterThan(500);
        expect([...ends]).toEqual(expect.arrayContaining(['non-canonical', 'not-present', 'reserved-bit', '4096']));
        if (mode.entrySize === 8) expect([...ends]).toContain('65536');
      }
    });
  },
);
