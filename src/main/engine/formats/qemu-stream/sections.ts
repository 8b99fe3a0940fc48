/**
 * Walks a stream's sections from front to back: RAM goes to the RAM reader, device sections are cut out (section-ends.ts).
 *
 * A stream inside a PACKAGED command is read in place, with or without a header of its own (QEMU writes none).
 */
import { DumpFormatError } from '#shared/errors.ts';
import type { Diagnostic } from '#shared/model/diagnostic.ts';
import type { VmDescription } from '../../arch/vmstate.ts';
import type { ByteSource } from '../../memory/byte-source.ts';
import type { DeviceSection, Progress } from '../format.ts';
import { readCommand } from './commands.ts';
import { NO_CONFIGURATION, readConfiguration, type StreamConfiguration } from './configuration.ts';
import { MAGIC, MAX_SECTIONS, RAM_VERSION_BLOCKS, RAM_VERSION_FLAT, Section, VERSION } from './layout.ts';
import { RamReader } from './ram-section.ts';
import { SectionEnds } from './section-ends.ts';
import { diagnoseGuessed, diagnoseStop, SectionUnknown } from './section-losses.ts';
import { SectionStarts } from './section-starts.ts';
import { StreamCursor, StreamEnd } from './stream-cursor.ts';
import { readDescription, type StreamDescription } from './vm-description.ts';

export interface StreamContents {
  configuration: StreamConfiguration;
  ram?: RamReader;
  /** True once the last pass over RAM was there to its end. */
  ramComplete: boolean;
  devices: DeviceSection[];
  description?: StreamDescription;
  hasFooters: boolean;
  /** How often each command came, by number. */
  commands: Map<number, number>;
  /** File offset after the EOF section, or where reading had to stop. */
  end: number;
  complete: boolean;
  diagnostics: Diagnostic[];
}

/** Reads the stream that starts at `start`. `builtIn`: see DeviceDescriptions. */
export function readSections(source: ByteSource, start: number, progress: Progress, builtIn: readonly VmDescription[] = []): StreamContents {
  return new SectionReader(source, start, progress, builtIn).read();
}

class SectionReader {
  readonly #source: ByteSource;
  readonly #cursor: StreamCursor;
  readonly #progress: Progress;
  readonly #contents: StreamContents;
  readonly #started = new Map<number, DeviceSection>();
  readonly #starts: SectionStarts;
  readonly #ends: SectionEnds;
  /** Undefined while nothing tells; what the configuration tells is sure once RAM, whose end is known, was seen to have one or none. */
  #footers: boolean | undefined;
  #footersKnown = false;
  #packageEnd = 0;
  /** Sections that ended at the next one's header, for want of anything better. */
  readonly #guessed: DeviceSection[] = [];

  constructor(source: ByteSource, start: number, progress: Progress, builtIn: readonly VmDescription[]) {
    this.#source = source;
    this.#cursor = new StreamCursor(source, start);
    this.#progress = progress;
    this.#starts = new SectionStarts(source, (id) => this.#started.has(id));
    this.#ends = new SectionEnds(source, this.#starts, builtIn);
    this.#contents = {
      configuration: NO_CONFIGURATION,
      ramComplete: false,
      devices: [],
      hasFooters: false,
      commands: new Map(),
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
    contents.hasFooters = this.#footers === true;
    if (this.#guessed.length > 0) contents.diagnostics.push(diagnoseGuessed(this.#guessed));
    return contents;
  }

  #readHeader(): void {
    const cursor = this.#cursor;
    const start = cursor.position;
    const magic = cursor.u32();
    if (magic !== MAGIC) throw this.#problem('magic', start, '0x5145564d "QEVM"', `0x${magic.toString(16)}`);
    const version = cursor.u32();
    if (version !== VERSION) throw this.#problem('version', start + 4, String(VERSION), String(version));
    if (cursor.peek() !== Section.Configuration) return;
    cursor.skip(1);
    const configuration = readConfiguration(cursor, this.#starts);
    // A packaged stream's own would say nothing new.
    if (this.#contents.configuration === NO_CONFIGURATION) this.#contents.configuration = configuration;
    // Machine types got the configuration and the footers at once.
    this.#footers ??= true;
  }

  /** Reads the next section; false at the stream's EOF. */
  #readSection(): boolean {
    const cursor = this.#cursor;
    const at = cursor.position;
    const type = cursor.u8();
    switch (type) {
      case Section.Eof:
        // The end of a package is not the stream's.
        if (at >= this.#packageEnd) return false;
        cursor.skip(this.#packageEnd - cursor.position);
        return true;
      case Section.Start:
      case Section.Full:
        this.#readWhole(type);
        return true;
      case Section.Part:
      case Section.End:
        this.#readPart(type, at);
        return true;
      case Section.Command:
        this.#readCommand();
        return true;
      default:
        throw this.#problem('section type', at, 'a section type that QEMU writes', `0x${type.toString(16)}`);
    }
  }

  #readCommand(): void {
    const { ram, commands } = this.#contents;
    const { command, packageEnd } = readCommand(this.#cursor, ram);
    commands.set(command, (commands.get(command) ?? 0) + 1);
    if (packageEnd === undefined) return;
    this.#packageEnd = packageEnd;
    const start = this.#cursor.position;
    const hasHeader = this.#source.size - start >= 8 && this.#cursor.u32() === MAGIC;
    this.#cursor.seek(start);
    if (hasHeader) this.#readHeader();
  }

  #readWhole(kind: number): void {
    const cursor = this.#cursor;
    const at = cursor.position - 1;
    const id = cursor.u32();
    const name = cursor.name();
    const section: DeviceSection = { id, name, instance: cursor.u32(), version: cursor.u32(), kind, start: cursor.position, end: cursor.position };
    this.#started.set(id, section);
    if (name !== 'ram') return this.#cutDevice(section);
    const { version } = section;
    if (version !== RAM_VERSION_FLAT && version !== RAM_VERSION_BLOCKS) throw this.#problem('RAM section version', at, '3 or 4', String(version));
    const { pageBits, capabilities } = this.#contents.configuration;
    this.#contents.ram ??= new RamReader(cursor, this.#progress, {
      version,
      pageBits,
      ignoreShared: capabilities.includes('x-ignore-shared'),
      mappedRam: capabilities.includes('mapped-ram'),
    });
    this.#readRam(this.#contents.ram, section);
  }

  #readPart(kind: number, at: number): void {
    const id = this.#cursor.u32();
    const section = this.#started.get(id);
    if (!section) throw this.#problem('section id', at, 'the id of a section that has started', String(id));
    const part = { ...section, kind, start: this.#cursor.position, end: this.#cursor.position };
    if (section.name === 'ram' && this.#contents.ram) this.#readRam(this.#contents.ram, part);
    else this.#cutDevice(part);
  }

  #readRam(ram: RamReader, { id, kind }: DeviceSection): void {
    ram.readPayload();
    this.#contents.ramComplete = kind === Section.End || kind === Section.Full;
    if (!this.#footersKnown && !this.#cursor.atEnd) {
      this.#footers = this.#cursor.peek() === Section.Footer;
      this.#footersKnown = true;
    }
    this.#readFooter(id);
  }

  #readFooter(id: number): void {
    const cursor = this.#cursor;
    const at = cursor.position;
    if (cursor.peek() !== Section.Footer) {
      if (this.#footers === true && !cursor.atEnd) throw this.#problem('section footer', at, '0x7e', `0x${cursor.peek()?.toString(16)}`);
      return;
    }
    cursor.skip(1);
    const found = cursor.u32();
    if (found !== id) throw this.#problem('section footer', at, `section id ${id}`, String(found));
    this.#footers = true;
  }

  /** Finds a device section's end and passes it. */
  #cutDevice(section: DeviceSection): void {
    section.end = this.#endOf(section);
    this.#contents.devices.push(section);
    this.#cursor.seek(section.end);
    if (this.#footers !== false) this.#readFooter(section.id);
  }

  #endOf(section: DeviceSection): number {
    if (this.#footers === true) {
      const end = this.#ends.byFooter(section);
      if (end === undefined) throw new StreamEnd(this.#source.size);
      return end;
    }
    const end = this.#ends.byContents(section) ?? this.#ends.byDescription(section);
    if (end !== undefined) return end;
    // Pages of RAM may follow what saves in steps, and must not be passed over.
    const next = section.kind === Section.Full ? this.#ends.byNextHeader(section) : undefined;
    if (next === undefined) throw new SectionUnknown(section);
    this.#guessed.push(section);
    return next;
  }

  /** Turns what stopped the reading into a diagnostic, when enough came before it to be worth opening. */
  #survive(error: unknown, sectionStart: number): void {
    const { ram, diagnostics } = this.#contents;
    const diagnostic = diagnoseStop(error, sectionStart, this.#contents);
    if (!diagnostic) throw error;
    if (!ram || ram.blocks.length === 0) {
      if (error instanceof DumpFormatError) throw error;
      const found = error instanceof SectionUnknown ? error.message : 'the end of the file';
      throw this.#problem('section', Math.min(sectionStart, this.#source.size), 'a RAM section', found);
    }
    diagnostics.push(diagnostic);
  }

  #problem(field: string, at: number, expected: string, found: string): DumpFormatError {
    return new DumpFormatError({ format: 'QEMU migration stream', source: this.#source.name, fileOffset: at, field, expected, found });
  }
}
