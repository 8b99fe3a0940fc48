/**
 * Reads many small pieces of a file that lie close together as few large ones: in a migration stream every page has a header of its own, and a system call for each page
 * would take four times as long as the bytes.
 */
import type { ByteSource } from './byte-source.ts';

/** Bytes of the file that are read at once. */
const WINDOW = 1024 * 1024;
/** A gap that is cheaper to read over than to skip. */
const NEAR = 65536;
/** Pieces from here on are read by themselves. */
const LARGE = 128 * 1024;

export class NearbyReads {
  readonly #source: ByteSource;
  readonly #window = new Uint8Array(WINDOW);
  readonly #pending: { place: number; target: Uint8Array }[] = [];
  #end = 0;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** Forgets what a pass that failed left behind. */
  begin(): void {
    this.#pending.length = 0;
  }

  /** Fills `target` from the file offset `place` on, at the next `finish` at the latest. Throws as ByteSource. */
  read(place: number, target: Uint8Array): void {
    if (target.length >= LARGE) {
      this.#source.readStreaming(place, target);
      return;
    }
    const first = this.#pending[0]?.place ?? place;
    const joins = place >= this.#end && place - this.#end <= NEAR && place + target.length - first <= WINDOW;
    if (this.#pending.length > 0 && !joins) this.finish();
    this.#pending.push({ place, target });
    this.#end = place + target.length;
  }

  finish(): void {
    const first = this.#pending[0];
    if (!first) return;
    // What the file has lost meanwhile is an exception of the source, which must not leave pieces behind.
    const pending = this.#pending.splice(0);
    if (pending.length === 1) {
      this.#source.readStreaming(first.place, first.target);
      return;
    }
    const window = this.#window.subarray(0, this.#end - first.place);
    this.#source.readStreaming(first.place, window);
    for (const { place, target } of pending) target.set(window.subarray(place - first.place, place - first.place + target.length));
  }
}
