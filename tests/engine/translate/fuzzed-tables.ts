/** Page tables full of entries of every sort: most point to another table, some are pages, absent, out of the dump or plain noise. */
import { BufferMemory } from './buffer-memory.ts';

export const FUZZED_TABLES = 16;
/** GPA of the first one; the others follow. */
export const FUZZED_START = 0x10000;

/** xorshift32: the same numbers in every run. */
export function randomSource(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** `unused`: bits that most entries of the format have clear where they point to a table. */
export function fuzzedMemory(random: () => number, unused = 0x80n): BufferMemory {
  const memory = new BufferMemory([{ start: FUZZED_START, bytes: new Uint8Array(FUZZED_TABLES * 4096) }]);
  for (let at = FUZZED_START; at < FUZZED_START + FUZZED_TABLES * 4096; at += 8) {
    const table = BigInt(FUZZED_START + (random() % FUZZED_TABLES) * 4096);
    const flags = BigInt(random() & 0xf7f) | 1n;
    const noise = (BigInt(random()) << 32n) | BigInt(random());
    const sort = random() % 16;
    if (sort < 9) memory.writeU64(at, table | (flags & ~unused));
    else if (sort < 12) memory.writeU64(at, (noise & 0x000f_ffff_c000_0000n) | flags | 0x80n);
    else if (sort === 12) memory.writeU64(at, noise & ~1n);
    else if (sort === 13) memory.writeU64(at, 0x4000_0000_0000n | flags);
    else memory.writeU64(at, noise);
  }
  return memory;
}
