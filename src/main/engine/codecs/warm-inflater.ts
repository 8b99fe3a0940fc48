/**
 * zlib, deflate and zstd of Node, kept warm: inflateSync and zstdDecompressSync set up a new context for every call, which for a page of 4 KiB is half of their time
 * (14.0 us a page of a Linux guest against 7.9, zstd 23.4 against 12.3; Node 24.21).
 *
 * A context that is used again can only be had through what Node's own lib/zlib.js uses: the stream's `_handle` (writeSync, reset, onerror) and `_writeState`, there
 * under these names since Node 10 (zstd: 22.15). Where they are not, or do not work as here, `decode` always answers undefined: callers have the slow way.
 */
import zlib from 'node:zlib';

/** Larger units spend their time in decoding. */
const MAX_LENGTH = 65536;

interface Handle {
  reset(): void;
  writeSync(flush: number, input: Uint8Array, at: number, length: number, output: Uint8Array, outputAt: number, room: number): void;
  onerror: (message: string) => void;
}

interface Warm {
  handle: Handle;
  /** 0: room left in the output; 1: input that was not used. */
  state: Uint32Array;
  flush: number;
  failed: boolean;
}

export type WarmCodec = 'zlib' | 'deflate' | 'zstd';

const OPENERS: Record<WarmCodec, { open: () => unknown; flush: number }> = {
  zlib: { open: () => zlib.createInflate(), flush: zlib.constants.Z_FINISH },
  deflate: { open: () => zlib.createInflateRaw(), flush: zlib.constants.Z_FINISH },
  zstd: { open: () => zlib.createZstdDecompress(), flush: zlib.constants.ZSTD_e_end },
};

/** One per thread. */
export class WarmInflater {
  readonly #contexts: Partial<Record<WarmCodec, Warm | null>> = {};
  /** One byte more than a unit: room that is left over shows that the stream has ended. */
  readonly #output = new Uint8Array(MAX_LENGTH + 1);

  /** How many bytes `input` gave, whole and with its checksum right; undefined when it is anything but that, or there is no quick way. */
  decode(codec: WarmCodec, input: Uint8Array, target: Uint8Array): number | undefined {
    const { length } = target;
    if (length > MAX_LENGTH) return undefined;
    const warm = this.#contexts[codec] ?? this.#open(codec);
    if (!warm) return undefined;
    warm.failed = false;
    warm.handle.reset();
    warm.handle.writeSync(warm.flush, input, 0, input.length, this.#output, 0, length + 1);
    const [left, unused] = warm.state as unknown as [number, number];
    // What follows the end is ignored as inflateSync does; after a frame of zstd it may be another one.
    if (warm.failed || left === 0 || (unused > 0 && codec === 'zstd')) return undefined;
    const filled = length + 1 - left;
    target.set(this.#output.subarray(0, filled));
    return filled;
  }

  #open(codec: WarmCodec): Warm | null {
    if (this.#contexts[codec] === null) return null;
    const { open, flush } = OPENERS[codec];
    const stream = open() as { _handle?: Partial<Handle>; _writeState?: Uint32Array };
    const { _handle: handle, _writeState: state } = stream;
    const known = typeof handle?.writeSync === 'function' && typeof handle.reset === 'function' && state instanceof Uint32Array;
    const warm: Warm | null = known ? { handle: handle as Handle, state, flush, failed: false } : null;
    // Node's own handler would destroy the stream.
    if (warm) warm.handle.onerror = () => (warm.failed = true);
    this.#contexts[codec] = warm;
    return warm;
  }
}
