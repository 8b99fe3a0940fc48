import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesOf } from '#engine/io/adopt-source.ts';
import { FileSource } from '#engine/io/file-source.ts';
import { JoinedSource, joinedStarts } from '#engine/io/joined-source.ts';
import type { OpenSource } from '#engine/io/open-source.ts';
import { RemappedSource } from '#engine/io/remapped-source.ts';
import { ExtentBuilder } from '#engine/memory/extent-builder.ts';
import { seededRandom } from './seeded-random.ts';
import { expectBytes, expectBytesElsewhere } from './source-model.ts';
import { temporaryFolder } from './temporary-folder.ts';

const folder = temporaryFolder();
const SLOT = 65536;

/** Every other part is seen through a table that swaps its halves. */
function partOf(name: string, size: number, seed: number): { source: OpenSource; content: Uint8Array } {
  const random = seededRandom(seed);
  const content = Uint8Array.from({ length: size }, () => 1 + Math.floor(random() * 255));
  const file = path.join(folder, name);
  writeFileSync(file, content);
  const source = FileSource.open(file, { mapping: seed % 3 === 0 });
  if (seed % 2 === 0) return { source, content };
  const half = size >> 1;
  const extents = new ExtentBuilder();
  extents.addData(0, size - half, half);
  extents.addData(size - half, half, 0);
  const swapped = new Uint8Array(size);
  swapped.set(content.subarray(half));
  swapped.set(content.subarray(0, half), size - half);
  return { source: new RemappedSource(source, { name, size, extents: extents.finish().shared }), content: swapped };
}

function join(sizes: readonly number[]): { source: JoinedSource; parts: OpenSource[]; expected: Uint8Array; edges: number[] } {
  const parts = sizes.map((size, index) => partOf(`part-${index}-${sizes.join('-')}`, size, index + sizes.length));
  const starts = joinedStarts(sizes);
  const expected = new Uint8Array((starts.at(-1) ?? 0) + (sizes.at(-1) ?? 0));
  parts.forEach(({ content }, index) => expected.set(content, starts[index]));
  const edges = starts.flatMap((start, index) => [start, start + sizes[index]!]);
  const sources = parts.map(({ source }) => source);
  return { source: new JoinedSource('a set', sources), parts: sources, expected, edges };
}

const SETS = [
  [100],
  [SLOT, SLOT],
  [SLOT - 1, SLOT + 1, 3],
  [1, 1, 1],
  [200_000, 7, 70_000],
  [0, 100, 0, 100],
  [100, 0],
  [SLOT * 3 + 5, 0, 0, SLOT * 2, 12],
];

describe('files end to end', () => {
  it('start on boundaries of the page cache, in their order', () => {
    expect(joinedStarts([SLOT, 1, SLOT + 1, 0, 5])).toEqual([0, SLOT, 2 * SLOT, 4 * SLOT, 4 * SLOT]);
    expect(joinedStarts([])).toEqual([]);
  });

  it.each(SETS.map((sizes) => [sizes]))('of %j bytes have the bytes of each part, and zeros between them, in every way of reading', (sizes) => {
    const { source, expected, edges } = join(sizes);
    expectBytes(source, expected, edges, 300);
    source.close();
  });

  it('have them in another thread, too', async () => {
    const { source, expected } = join([SLOT + 77, 5, 90_000]);
    await expectBytesElsewhere(source, expected);
    expect(filesOf(source.shared).map((file) => path.basename(file).slice(0, 6))).toEqual(['part-0', 'part-1', 'part-2']);
    source.close();
  });

  it('are closed together', () => {
    const { source, parts } = join([SLOT * 4, SLOT * 4]);
    source.close();
    for (const part of parts) expect(() => part.readStreaming(0, new Uint8Array(SLOT * 4))).toThrow();
  });
});
