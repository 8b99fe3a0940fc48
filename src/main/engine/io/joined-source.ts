/** Several files end to end, for a dump that was split. Each part starts on a 64 KiB boundary, so that no page of the cache spans two of them. */
import type { OpenSource, SharedSource } from './open-source.ts';

const ALIGNMENT = 65536;

/** Where each part starts in the joined source, given their sizes. */
export function joinedStarts(sizes: readonly number[]): number[] {
  let at = 0;
  return sizes.map((size) => {
    const start = at;
    at += Math.ceil(size / ALIGNMENT) * ALIGNMENT;
    return start;
  });
}

export class JoinedSource implements OpenSource {
  readonly name: string;
  readonly size: number;
  readonly shared: SharedSource;
  readonly #parts: readonly OpenSource[];
  readonly #starts: readonly number[];
  readonly #eight = new Uint8Array(8);
  readonly #word = new DataView(this.#eight.buffer);

  low = 0;
  high = 0;

  constructor(name: string, parts: readonly OpenSource[]) {
    this.name = name;
    this.#parts = parts;
    this.#starts = joinedStarts(parts.map(({ size }) => size));
    this.size = (this.#starts.at(-1) ?? 0) + (parts.at(-1)?.size ?? 0);
    this.shared = { kind: 'joined', name, parts: parts.map(({ shared }) => shared) };
  }

  read(offset: number, target: Uint8Array): number {
    return this.#gather(offset, target, (part, at, into) => part.read(at, into));
  }

  readStreaming(offset: number, target: Uint8Array): number {
    return this.#gather(offset, target, (part, at, into) => part.readStreaming(at, into));
  }

  readU64(offset: number): boolean {
    if (offset < 0 || offset + 8 > this.size) return false;
    const index = this.#partOf(offset);
    const part = this.#parts[index]!;
    if (part.readU64(offset - this.#starts[index]!)) {
      this.low = part.low;
      this.high = part.high;
    } else {
      // The part ends within the word.
      this.read(offset, this.#eight);
      this.low = this.#word.getUint32(0, true);
      this.high = this.#word.getUint32(4, true);
    }
    return true;
  }

  #partOf(offset: number): number {
    return this.#starts.findLastIndex((start) => start <= offset);
  }

  /** The room between two parts reads as zeros. */
  #gather(offset: number, target: Uint8Array, read: (part: OpenSource, offset: number, target: Uint8Array) => number): number {
    const end = Math.min(offset + target.length, this.size);
    for (let at = offset; at < end;) {
      const index = this.#partOf(at);
      const stop = Math.min(end, this.#starts[index + 1] ?? end);
      const piece = target.subarray(at - offset, stop - offset);
      const got = read(this.#parts[index]!, at - this.#starts[index]!, piece);
      piece.fill(0, got);
      at = stop;
    }
    return Math.max(0, end - offset);
  }

  close(): void {
    for (const part of this.#parts) part.close();
  }
}
