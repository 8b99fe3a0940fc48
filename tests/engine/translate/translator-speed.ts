/**
 * How many page walks a second one thread does. Used by tests/bench; by hand, over the lab's guest in one buffer:
 *
 *   node tests/engine/translate/translator-speed.ts [LAB_OUT/x86_64-4level]
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PhysicalMemory } from '#engine/memory/physical-memory.ts';
import { mappings } from '#engine/translate/mappings.ts';
import type { PagingMode } from '#engine/translate/paging-mode.ts';
import { Translator } from '#engine/translate/translator.ts';

export interface WalkSpeed {
  walksPerSecond: number;
  walks: number;
  /** Levels, and so table entries read for each walk: only 4 KiB pages are asked for. */
  levels: number;
}

/** Translates random addresses in mapped 4 KiB pages, in batches, for about `seconds`. Throws when one of them does not translate. */
export function measureWalks(memory: PhysicalMemory, mode: PagingMode, root: number, seconds = 2): WalkSpeed {
  const pages = [...mappings(memory, mode, root)].filter(({ pageSize }) => pageSize === 4096).map(({ start }) => start);
  const addresses = BigUint64Array.from(
    { length: 65536 },
    () => (pages[Math.floor(Math.random() * pages.length)] ?? 0n) + BigInt(Math.floor(Math.random() * 4096)),
  );
  const physicals = new Float64Array(addresses.length);
  const translator = new Translator(memory, mode, root);
  for (let round = 0; round < 3; round++) translator.translateMany(addresses, physicals);
  let walks = 0;
  const begin = performance.now();
  while (performance.now() - begin < seconds * 1000) {
    if (translator.translateMany(addresses, physicals) !== addresses.length) throw new Error('a mapped address did not translate');
    walks += addresses.length;
  }
  return { walksPerSecond: Math.round((walks * 1000) / (performance.now() - begin)), walks, levels: mode.levels.length };
}

if (import.meta.main) {
  const { x86_64 } = await import('#engine/arch/x86-64/index.ts');
  const { parseInfoRegisters } = await import('../arch/qemu-answers.ts');
  const { readCoreFile } = await import('./core-file.ts');
  const folder = process.argv[2] ?? '/work/lab/out/x86_64-4level';
  const oracle = JSON.parse(readFileSync(join(folder, 'oracle.json'), 'utf8')) as { cpus: { registers: string }[] };
  const { registers } = parseInfoRegisters(oracle.cpus[0]?.registers ?? '');
  const root = Number((registers.get('cr3') ?? 0n) & ~0xfffn);
  const five = ((registers.get('cr4') ?? 0n) & 0x1000n) !== 0n;
  const { memory } = readCoreFile(join(folder, 'paging-off.elf'));
  console.log(measureWalks(memory, x86_64.pagingMode(five ? 'x86-64-5level' : 'x86-64-4level'), root));
}
