/** Snappy's framing against a stream by the Rust crate that AVML uses, and against damage. */
import { describe, expect, it } from 'vitest';
import { decodeUnit } from '#engine/codecs/codec.ts';
import { crc32c } from '#engine/codecs/crc32c.ts';
import { listSnappyChunks, type SnappyChunk, type SnappyStream } from '#engine/codecs/snappy-framed.ts';
import { seededRandom } from '../io/seeded-random.ts';
import { ArraySource } from '../memory/array-source.ts';
import { framedStream } from './coded-units.ts';

const { original, stream } = framedStream();

/** Lists and decodes; what a chunk holds that does not decode is left out of `wrong`. */
function readAll(bytes: Uint8Array, start: number, length: number): SnappyStream & { chunks: SnappyChunk[]; damaged: number; wrong: number } {
  const source = new ArraySource(bytes);
  const chunks: SnappyChunk[] = [];
  const listed = listSnappyChunks(source, start, length, (chunk) => chunks.push({ ...chunk }));
  let at = 0;
  let damaged = 0;
  let wrong = 0;
  for (const { codec, offset, size, length: unit } of chunks) {
    expect(offset + size).toBeLessThanOrEqual(bytes.length);
    const target = new Uint8Array(unit);
    if (decodeUnit(codec, bytes.subarray(offset, offset + size), target) !== unit) damaged++;
    else if (Buffer.compare(target, original.subarray(at, at + unit)) !== 0) wrong++;
    at += unit;
  }
  expect(at).toBe(listed.length);
  return { ...listed, chunks, damaged, wrong };
}

describe('listing chunks', () => {
  it('finds compressed and stored chunks wherever the stream begins, and stops where it has what was asked for', () => {
    const followed = Buffer.concat([Buffer.alloc(333, 7), stream, Buffer.alloc(8, 9)]);
    const all = readAll(followed, 333, original.length);
    expect(all).toMatchObject({ end: 333 + stream.length, length: original.length, damaged: 0, wrong: 0 });
    expect(all.problem).toBeUndefined();
    expect(new Set(all.chunks.map(({ codec }) => codec))).toEqual(new Set(['snappy-crc', 'stored-crc']));
    expect(all.chunks.slice(0, -1).every(({ length }) => length === 65536)).toBe(true);
  });

  it('passes over padding, skippable chunks, empty chunks and identifiers within', () => {
    const between = Buffer.from([0xfe, 3, 0, 0, 1, 2, 3, 0x80, 0, 0, 0, 0x01, 4, 0, 0, 0, 0, 0, 0]);
    const twice = Buffer.concat([stream.subarray(0, 10), between, stream]);
    expect(readAll(twice, 0, original.length)).toMatchObject({ end: twice.length, length: original.length, wrong: 0 });
  });

  it.each([
    ['no identifier', Buffer.from(stream.subarray(10)), { offset: 0, found: '0x1' }],
    ['a wrong identifier', Buffer.from([0xff, 6, 0, 0, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x58]), { offset: 0, found: 'other bytes' }],
    ['a chunk that may not be passed over', Buffer.concat([stream.subarray(0, 10), Buffer.from([0x17, 0, 0, 0])]), { offset: 10, found: '0x17' }],
    [
      'too long a chunk',
      Buffer.concat([stream.subarray(0, 10), Buffer.from([0, 7, 0, 0, 0, 0, 0, 0, 0x81, 0x80, 4])]),
      { offset: 10, found: '65537' },
    ],
    [
      'a chunk without a checksum',
      Buffer.concat([stream.subarray(0, 10), Buffer.from([0, 3, 0, 0, 0, 0, 0])]),
      { offset: 10, found: 'no valid length' },
    ],
    ['nothing', Buffer.alloc(0), { offset: 0, found: 'the end of the file' }],
  ])('says where a stream with %s goes wrong', (_, bytes, problem) => {
    expect(readAll(bytes, 0, original.length).problem).toMatchObject(problem);
  });

  it('does not take more than was asked for', () => {
    const listed = readAll(stream, 0, 65536 + 10);
    expect(listed).toMatchObject({ length: 65536, problem: { expected: '10 bytes more in this stream' } });
  });

  it('cut at any length lists what is whole', () => {
    for (let length = 0; length < stream.length; length += length < 200 ? 1 : 997) {
      const listed = readAll(stream.subarray(0, length), 0, original.length);
      expect(listed.problem, `cut at ${length}`).toBeDefined();
      expect(listed.damaged + listed.wrong, `cut at ${length}`).toBe(0);
    }
  });
});

describe('a damaged chunk', () => {
  it('is never taken for whole, whichever byte of it changed', () => {
    const { chunks } = readAll(stream, 0, original.length);
    let start = 0;
    for (const [index, { codec, offset, size, length }] of chunks.entries()) {
      const whole = original.subarray(start, start + length);
      start += length;
      const random = seededRandom(index + 1);
      for (let time = 0; time < 60; time++) {
        const input = Uint8Array.from(stream.subarray(offset, offset + size));
        const at = time < 4 ? time : Math.floor(random() * size);
        input[at]! ^= 1 << (time % 8);
        const target = new Uint8Array(length);
        const count = decodeUnit(codec, input, target);
        // Some changes change nothing: where bytes repeat themselves, other distances lead to the same.
        if (count === length) expect(Buffer.compare(target, whole), `chunk ${index}, byte ${at}`).toBe(0);
      }
    }
  });

  it('CRC-32C gives the check value of its definition', () => {
    expect(crc32c(Buffer.from('123456789')).toString(16)).toBe('e3069283');
    // RFC 3720 B.4: 32 bytes of zeros, of ones, and counting up.
    expect(crc32c(new Uint8Array(32)).toString(16)).toBe('8a9136aa');
    expect(crc32c(new Uint8Array(32).fill(255)).toString(16)).toBe('62a8ab43');
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, index) => index)).toString(16)).toBe('46dd794e');
  });
});
