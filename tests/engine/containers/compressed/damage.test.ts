/** Compressed files that are cut or changed: an error of ours, or what came out with the loss said; never a wrong byte that nobody mentions. */
import { describe, expect, it } from 'vitest';
import { WorkbenchError } from '#shared/errors.ts';
import { seededRandom } from '../../io/seeded-random.ts';
import { compressedFixture, decompress, FIXTURES, namelessFiles, type Decompressed } from './compressed-file.ts';
import { CONTENT } from './content.ts';

const TIMEOUT = { timeout: 120_000 };
const WHOLE = FIXTURES.filter((name) => compressedFixture(name).length > 300);
/** What is checked block by block before it is used: nothing wrong may come out at all. */
const CHECKED_BLOCKS = new Set(['one.bz2', 'two.bz2', 'blocks.bz2', 'parallel.bz2', 'one.lzo', 'two.lzo', 'best-crc32.lzo', 'block-checksums.lz4']);
/** Nothing in them could tell a changed byte. */
const UNCHECKED = new Set(['unchecked.xz', 'unchecked.lzo', 'no-checksum.lz4', 'two.zst']);

async function decompressDamaged(bytes: Uint8Array, what: string): Promise<Decompressed | undefined> {
  const began = process.cpuUsage();
  try {
    return await decompress(bytes);
  } catch (error) {
    if (!(error instanceof WorkbenchError)) throw new Error(`${what}: ${String((error as Error).stack)}`, { cause: error });
    expect(['bad-format', 'unsupported', 'no-space'], `${what}: ${error.message}`).toContain(error.code);
    expect(error.message).toContain(error.code === 'no-space' ? 'no space' : 'damaged.bin');
    return undefined;
  } finally {
    const { user, system } = process.cpuUsage(began);
    expect((user + system) / 1e6, `${what}: seconds`).toBeLessThan(3);
    expect(namelessFiles(), `${what}: temporary files still open`).toBe(0);
  }
}

function isPrefix(bytes: Uint8Array): boolean {
  return bytes.length <= CONTENT.length && Buffer.compare(bytes, CONTENT.subarray(0, bytes.length)) === 0;
}

describe('cut', TIMEOUT, () => {
  it.each(WHOLE)('%s: the beginning, and how much is missing', async (name) => {
    const bytes = compressedFixture(name);
    const lengths = new Set<number>();
    for (let length = 0; length < 25; length++) lengths.add(length).add(bytes.length - 1 - length);
    for (let length = 25; length < bytes.length; length += Math.ceil(bytes.length / 25)) lengths.add(length);
    let most = 0;
    for (const length of lengths) {
      const what = `${name} cut at ${length}`;
      const opened = await decompressDamaged(bytes.subarray(0, length), what);
      if (!opened) continue;
      expect(isPrefix(opened.bytes), what).toBe(true);
      // Where streams are put end to end, the first alone is a whole file; so is one whose padding is cut.
      const isWhole = opened.diagnostics.length === 0;
      if (isWhole) expect(['two-padded.xz', 'two.bz2', 'parallel.bz2', 'two.lz4', 'two.lzo', 'two.zst'], what).toContain(name);
      else expect(opened.diagnostics[0]!.severity, what).toBe(opened.diagnostics[0]!.code === 'compressed-trailing' ? 'suspect' : 'data-loss');
      most = Math.max(most, opened.bytes.length);
    }
    // Cut a few bytes before the end, next to nothing is lost.
    expect(most).toBeGreaterThan(CONTENT.length * 0.7);
  });
});

describe('changed', TIMEOUT, () => {
  it.each(WHOLE)('%s: whatever comes out without a word is right', async (name) => {
    const original = compressedFixture(name);
    const edges = Array.from({ length: 20 }, (_, index) => [index, original.length - 1 - index]).flat();
    for (let time = 0; time < 60; time++) {
      const random = seededRandom(time + 1);
      const bytes = original.slice();
      const at = edges[time] ?? Math.floor(random() * bytes.length);
      bytes[at]! ^= time % 2 === 0 ? 1 << Math.floor(random() * 8) : 1 + Math.floor(random() * 255);
      const what = `${name} changed at ${at}, time ${time}`;
      const opened = await decompressDamaged(bytes, what);
      if (!opened) continue;
      if (CHECKED_BLOCKS.has(name)) expect(isPrefix(opened.bytes), what).toBe(true);
      if (opened.diagnostics.length === 0 && !UNCHECKED.has(name)) expect(Buffer.compare(opened.bytes, CONTENT), what).toBe(0);
    }
  });
});
