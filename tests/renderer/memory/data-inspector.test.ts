import { describe, expect, test } from 'vitest';
import { inspect, pointerIn, timeText } from '../../../src/renderer/src/features/memory/data-inspector.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const text = (data: Uint8Array, little: boolean): Record<string, string | undefined> =>
  Object.fromEntries(inspect(data, little).map((row) => [row.label, row.value?.text]));

describe('data inspector', () => {
  test('integers in both byte orders, signed and unsigned', () => {
    const data = bytes(0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
    expect(text(data, true)).toMatchObject({
      u8: '254',
      i8: '-2',
      u16: '65534',
      i16: '-2',
      u32: '4294967294',
      i32: '-2',
      u64: '18446744073709551614',
      i64: '-2',
    });
    expect(text(data, false)).toMatchObject({ u16: '65279', i16: '-257', u64: String(0xfeffffffffffffffn) });
    expect(inspect(data, true).find((row) => row.label === 'i64')?.value?.hex).toBe('0xfffffffffffffffe');
  });

  test('types that reach into a hole have no value instead of one made of zeros', () => {
    const rows = text(bytes(1, 2, 3), true);
    expect(rows['u16']).toBe('513');
    expect([rows['u32'], rows['u64'], rows['float'], rows['double'], rows['time 64']]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('reads at the offset of the view, not of its buffer', () => {
    expect(text(new Uint8Array([9, 9, 1, 0]).subarray(2), true)['u16']).toBe('1');
  });

  test('floats print the shortest digits that are exact', () => {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat32(0, 0.1, true);
    expect(text(new Uint8Array(view.buffer), true)['float']).toBe('0.1');
    view.setFloat64(0, Math.PI, true);
    expect(text(new Uint8Array(view.buffer), true)['double']).toBe('3.141592653589793');
    view.setFloat64(0, Number.NaN, true);
    expect(text(new Uint8Array(view.buffer), true)['double']).toBe('NaN');
  });

  test('times are UTC, and nonsense is no date', () => {
    expect(timeText(1_700_000_000_000)).toBe('2023-11-14 22:13:20Z');
    expect(timeText(8.64e15)).toBe('no date');
    expect(timeText(Number.NaN)).toBe('no date');
  });

  test('a pointer is a canonical address other than 0', () => {
    const at = (value: bigint): bigint | undefined => {
      const view = new DataView(new ArrayBuffer(8));
      view.setBigUint64(0, value, true);
      return pointerIn(new Uint8Array(view.buffer), true);
    };
    expect(at(0xffffffff81000000n)).toBe(0xffffffff81000000n);
    expect(at(0x7fff12345678n)).toBe(0x7fff12345678n);
    expect(at(0xff11000000000000n)).toBe(0xff11000000000000n);
    expect(at(0x2d72617820726178n)).toBeUndefined();
    expect(at(0n)).toBeUndefined();
    expect(pointerIn(bytes(1, 2, 3), true)).toBeUndefined();
  });
});
