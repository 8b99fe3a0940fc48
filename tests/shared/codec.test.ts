import { describe, expect, it } from 'vitest';
import { decodeMessage, encodeMessage } from '#shared/codec.ts';

const roundTrip = (value: unknown): unknown => decodeMessage(encodeMessage(value));

describe('codec', () => {
  it.each([
    ['null', null],
    ['nested plain data', { a: [1, -2.5, 'text', true, null], b: { c: [] } }],
    ['the largest address', { address: 0xffff_ffff_ffff_ffffn }],
    ['a negative bigint', [-1n, -(2n ** 63n)]],
    ['bytes among other values', { bytes: new Uint8Array([0, 255, 7]), more: [new Uint8Array(0), new Uint8Array([1])], after: 1n }],
    ['keys that look like the codec’s own', { $n: '0x1', $b: [0, 1], $$n: 2, $: 3 }],
    ['text outside ASCII', 'größer → 漢字 \u0000'],
    ['a key named __proto__', JSON.parse('{"__proto__": {"polluted": 1}}')],
  ])('carries %s', (_name, value) => {
    expect(roundTrip(value)).toEqual(value);
  });

  it('leaves out undefined members, as JSON does', () => {
    expect(roundTrip({ a: undefined, b: 1 })).toEqual({ b: 1 });
  });

  it('sets nothing on the prototype of all objects', () => {
    roundTrip(JSON.parse('{"__proto__": {"polluted": 1}}'));
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it('gives attachments buffers of their own, also from a view into a larger buffer', () => {
    const message = encodeMessage({ bytes: new Uint8Array([1, 2, 3]) });
    const larger = Buffer.concat([Buffer.alloc(11), message, Buffer.alloc(5)]);
    const { bytes } = decodeMessage(larger.subarray(11, 11 + message.length)) as { bytes: Uint8Array };
    expect([...bytes]).toEqual([1, 2, 3]);
    expect(bytes.buffer.byteLength).toBe(3);
    larger.fill(9);
    expect([...bytes]).toEqual([1, 2, 3]);
  });

  it.each([
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['an undefined list entry', [undefined]],
  ])('refuses to encode %s', (_name, value) => {
    expect(() => encodeMessage({ value })).toThrow(TypeError);
  });

  it('refuses every truncation of a message', () => {
    const message = encodeMessage({ bytes: new Uint8Array(4), n: 5n });
    for (let length = 0; length < message.length; length++) {
      expect(() => decodeMessage(message.subarray(0, length)), `${length} bytes`).toThrow(expect.objectContaining({ code: 'bad-request' }));
    }
  });

  it.each([
    ['a number that is none', '{"$n":"12"}'],
    ['a number without end', `{"$n":"0x${'f'.repeat(65)}"}`],
    ['an attachment outside', '{"$b":[0,1]}'],
    ['a negative attachment', '{"$b":[-1,0]}'],
    ['text that is not JSON', '{'],
  ])('refuses %s', (_name, text) => {
    const bytes = new TextEncoder().encode(text);
    const message = new Uint8Array(4 + bytes.length);
    new DataView(message.buffer).setUint32(0, bytes.length, true);
    message.set(bytes, 4);
    expect(() => decodeMessage(message)).toThrow(expect.objectContaining({ code: 'bad-request' }));
  });
});
