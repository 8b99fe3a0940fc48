/** Flattened files: records in any order, over each other, cut and damaged. Real ones: tests/engine/formats/kdump. */
import { describe, expect, it } from 'vitest';
import { WorkbenchError } from '#shared/errors.ts';
import { flattened } from '#engine/containers/flattened/index.ts';
import { fixtureBytes, SILENT } from '../formats/open-bytes.ts';
import { seededRandom } from '../io/seeded-random.ts';
import { BytesFile } from './bytes-file.ts';

const HEADER = 4096;

function flatFile(records: [offset: number, data: Uint8Array][], { end = true } = {}): Uint8Array {
  const head = new Uint8Array(HEADER);
  const view = new DataView(head.buffer);
  head.set(new TextEncoder().encode('makedumpfile'));
  view.setBigInt64(16, 1n);
  view.setBigInt64(24, 1n);
  const header = (offset: number, size: number) => {
    const bytes = new Uint8Array(16);
    new DataView(bytes.buffer).setBigInt64(0, BigInt(offset));
    new DataView(bytes.buffer).setBigInt64(8, BigInt(size));
    return bytes;
  };
  const pieces = records.flatMap(([offset, data]) => [header(offset, data.length), data]);
  return new Uint8Array(Buffer.concat([head, ...pieces, ...(end ? [header(-1, -1)] : [])]));
}

async function unwrap(bytes: Uint8Array, start = 0) {
  const {
    inside,
    layer,
    diagnostics = [],
  } = await flattened.unwrap({ source: new BytesFile(bytes, 'flat'), start }, { mapping: false, progress: SILENT });
  const content = new Uint8Array(inside.source.size);
  inside.source.read(0, content);
  return { content, layer, codes: diagnostics.map(({ code }) => code) };
}

const text = (value: string) => new TextEncoder().encode(value);
const shown = (bytes: Uint8Array) => new TextDecoder().decode(bytes).replaceAll('\0', '.');

describe('records', () => {
  it('lie where they say, with zeros between them', async () => {
    const { content, layer, codes } = await unwrap(
      flatFile([
        [6, text('world')],
        [0, text('hello')],
      ]),
    );
    expect(shown(content)).toBe('hello.world');
    expect(layer).toMatchObject({ offset: 0, length: HEADER + 2 * 16 + 10, detail: '2 records, together a file of 11 bytes' });
    expect(codes).toEqual([]);
  });

  // aaaaaaaa
  //   bbb
  //      ccccc
  // d
  it('written over each other show the last', async () => {
    const { content } = await unwrap(
      flatFile([
        [0, text('aaaaaaaa')],
        [2, text('bbb')],
        [5, text('ccccc')],
        [0, text('d')],
      ]),
    );
    expect(shown(content)).toBe('dabbbccccc');
  });

  it('may be behind something else, and empty', async () => {
    const bytes = new Uint8Array([
      ...new Uint8Array(512),
      ...flatFile([
        [0, text('inside')],
        [9, new Uint8Array(0)],
      ]),
    ]);
    const { content, layer } = await unwrap(bytes, 512);
    expect(shown(content).slice(0, 6)).toBe('inside');
    expect(layer.offset).toBe(512);
  });

  it('at random give what writing them gives', async () => {
    for (let seed = 1; seed <= 30; seed++) {
      const random = seededRandom(seed);
      const records = Array.from({ length: 60 }, (): [number, Uint8Array] => {
        const length = 1 + Math.floor(random() * 3000);
        return [Math.floor(random() * 20_000), Uint8Array.from({ length }, () => Math.floor(random() * 256))];
      });
      const expected = new Uint8Array(Math.max(...records.map(([offset, data]) => offset + data.length)));
      for (const [offset, data] of records) expected.set(data, offset);
      expect((await unwrap(flatFile(records))).content).toEqual(expected);
    }
  });
});

describe('a flattened file', () => {
  it('is known by signature, type and version', () => {
    const bytes = flatFile([]);
    expect(flattened.probe(bytes)).toBe(true);
    for (const at of [0, 15, 23, 31]) {
      const other = bytes.slice();
      other[at]! ^= 1;
      expect(flattened.probe(other)).toBe(false);
    }
    expect(flattened.probe(bytes.subarray(0, 31))).toBe(false);
  });

  it('that is cut has what came before, and says so, at every length', async () => {
    const bytes = flatFile([
      [0, text('first')],
      [5, text('second')],
      [11, text('third')],
    ]);
    const whole = 'firstsecondthird';
    for (let length = HEADER + 17; length < bytes.length; length++) {
      const { content, codes } = await unwrap(bytes.subarray(0, length));
      expect(codes, `${length}`).toEqual(['flattened-truncated']);
      expect(whole.startsWith(shown(content)), `${length}`).toBe(true);
    }
    for (let length = 32; length < HEADER + 16; length += 9)
      await expect(unwrap(bytes.subarray(0, length))).rejects.toMatchObject({ code: 'bad-format' });
  });

  it.each([
    ['a negative offset', -2, 5],
    ['a negative size', 5, -2],
    ['an offset beyond all files', 2 ** 50, 5],
    ['a size beyond all files', 0, 2 ** 50],
  ])('with %s in a record has what came before', async (_, offset, size) => {
    const bytes = flatFile([
      [0, text('first')],
      [5, text('second')],
    ]);
    const view = new DataView(bytes.buffer);
    view.setBigInt64(HEADER + 16 + 5, BigInt(offset));
    view.setBigInt64(HEADER + 16 + 5 + 8, BigInt(size));
    const { content, codes } = await unwrap(bytes);
    expect(shown(content)).toBe('first');
    expect(codes).toEqual(['flattened-damaged']);
  });

  it('of QEMU, cut or with record headers changed, never throws anything but what a user can read', async () => {
    const bytes = fixtureBytes('kdump/s390x.zlib');
    for (let seed = 1; seed <= 150; seed++) {
      const random = seededRandom(seed);
      const damaged = bytes.slice(0, Math.floor(random() * bytes.length));
      for (let change = 0; change < 4; change++) damaged[HEADER + Math.floor(random() * 700)] = Math.floor(random() * 256);
      const found = await unwrapOrRefuse(damaged);
      if (found) expect(found.codes.length + found.size, `seed ${seed}`).toBeGreaterThan(0);
    }
  });
});

/** Does not read what is inside: it may claim to be of any size. */
async function unwrapOrRefuse(bytes: Uint8Array): Promise<{ codes: string[]; size: number } | undefined> {
  try {
    const { inside, diagnostics = [] } = await flattened.unwrap(
      { source: new BytesFile(bytes, 'flat'), start: 0 },
      { mapping: false, progress: SILENT },
    );
    return { codes: diagnostics.map(({ code }) => code), size: inside.source.size };
  } catch (error) {
    if (!(error instanceof WorkbenchError)) throw error;
    return undefined;
  }
}
