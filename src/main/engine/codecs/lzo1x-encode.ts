/** LZO1X compression of one unit (a page), for speed: assembly/lzo1x-encode.ts, compiled. An encoder belongs to one thread. */
import { assert } from '#shared/errors.ts';
import { LZO1X_ENCODE_WASM } from './lzo1x-encode-wasm.ts';

/** Longest unit. */
export const MAX_UNIT = 65536;
/** Where the input is put: behind the hash table. */
const INPUT = 16384;
/** Eight bytes more than the longest input, as the output has: literals are copied in eights. */
const OUTPUT = INPUT + MAX_UNIT + 8;
const PAGE = 65536;

/** Most bytes that `length` bytes can become. */
export const lzo1xBound = (length: number): number => length + Math.ceil(length / 16) + 64 + 3;

type Encode = (input: number, length: number, output: number) => number;

export class Lzo1xEncoder {
  readonly #encode: Encode;
  readonly #memory: Uint8Array;

  constructor() {
    const memory = new WebAssembly.Memory({ initial: Math.ceil((OUTPUT + lzo1xBound(MAX_UNIT) + 8) / PAGE) });
    const module = new WebAssembly.Module(Buffer.from(LZO1X_ENCODE_WASM, 'base64'));
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    this.#encode = exports['encode'] as Encode;
    this.#memory = new Uint8Array(memory.buffer);
  }

  /** Compresses all of `input`, at most MAX_UNIT bytes, into `output`, which has room for `lzo1xBound(input.length)` bytes; returns how many it wrote. */
  encode(input: Uint8Array, output: Uint8Array): number {
    assert(input.length <= MAX_UNIT, 'a unit of 64 KiB at most');
    this.#memory.set(input, INPUT);
    const size = this.#encode(INPUT, input.length, OUTPUT);
    output.set(this.#memory.subarray(OUTPUT, OUTPUT + size));
    return size;
  }
}
