import { describe, expect, test } from 'vitest';
import type { MemoryChunk } from '#shared/model/index.ts';
import { copyText, joinChunks, missingBytes } from '../../../src/renderer/src/features/memory/copy-formats.ts';
import { fillRow } from '../../../src/renderer/src/features/memory/row-model.ts';

const chunk = (address: bigint, bytes: Uint8Array, hole?: { start: number; end: number }): MemoryChunk => ({
  address,
  bytes,
  spans: hole
    ? [
        { start: 0, end: hole.start, state: 'present' },
        { ...hole, state: 'absent', reason: 'not in the dump' },
        { start: hole.end, end: bytes.length, state: 'present' },
      ]
    : [{ start: 0, end: bytes.length, state: 'present' }],
});
const whole = joinChunks(0x1000n, [chunk(0x1000n, new TextEncoder().encode('tiny "guest"\\ page\0\x01'))]);
const holed = joinChunks(0xffff800000000ff8n, [chunk(0xffff800000000ff8n, new Uint8Array(18).fill(0x41), { start: 2, end: 12 })]);

describe('copy', () => {
  test('a hexdump marks what is missing and never writes 00 for it', () => {
    expect(copyText('hexdump', holed)).toBe(
      ['ffff800000000ff8  41 41 -- -- -- -- -- --  -- -- -- -- 41 41 41 41  |AA          AAAA|', `ffff800000001008  41 41${' '.repeat(45)}|AA|`].join(
        '\n',
      ),
    );
    expect(copyText('hex', holed)).toBe(`41 41 ${'-- '.repeat(10)}41 41 41 41 41 41`);
    expect(missingBytes(holed)).toBe(10);
  });

  test('formats that cannot say "missing" refuse a selection with holes', () => {
    expect(copyText('text', holed)).toBeUndefined();
    expect(copyText('c-array', holed)).toBeUndefined();
    expect(copyText('python-bytes', holed)).toBeUndefined();
  });

  test('Python bytes read back as what they were', () => {
    expect(copyText('python-bytes', whole)).toBe('b"tiny \\"guest\\"\\\\ page\\x00\\x01"');
  });

  test('a C array names its place and has every byte', () => {
    const text = copyText('c-array', whole)!;
    expect(text.match(/0x[0-9a-f]{2},/g)).toHaveLength(20);
    expect(text).toContain('data[20]');
    expect(text).toContain('0x1000');
  });

  test('chunks join without a seam', () => {
    const joined = joinChunks(0n, [chunk(0n, Uint8Array.of(1, 2)), chunk(2n, Uint8Array.of(3))]);
    expect(copyText('hex', joined)).toBe('01 02 03');
    expect(joined.states).toHaveLength(3);
  });
});

describe('rows with bytes', () => {
  const row = { kind: 'bytes', index: 0n, start: 0x1010n, last: 0x101fn } as const;

  test('a row takes its part of the chunk, with the states and reasons there', () => {
    const bytes = Uint8Array.from({ length: 64 }, (_, at) => at);
    const filled = fillRow(row, { kind: 'data', chunk: chunk(0x1000n, bytes, { start: 0x18, end: 0x20 }) });
    expect(filled).toMatchObject({ phase: 'ready', length: 16, reasons: ['not in the dump'] });
    if (filled.kind !== 'bytes') throw new Error('a row of bytes');
    expect([...filled.bytes.subarray(0, 3)]).toEqual([0x10, 0x11, 0x12]);
    expect(filled.states.slice(6, 10)).toEqual(['present', 'present', 'absent', 'absent']);
  });

  test('a row whose chunk is not here yet has no bytes rather than zeros', () => {
    expect(fillRow(row, undefined)).toMatchObject({ phase: 'loading', states: [], length: 16 });
    expect(fillRow(row, { kind: 'failed', message: 'gone' })).toMatchObject({ phase: 'failed', message: 'gone' });
  });
});
