/** What may stand where a section ends: the start of the next one, the stream's end, or the end of the file. */
import type { ByteSource } from '../../memory/byte-source.ts';
import { MAX_DESCRIPTION, MAX_SECTIONS, MAX_SECTION_VERSION, Section } from './layout.ts';

const HEADER = 1 + 4 + 1;
/** Highest command that is believed; QEMU 10 knows eleven. */
const MAX_COMMAND = 32;

export class SectionStarts {
  readonly #source: ByteSource;
  readonly #isKnown: (id: number) => boolean;
  readonly #head = new Uint8Array(HEADER + 255 + 8);

  /** `isKnown` tells whether a section of that id has started. */
  constructor(source: ByteSource, isKnown: (id: number) => boolean) {
    this.#source = source;
    this.#isKnown = isKnown;
  }

  /** True when the bytes at `position` are one of these, as far as the file has them: the stream's end only where the file ends or a description follows. */
  isCertain(position: number): boolean {
    const length = this.#read(position);
    if (length === 0) return true;
    if (this.#head[0] !== Section.Eof) return this.#isSection(this.#head, 0, length);
    if (length === 1) return true;
    const view = new DataView(this.#head.buffer);
    return this.#head[1] === Section.VmDescription && (length < 6 || view.getUint32(2) <= MAX_DESCRIPTION);
  }

  /** True when a section's header is at `position`, as far as the file has it. */
  isSection(position: number): boolean {
    const length = this.#read(position);
    return length > 0 && this.#isSection(this.#head, 0, length);
  }

  /** True where the stream may end, whatever follows: one zero byte. */
  isPossibleEnd(position: number): boolean {
    return this.#read(position) > 0 && this.#head[0] === Section.Eof;
  }

  /**
   * Index of the first START or FULL header of a section that has not started yet, in `bytes` from `from` on; -1 when there is none. Looks for
   * the id of a later section, a name and a version that QEMU could have written: 12 bytes and more that have to be right.
   */
  findNew(bytes: Uint8Array, from: number): number {
    for (let at = from; at + HEADER + 2 + 8 <= bytes.length; at++) {
      const type = bytes[at];
      // Ids count up from 0, so the two bytes above are 0.
      if ((type !== Section.Full && type !== Section.Start) || bytes[at + 1] !== 0 || bytes[at + 2] !== 0) continue;
      const id = (bytes[at + 3]! << 8) | bytes[at + 4]!;
      const nameLength = bytes[at + 5]!;
      if (nameLength < 2 || this.#isKnown(id) || at + HEADER + nameLength + 8 > bytes.length) continue;
      if (this.#isSection(bytes, at, bytes.length - at)) return at;
    }
    return -1;
  }

  #read(position: number): number {
    return this.#source.read(position, this.#head);
  }

  #isSection(bytes: Uint8Array, at: number, length: number): boolean {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, length);
    switch (bytes[at]) {
      case Section.Start:
      case Section.Full: {
        if (length < HEADER) return true;
        const nameLength = view.getUint8(5);
        if (view.getUint32(1) >= MAX_SECTIONS || nameLength === 0 || !isName(bytes.subarray(at + HEADER, at + Math.min(length, HEADER + nameLength))))
          return false;
        return length < HEADER + nameLength + 8 || view.getUint32(HEADER + nameLength + 4) <= MAX_SECTION_VERSION;
      }
      case Section.Part:
      case Section.End:
        return length < 5 || this.#isKnown(view.getUint32(1));
      case Section.Command:
        return length < 5 || (view.getUint16(1) <= MAX_COMMAND && view.getUint16(1) > 0);
      default:
        return false;
    }
  }
}

/** Printable ASCII. */
function isName(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte >= 0x20 && byte < 0x7f);
}
