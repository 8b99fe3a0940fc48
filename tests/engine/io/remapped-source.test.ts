import { writeFileSync } from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { UnitRecordBuilder } from '#engine/codecs/unit-records.ts';
import { FileSource } from '#engine/io/file-source.ts';
import { filesOf } from '#engine/io/adopt-source.ts';
import { RemappedSource } from '#engine/io/remapped-source.ts';
import { ExtentBuilder } from '#engine/memory/extent-builder.ts';
import { ExtentKind } from '#engine/memory/extent-table.ts';
import { WorkbenchError } from '#shared/errors.ts';
import { seededRandom } from './seeded-random.ts';
import { expectBytes, expectBytesElsewhere } from './source-model.ts';
import { temporaryFolder } from './temporary-folder.ts';

const folder = temporaryFolder();
let files = 0;

function fileOf(content: Uint8Array): FileSource {
  const file = path.join(folder, `file-${files++}`);
  writeFileSync(file, content);
  return FileSource.open(file, { mapping: files % 2 === 0 });
}

function randomBytes(length: number, seed: number): Uint8Array {
  const random = seededRandom(seed);
  return Uint8Array.from({ length }, () => Math.floor(random() * 256));
}

const UNIT = 4096;

/**
 * Pieces at random, later ones over earlier ones, and the bytes that they make. Every other table has coded units, which can only be covered in whole:
 * there all pieces keep to multiples of a unit.
 */
function remapAtRandom(seed: number): { source: RemappedSource; expected: Uint8Array; edges: number[] } {
  const random = seededRandom(seed);
  const pick = (limit: number) => Math.floor(random() * limit);
  const size = 200_000 + pick(300_000);
  const expected = new Uint8Array(size);
  const stored: Uint8Array[] = [randomBytes(400_000, seed + 1000)];
  let end = stored[0]!.length;
  const plain = stored[0]!;
  const extents = new ExtentBuilder();
  const units = new UnitRecordBuilder();
  const edges: number[] = [];
  for (let step = 0; step < 1 + pick(50); step++) {
    const grid = seed % 2 === 0 ? UNIT : 1;
    const start = pick(Math.ceil(size / grid)) * grid;
    const kind = pick(grid === 1 ? 3 : 4);
    const length = Math.min(Math.ceil((1 + pick(30_000)) / grid) * grid, size - start);
    edges.push(start, start + length);
    if (kind === 0) {
      const fill = pick(2) * 0x5a;
      extents.addFill(start, length, fill);
      expected.fill(fill, start, start + length);
    } else if (kind < 3) {
      const place = pick(plain.length - length);
      extents.addData(start, length, place);
      expected.set(plain.subarray(place, place + length), start);
    } else {
      const count = 1 + pick(5);
      for (let unit = 0; unit < count; unit++) {
        const at = start + unit * UNIT;
        if (at >= size) break;
        const content = randomBytes(UNIT, seed * 100 + step * 10 + unit).map((byte) => byte & 0x0f);
        const codec = (['zlib', 'deflate', 'zstd'] as const)[pick(3)]!;
        const coded =
          codec === 'zlib' ? zlib.deflateSync(content) : codec === 'deflate' ? zlib.deflateRawSync(content) : zlib.zstdCompressSync(content);
        const shown = Math.min(UNIT, size - at);
        extents.addCoded(at, shown, units.add(codec, end, coded.length), UNIT);
        expected.set(content.subarray(0, shown), at);
        stored.push(coded);
        end += coded.length;
      }
    }
  }
  const of = fileOf(Buffer.concat(stored));
  const table = { name: `remapped ${seed}`, size, extents: extents.finish().shared, units: units.finish() };
  return { source: new RemappedSource(of, table), expected, edges };
}

/** A source over 100 bytes of a file with one extent, which `add` adds. */
function withExtent(add: (extents: ExtentBuilder, units: UnitRecordBuilder) => void, size = 100_000): RemappedSource {
  const extents = new ExtentBuilder();
  const units = new UnitRecordBuilder();
  add(extents, units);
  return new RemappedSource(fileOf(new Uint8Array(100).fill(7)), { name: 'remapped', size, extents: extents.finish().shared, units: units.finish() });
}

function thrownBy(action: () => unknown): WorkbenchError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(WorkbenchError);
    return error as WorkbenchError;
  }
  throw new Error('nothing was thrown');
}

describe('a source in pieces of another', () => {
  it('has the bytes of its pieces, fills, decoded units, and zeros in the gaps (40 random tables against plain arrays)', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const { source, expected, edges } = remapAtRandom(seed);
      expectBytes(source, expected, edges, 60);
      source.close();
    }
  });

  it('has them in another thread, too', async () => {
    for (const seed of [101, 102]) {
      const { source, expected } = remapAtRandom(seed);
      await expectBytesElsewhere(source, expected);
      source.close();
    }
  });

  it('can lie in pieces of one that lies in pieces itself, down to the file', async () => {
    const { source: inner, expected: bytes } = remapAtRandom(7);
    const extents = new ExtentBuilder();
    // Backwards, in pieces of 10,000 bytes.
    const expected = new Uint8Array(50_000);
    for (let piece = 0; piece < 5; piece++) {
      extents.addData(piece * 10_000, 10_000, (9 - piece) * 10_000);
      expected.set(bytes.subarray((9 - piece) * 10_000, (10 - piece) * 10_000), piece * 10_000);
    }
    const outer = new RemappedSource(inner, { name: 'outer', size: expected.length, extents: extents.finish().shared });
    expectBytes(outer, expected, [10_000, 20_000, 30_000, 40_000], 60);
    await expectBytesElsewhere(outer, expected);
    expect(filesOf(outer.shared)).toEqual(filesOf(inner.shared));
    expect(filesOf(outer.shared)[0]).toContain(folder);
    outer.close();
    expect(() => inner.readStreaming(0, new Uint8Array(inner.size))).toThrow();
  });

  it('has units larger than its cache and a short last one', () => {
    const unitSize = 3 * 2 ** 20;
    const length = 2 * unitSize + 12_345;
    const content = Uint8Array.from({ length: 3 * unitSize }, (_, at) => (at * 31 + (at >> 12)) & 0xff);
    const units = new UnitRecordBuilder();
    const extents = new ExtentBuilder();
    const coded = [0, 1, 2].map((unit) => zlib.zstdCompressSync(content.subarray(unit * unitSize, (unit + 1) * unitSize)));
    let at = 0;
    for (const bytes of coded) {
      units.add('zstd', at, bytes.length);
      at += bytes.length;
    }
    extents.addCoded(0, length, 0, unitSize);
    const table = { name: 'large units', size: length, extents: extents.finish().shared, units: units.finish() };
    const source = new RemappedSource(fileOf(Buffer.concat(coded)), table);
    expectBytes(source, content.subarray(0, length), [unitSize, 2 * unitSize, length], 30);
    source.close();
  });

  it('of nothing is all gap', () => {
    const source = new RemappedSource(fileOf(new Uint8Array(0)), { name: 'empty', size: 1000, extents: new ExtentBuilder().finish().shared });
    expectBytes(source, new Uint8Array(1000), [0, 1000], 30);
    source.close();
  });

  it.each<[string, (extents: ExtentBuilder, units: UnitRecordBuilder) => void, string]>([
    ['a piece beyond the end of the file', (extents) => extents.addData(1000, 60, 80), 'its bytes lie beyond the end of the file'],
    ['a piece that cannot be read', (extents) => extents.addUnreadable(1000, 60, ExtentKind.Corrupt), 'this piece of the file cannot be read'],
    ['a damaged unit', (extents, units) => extents.addCoded(1000, 60, units.add('zlib', 10, 50), 60), 'damaged zlib data at 0xa'],
    ['a unit beyond the end', (extents, units) => extents.addCoded(1000, 60, units.add('zstd', 90, 50), 60), 'beyond the end of the file'],
  ])('throws for %s, by its place, and only there', (_, add, reason) => {
    const source = withExtent(add);
    for (const read of [(at: number) => source.read(at, new Uint8Array(30)), (at: number) => source.readStreaming(at, new Uint8Array(30))]) {
      const error = thrownBy(() => read(1020));
      expect([error.code, error.details.fileOffset]).toEqual(['bad-format', 1020]);
      expect(error.message).toBe(`remapped at 0x3fc: ${reason}`);
      expect(read(970)).toBe(30);
      expect(read(1060)).toBe(30);
    }
    expect(thrownBy(() => source.readU64(1020)).message).toContain(reason);
    source.close();
  });

  it('with coded pieces but no units, or pages with headers between them, is a bug that is noticed', () => {
    const coded = new ExtentBuilder();
    coded.addCoded(0, 4096, 0, 4096);
    const strided = new ExtentBuilder();
    for (let page = 0; page < 2; page++) strided.addPage(page * 4096, page * 4104);
    for (const extents of [coded, strided]) {
      const source = new RemappedSource(fileOf(new Uint8Array(10_000)), { name: 'wrong', size: 8192, extents: extents.finish().shared });
      expect(() => source.read(0, new Uint8Array(8192))).toThrow('assertion failed');
      source.close();
    }
  });
});
