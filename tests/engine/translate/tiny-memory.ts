/** The page tables of the paused `tiny` guest (tests/fixtures/make-tiny-page-tables.mjs), nothing else of its 8 MiB. */
import { readFileSync } from 'node:fs';
import { x86_64 } from '#engine/arch/x86-64/index.ts';
import { BufferMemory } from './buffer-memory.ts';

export const TINY_ROOT = 0x200000;
export const FOUR_LEVEL = x86_64.pagingMode('x86-64-4level');
export const FIVE_LEVEL = x86_64.pagingMode('x86-64-5level');

export function tinyMemory(): BufferMemory {
  const bytes = readFileSync(new URL('../../fixtures/tiny-page-tables.bin', import.meta.url));
  return new BufferMemory([{ start: 0x200000, bytes: new Uint8Array(bytes) }]);
}
