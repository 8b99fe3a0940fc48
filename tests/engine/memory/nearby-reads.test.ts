/** Many small reads as few large ones: every target gets the bytes of its own place. */
import { expect, it } from 'vitest';
import { NearbyReads } from '#engine/memory/nearby-reads.ts';
import { ArraySource } from './array-source.ts';

const FILE = Uint8Array.from({ length: 3 * 1024 * 1024 }, (_, at) => (at * 7 + (at >> 8) * 13) & 0xff);

class Counted extends ArraySource {
  calls: [number, number][] = [];
  override readStreaming(offset: number, target: Uint8Array): number {
    this.calls.push([offset, target.length]);
    return super.readStreaming(offset, target);
  }
}

function readAll(source: Counted, pieces: [number, number][]): Uint8Array[] {
  const reads = new NearbyReads(source);
  reads.begin();
  const targets = pieces.map(([place, length]) => {
    const target = new Uint8Array(length);
    reads.read(place, target);
    return target;
  });
  reads.finish();
  return targets;
}

it.each<[string, [number, number][], number]>([
  ['pages with headers between, as in a stream, are few reads', Array.from({ length: 512 }, (_, page) => [100 + page * 4104, 4096]), 3],
  [
    'places that go back are reads of their own',
    [
      [5000, 100],
      [4000, 100],
      [4100, 100],
    ],
    2,
  ],
  [
    'a wide gap is not read over',
    [
      [0, 10],
      [200_000, 10],
    ],
    2,
  ],
  [
    'a large piece among small ones is read into its place',
    [
      [0, 10],
      [20, 300_000],
      [300_020, 10],
    ],
    3,
  ],
])('%s', (_, pieces, calls) => {
  const source = new Counted(FILE);
  const targets = readAll(source, pieces);
  expect(targets.map((target, index) => Buffer.compare(target, FILE.subarray(pieces[index]![0], pieces[index]![0] + pieces[index]![1])))).toEqual(
    pieces.map(() => 0),
  );
  expect(source.calls).toHaveLength(calls);
});

it('what a failed pass left behind is not read into its buffers later', () => {
  const source = new Counted(FILE);
  const reads = new NearbyReads(source);
  const old = new Uint8Array(8);
  reads.read(64, old);
  reads.begin();
  reads.read(128, new Uint8Array(8));
  reads.finish();
  expect([...old]).toEqual(Array(8).fill(0));
});
