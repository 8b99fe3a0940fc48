/**
 * Where a device section ends, which the stream does not say.
 *
 * With footers: at the first `7e, section id` after which a stream can go on. Without: where decoding by the description that ends the file
 * ends, for machine types up to 2.3.
 */
import type { ByteSource } from '../../memory/byte-source.ts';
import { MAX_SECTIONS, Section } from './layout.ts';
import type { DeviceDescription, DeviceSection } from '../format.ts';
import { decodeByDescription, findDescription, type StreamDescription } from './vm-description.ts';

/** Longest device section that is searched for its footer. */
const MAX_DEVICE_SECTION = 256 * 1024 * 1024;
/** Longest device section that is decoded to find its end. */
const MAX_DECODED_SECTION = 1024 * 1024;

export class SectionEnds {
  readonly #source: ByteSource;
  readonly #isKnown: (id: number) => boolean;
  /** Looked for once, when first needed. */
  #tailDescription: StreamDescription | null | undefined;

  /** `isKnown` tells whether a section of that id has started. */
  constructor(source: ByteSource, isKnown: (id: number) => boolean) {
    this.#source = source;
    this.#isKnown = isKnown;
  }

  /** The description at the end of the file; a candidate, see findDescription. */
  get description(): StreamDescription | undefined {
    this.#tailDescription ??= findDescription(this.#source) ?? null;
    return this.#tailDescription ?? undefined;
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

  /** True when `position` is the end of the file or starts what may follow a section. */
  #canGoOn(position: number): boolean {
    const head = new Uint8Array(5);
    const length = this.#source.read(position, head);
    if (length === 0) return true;
    const id = new DataView(head.buffer).getUint32(1);
    switch (head[0]) {
      case Section.Eof:
        return length === 1 || head[1] === Section.VmDescription || !this.description;
      case Section.Start:
      case Section.Full:
        return length < 5 || id < MAX_SECTIONS;
      case Section.Part:
      case Section.End:
        return length < 5 || this.#isKnown(id);
      case Section.Command:
        return true;
      default:
        return false;
    }
  }

  /** Undefined when nothing describes the section, or its bytes do not fit. */
  byDescription(section: DeviceSection): number | undefined {
    const description = this.#describe(section);
    if (!description) return undefined;
    const bytes = new Uint8Array(Math.min(MAX_DECODED_SECTION, this.#source.size - section.start));
    this.#source.read(section.start, bytes);
    try {
      return section.start + decodeByDescription(bytes, description, section.start).end;
    } catch {
      return undefined;
    }
  }

  #describe(section: DeviceSection): DeviceDescription | undefined {
    return this.description?.devices.find((device) => device.name === section.name && device.instance_id === section.instance);
  }
}
