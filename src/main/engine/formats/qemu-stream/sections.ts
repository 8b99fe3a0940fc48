/**
 * Walks a stream's sections from front to back: RAM goes to the RAM reader, device sections are cut out (section-ends.ts).
 */
import { DumpFormatError, type WorkbenchError } from '#shared/errors.ts';
import type { Diagnostic } from '#shared/model/diagnostic.ts';
import type { ByteSource } from '../../memory/byte-source.ts';
import type { DeviceSection, Progress } from '../format.ts';
import {
  COMMAND_PACKAGED,
  DEFAULT_PAGE_BITS,
  MAGIC,
  MAX_CAPABILITIES,
  MAX_MACHINE_NAME,
  MAX_SECTIONS,
  RAM_VERSION_BLOCKS,
  RAM_VERSION_FLAT,
  Section,
  SECTION_NAMES,
  VERSION,
} from './layout.ts';
import { RamReader } from './ram-section.ts';
import { SectionEnds } from './section-ends.ts';
import { latin1, StreamCursor, StreamEnd } from './stream-cursor.ts';
import { readDescription, type StreamDescription } from './vm-description.ts';

export interface StreamConfiguration {
  machine?: string;
  pageBits: number;
  capabilities: string[];
  uuid?: Uint8Array;
}

export interface StreamContents {
  configuration: StreamConfiguration;
  ram?: RamReader;
  devices: DeviceSection[];
  description?: StreamDescription;
  hasFooters: boolean;
  /** File offset after the EOF section, or where reading had to stop. */
  end: number;
  complete: boolean;
  diagnostics: Diagnostic[];
}

/** Reads the stream that starts at `start`. */
export function readSections(source: ByteSource, start: number, progress: Progress): StreamContents {
  return new SectionReader(source, start, progress).read();
}

class SectionReader {
  readonly #source: ByteSource;
  readonly #cursor: StreamCursor;
  readonly #progress: Progress;
  readonly #contents: StreamContents;
  readonly #names = new Map<number, DeviceSection>();
  readonly #ends: SectionEnds;

  constructor(source: ByteSource, start: number, progress: Progress) {
    this.#source = source;
    this.#cursor = new StreamCursor(source, start);
    this.#progress = progress;
    this.#ends = new SectionEnds(source, (id) => this.#names.has(id));
    this.#contents = {
      configuration: { pageBits: DEFAULT_PAGE_BITS, capabilities: [] },
      devices: [],
      hasFooters: false,
      end: 0,
      complete: false,
      diagnostics: [],
    };
  }

  read(): StreamContents {
    const contents = this.#contents;
    let sectionStart = 0;
    try {
      this.#readHeader();
      for (let count = 0; ; count++) {
        if (count > MAX_SECTIONS) throw this.#problem('sections', sectionStart, `at most ${MAX_SECTIONS}`, 'more');
        sectionStart = this.#cursor.position;
        if (!this.#readSection()) break;
      }
      contents.complete = true;
      contents.description = readDescription(this.#source, this.#cursor.position) ?? this.#ends.description;
    } catch (error) {
      this.#survive(error, sectionStart);
    }
    contents.end = this.#cursor.position;
    return contents;
  }

  #readHeader(): void {
    const cursor = this.#cursor;
    const start = cursor.position;
    const magic = cursor.u32();
    if (magic !== MAGIC) throw this.#problem('magic', start, '0x5145564d "QEVM"', `0x${magic.toString(16)}`);
    const version = cursor.u32();
    if (version !== VERSION) throw this.#problem('version', start + 4, String(VERSION), String(version));
    if (cursor.peek() === Section.Configuration) {
      cursor.skip(1);
      this.#readConfiguration();
    }
  }

  #readConfiguration(): void {
    const cursor = this.#cursor;
    const { configuration } = this.#contents;
    const at = cursor.position;
    const length = cursor.u32();
    if (length > MAX_MACHINE_NAME) throw this.#problem('configuration length', at, `at most ${MAX_MACHINE_NAME}`, String(length));
    configuration.machine = latin1(cursor.bytes(length));
    while (cursor.peek() === Section.Subsection) {
      const start = cursor.position;
      cursor.skip(1);
      const name = cursor.name();
      cursor.skip(4);
      if (name === 'configuration/target-page-bits') {
        configuration.pageBits = cursor.u32();
        if (configuration.pageBits < 10 || configuration.pageBits > 16) {
          throw this.#problem('configuration/target-page-bits', start, '10 to 16', String(configuration.pageBits));
        }
      } else if (name === 'configuration/capabilities') {
        const count = cursor.u32();
        if (count > MAX_CAPABILITIES) throw this.#problem('configuration/capabilities', start, `at most ${MAX_CAPABILITIES}`, String(count));
        for (let left = count; left > 0; left--) configuration.capabilities.push(cursor.name());
      } else if (name === 'configuration/uuid') configuration.uuid = cursor.bytes(16);
      else throw this.#problem('configuration subsection', start, 'target-page-bits, capabilities or uuid', JSON.stringify(name));
    }
  }

  /** Reads the next section; false at the stream's EOF. */
  #readSection(): boolean {
    const cursor = this.#cursor;
    const at = cursor.position;
    const type = cursor.u8();
    switch (type) {
      case Section.Eof:
        return false;
      case Section.Start:
      case Section.Full:
        this.#readWhole(type);
        return true;
      case Section.Part:
      case Section.End:
        this.#readPart(type, at);
        return true;
      case Section.Command: {
        const command = cursor.u16();
        const length = cursor.u16();
        // The packaged stream follows the command and has sections of the same kind: they are read in place.
        if (command === COMMAND_PACKAGED && length === 4) cursor.skip(4);
        else cursor.skip(length);
        return true;
      }
      default:
        throw this.#problem('section type', at, 'a section type that QEMU writes', `0x${type.toString(16)}`);
    }
  }

  #readWhole(kind: number): void {
    const cursor = this.#cursor;
    const at = cursor.position - 1;
    const id = cursor.u32();
    const name = cursor.name();
    const section: DeviceSection = { id, name, instance: cursor.u32(), version: cursor.u32(), kind, start: cursor.position, end: cursor.position };
    this.#names.set(id, section);
    if (name === 'ram') {
      const { version } = section;
      if (version !== RAM_VERSION_FLAT && version !== RAM_VERSION_BLOCKS) throw this.#problem('RAM section version', at, '3 or 4', String(version));
      const { pageBits, capabilities } = this.#contents.configuration;
      this.#contents.ram ??= new RamReader(cursor, this.#progress, {
        version,
        pageBits,
        ignoreShared: capabilities.includes('x-ignore-shared'),
        mappedRam: capabilities.includes('mapped-ram'),
      });
      this.#contents.ram.readPayload();
      this.#readFooter(id);
    } else this.#cutDevice(section, at);
  }

  #readPart(kind: number, at: number): void {
    const id = this.#cursor.u32();
    const section = this.#names.get(id);
    if (!section) throw this.#problem('section id', at, 'the id of a section that has started', String(id));
    if (section.name === 'ram' && this.#contents.ram) {
      this.#contents.ram.readPayload();
      this.#readFooter(id);
    } else this.#cutDevice({ ...section, kind, start: this.#cursor.position, end: this.#cursor.position }, at);
  }

  #readFooter(id: number): void {
    const cursor = this.#cursor;
    const at = cursor.position;
    if (cursor.peek() !== Section.Footer) {
      if (this.#contents.hasFooters && !cursor.atEnd) throw this.#problem('section footer', at, '0x7e', `0x${cursor.peek()?.toString(16)}`);
      return;
    }
    cursor.skip(1);
    const found = cursor.u32();
    if (found !== id) throw this.#problem('section footer', at, `section id ${id}`, String(found));
    this.#contents.hasFooters = true;
  }

  /** Finds a device section's end and passes it. */
  #cutDevice(section: DeviceSection, at: number): void {
    const end = this.#contents.hasFooters ? this.#ends.byFooter(section) : this.#ends.byDescription(section);
    if (end === undefined) {
      const what = `${SECTION_NAMES[section.kind]} section ${section.name} (instance ${section.instance})`;
      if (this.#contents.hasFooters) throw new StreamEnd(this.#source.size);
      throw this.#problem('device section', at, `a description or a footer that tells where ${what} ends`, 'neither');
    }
    section.end = end;
    this.#contents.devices.push(section);
    this.#cursor.seek(end);
    if (this.#contents.hasFooters) this.#readFooter(section.id);
  }

  /** Turns what stopped the reading into a diagnostic, when enough came before it to be worth opening. */
  #survive(error: unknown, sectionStart: number): void {
    const ended = error instanceof StreamEnd;
    if (!ended && !(error instanceof DumpFormatError)) throw error;
    const contents = this.#contents;
    if (!contents.ram || contents.ram.blocks.length === 0) {
      if (!ended) throw error;
      throw this.#problem('section', Math.min(sectionStart, this.#source.size), 'a RAM section', 'the end of the file');
    }
    const fileOffset = ended ? error.position : (error.details.fileOffset ?? sectionStart);
    contents.diagnostics.push({
      severity: 'data-loss',
      code: ended ? 'stream-truncated' : 'stream-damaged',
      message: ended
        ? `The file ends at 0x${fileOffset.toString(16)}, inside the section that starts at 0x${sectionStart.toString(16)}; a stream ends with an EOF section.`
        : error.message,
      consequence: 'What comes before is shown; memory and devices after it are missing.',
      fileOffset,
    });
  }

  #problem(field: string, at: number, expected: string, found: string): WorkbenchError {
    return new DumpFormatError({ format: 'QEMU migration stream', source: this.#source.name, fileOffset: at, field, expected, found });
  }
}
