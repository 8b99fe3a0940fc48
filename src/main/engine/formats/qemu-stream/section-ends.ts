/**
 * Where a device section ends, which the stream does not say.
 *
 * With footers (machine types since 2.4): at the first `7e, section id` after which a stream can go on. Without: where decoding ends, by the description
 * that ends the file (machine type 2.3) or by a built-in layout (older ones), or where a hashed page table's own marks are; and for a section that nothing describes, at the next header of one.
 */
import type { VmDescription } from '../../arch/vmstate.ts';
import type { ByteSource } from '../../memory/byte-source.ts';
import type { DeviceSection } from '../format.ts';
import { DeviceDescriptions } from './device-descriptions.ts';
import { endOfHashTablePart, HASH_TABLE_SECTION } from './hash-table-part.ts';
import { Section } from './layout.ts';
import type { SectionStarts } from './section-starts.ts';
import { decodeByDescription, findDescription, type StreamDescription } from './vm-description.ts';

/** Longest device section that is searched for its footer. */
const MAX_DEVICE_SECTION = 256 * 1024 * 1024;
/** Longest device section that is decoded to find its end, or looked through for the next header. */
const MAX_DECODED_SECTION = 1024 * 1024;

export class SectionEnds {
  readonly #source: ByteSource;
  readonly #starts: SectionStarts;
  readonly #builtIn: readonly VmDescription[];
  /** Looked for once, when first needed. */
  #tail: { description: StreamDescription | undefined; descriptions: DeviceDescriptions } | undefined;

  /** `builtIn`: see DeviceDescriptions. */
  constructor(source: ByteSource, starts: SectionStarts, builtIn: readonly VmDescription[]) {
    this.#source = source;
    this.#starts = starts;
    this.#builtIn = builtIn;
  }

  /** The description at the end of the file; a candidate, see findDescription. */
  get description(): StreamDescription | undefined {
    return this.#descriptions().description;
  }

  #descriptions() {
    if (!this.#tail) {
      const description = findDescription(this.#source);
      this.#tail = { description, descriptions: new DeviceDescriptions(this.#source, description?.devices, this.#builtIn) };
    }
    return this.#tail;
  }

  /** For a section whose contents tell where it ends, without a description. */
  byContents(section: DeviceSection): number | undefined {
    return section.name === HASH_TABLE_SECTION ? endOfHashTablePart(this.#source, section) : undefined;
  }

  /** Searches for the footer, and takes it for one only when the stream can go on after it. */
  byFooter(section: DeviceSection): number | undefined {
    const source = this.#source;
    const limit = Math.min(source.size, section.start + MAX_DEVICE_SECTION);
    const CHUNK = 65536;
    const OVERLAP = 4;
    const buffer = new Uint8Array(CHUNK + OVERLAP);
    for (let base = section.start; base < limit; base += CHUNK) {
      const length = source.read(base, buffer.subarray(0, Math.min(buffer.length, limit - base)));
      for (let at = buffer.indexOf(Section.Footer); at >= 0 && at + OVERLAP < length; at = buffer.indexOf(Section.Footer, at + 1)) {
        const id = ((buffer[at + 1]! << 24) | (buffer[at + 2]! << 16) | (buffer[at + 3]! << 8) | buffer[at + 4]!) >>> 0;
        if (id === section.id && at < CHUNK && this.#canGoOn(base + at + 5)) return base + at;
      }
    }
    return undefined;
  }

  #canGoOn(position: number): boolean {
    return this.#starts.isCertain(position) || (this.#starts.isPossibleEnd(position) && !this.description);
  }

  /**
   * Decodes the section by all that may describe it; where one ends, the stream has to go on, with a section rather than its end. Undefined when nothing
   * describes the section, or nothing that does fits.
   */
  byDescription(section: DeviceSection): number | undefined {
    const candidates = this.#descriptions().descriptions.candidates(section);
    if (candidates.length === 0) return undefined;
    const bytes = this.#bytesFrom(section.start);
    const ends = candidates.flatMap(({ description }) => {
      try {
        return [section.start + decodeByDescription(bytes, description, section.start).end];
      } catch {
        return [];
      }
    });
    return ends.find((end) => this.#starts.isSection(end) || this.#isFooter(end, section.id)) ?? ends.find((end) => this.#starts.isCertain(end));
  }

  /** Looks for the header of the section that follows. Undefined when there is none in reach. */
  byNextHeader(section: DeviceSection): number | undefined {
    const at = this.#starts.findNew(this.#bytesFrom(section.start), 0);
    return at < 0 ? undefined : section.start + at;
  }

  #isFooter(position: number, id: number): boolean {
    const head = new Uint8Array(5);
    return this.#source.read(position, head) === 5 && head[0] === Section.Footer && new DataView(head.buffer).getUint32(1) === id;
  }

  #bytesFrom(start: number): Uint8Array {
    const bytes = new Uint8Array(Math.max(0, Math.min(MAX_DECODED_SECTION, this.#source.size - start)));
    this.#source.read(start, bytes);
    return bytes;
  }
}
