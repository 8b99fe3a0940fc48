/**
 * zlib and zstd compression of pages with a context that is kept, as WarmInflater does for the other direction: a new context for every page is half of the time.
 * Where Node does not have what that needs, each page gets a context of its own.
 */
import zlib from 'node:zlib';

interface Handle {
  reset(): void;
  writeSync(flush: number, input: Uint8Array, at: number, length: number, output: Uint8Array, outputAt: number, room: number): void;
  onerror: (message: string) => void;
}

export type DeflateCodec = 'zlib' | 'zstd';

const { ZSTD_c_compressionLevel, ZSTD_e_end, Z_FINISH } = zlib.constants;

/** The fastest level of each: dumps are large, and are read more often than kept. */
const LEVEL = 1;

const OPENERS = {
  zlib: { open: () => zlib.createDeflate({ level: LEVEL }), flush: Z_FINISH, once: (input: Uint8Array) => zlib.deflateSync(input, { level: LEVEL }) },
  zstd: {
    open: () => zlib.createZstdCompress({ params: { [ZSTD_c_compressionLevel]: LEVEL } }),
    flush: ZSTD_e_end,
    once: (input: Uint8Array) => zlib.zstdCompressSync(input, { params: { [ZSTD_c_compressionLevel]: LEVEL } }),
  },
};

/** One per thread and codec. */
export class WarmDeflater {
  readonly #codec: DeflateCodec;
  readonly #handle: Handle | undefined;
  /** 0: room left in the output; 1: input that was not used. */
  readonly #state: Uint32Array | undefined;
  #failed = false;

  constructor(codec: DeflateCodec) {
    this.#codec = codec;
    const { _handle: handle, _writeState: state } = OPENERS[codec].open() as { _handle?: Partial<Handle>; _writeState?: Uint32Array };
    if (typeof handle?.writeSync !== 'function' || typeof handle.reset !== 'function' || !(state instanceof Uint32Array)) return;
    this.#handle = handle as Handle;
    this.#state = state;
    // Node's own handler would destroy the stream.
    this.#handle.onerror = () => (this.#failed = true);
  }

  /** Compresses all of `input` into `output`; returns how many bytes it took, undefined when they do not fit. */
  encode(input: Uint8Array, output: Uint8Array): number | undefined {
    const { flush, once } = OPENERS[this.#codec];
    if (this.#handle && this.#state) {
      this.#failed = false;
      this.#handle.reset();
      this.#handle.writeSync(flush, input, 0, input.length, output, 0, output.length);
      const [left, unused] = this.#state as unknown as [number, number];
      return this.#failed || left === 0 || unused > 0 ? undefined : output.length - left;
    }
    const coded = once(input);
    if (coded.length > output.length) return undefined;
    output.set(coded);
    return coded.length;
  }
}
