/**
 * libvirt save images: a header, the guest's XML, and a QEMU migration stream, raw, compressed, or sparse (mapped-ram).
 *
 * The stream keeps its place in the file: the pages of a mapped-ram stream lie at offsets that count from the start of the containing file. A
 * compressed stream is left to the container of its compression, which knows it by its first bytes. header.ts has the layout.
 */
import { formatSize } from '#shared/address-text.ts';
import { grouped } from '#shared/counted.ts';
import type { Diagnostic } from '#shared/model/diagnostic.ts';
import type { Document, Fact } from '#shared/model/dump.ts';
import { COOKIE_TITLE, DOMAIN_TITLE, domainOf } from '../../libvirt/domain.ts';
import type { Container, Wrapped } from '../container.ts';
import { HEADER_SIZE, isSaveImage, parseHeader, type SaveHeader } from './header.ts';

/** How much of the XML and of the cookie is read; libvirt's are 2 to 60 KiB. */
const MAX_TEXT = 4 * 1024 * 1024;

/** Formats by their number, with the first bytes of what they hold. */
const FORMATS: readonly { name: string; stream: string; magic: readonly number[] }[] = [
  { name: 'raw', stream: 'a stream as it is', magic: [0x51, 0x45, 0x56, 0x4d] },
  { name: 'gzip', stream: 'a stream compressed by gzip', magic: [0x1f, 0x8b] },
  { name: 'bzip2', stream: 'a stream compressed by bzip2', magic: [0x42, 0x5a, 0x68] },
  { name: 'xz', stream: 'a stream compressed by xz', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a] },
  { name: 'lzop', stream: 'a stream compressed by lzop', magic: [0x89, 0x4c, 0x5a, 0x4f] },
  { name: 'zstd', stream: 'a stream compressed by zstd', magic: [0x28, 0xb5, 0x2f, 0xfd] },
  { name: 'sparse', stream: 'a stream with RAM at fixed offsets (mapped-ram)', magic: [0x51, 0x45, 0x56, 0x4d] },
];

function bytesAt({ source }: Wrapped, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(0, Math.min(length, source.size - offset)));
  return bytes.subarray(0, source.read(offset, bytes));
}

class SaveImage {
  readonly #wrapped: Wrapped;
  readonly #header: SaveHeader;
  readonly diagnostics: Diagnostic[] = [];

  /** Throws DumpFormatError. */
  constructor(wrapped: Wrapped) {
    this.#wrapped = wrapped;
    const { source, start } = wrapped;
    this.#header = parseHeader(bytesAt(wrapped, start, HEADER_SIZE), source.size - start, source.name, start);
  }

  get streamStart(): number {
    return this.#wrapped.start + HEADER_SIZE + this.#header.dataLength;
  }

  get detail(): string {
    const { version, dataLength, littleEndian, complete } = this.#header;
    const parts = [
      `version ${version}${littleEndian ? '' : ', big-endian'}${complete ? '' : ', incomplete'}`,
      `${grouped(HEADER_SIZE + dataLength)} bytes of header and XML`,
      `then ${this.#format?.stream ?? 'a stream'} at 0x${this.streamStart.toString(16)}`,
    ];
    return parts.join(', ');
  }

  get #format() {
    return FORMATS[this.#header.format];
  }

  documents(): Document[] {
    const { cookieOffset, dataLength } = this.#header;
    const domain = this.#text(0, cookieOffset > 0 && cookieOffset < dataLength ? cookieOffset : dataLength, 'XML');
    const documents: Document[] = [{ title: DOMAIN_TITLE, kind: 'xml', text: domain }];
    if (cookieOffset >= dataLength) {
      this.diagnostics.push({
        severity: 'suspect',
        code: 'libvirt-cookie-outside',
        message: `The header puts the cookie at ${cookieOffset}, beyond the ${dataLength} bytes of data.`,
        consequence: 'The cookie is not shown.',
        fileOffset: this.#wrapped.start + 32,
      });
    } else if (cookieOffset > 0) documents.push({ title: COOKIE_TITLE, kind: 'xml', text: this.#text(cookieOffset, dataLength, 'cookie') });
    return documents;
  }

  /** The text from `from` to its NUL, at most to `end`; both count in the data. */
  #text(from: number, end: number, what: string): string {
    const at = this.#wrapped.start + HEADER_SIZE + from;
    const bytes = bytesAt(this.#wrapped, at, Math.min(end - from, MAX_TEXT));
    const nul = bytes.indexOf(0);
    if (nul < 0) {
      this.diagnostics.push({
        severity: 'suspect',
        code: 'libvirt-text-unterminated',
        message: `The ${what} does not end with a NUL in the ${grouped(bytes.length)} bytes that were read of it.`,
        consequence: 'It is shown as far as it was read, and may hold what does not belong to it.',
        fileOffset: at,
      });
    }
    return new TextDecoder().decode(nul < 0 ? bytes : bytes.subarray(0, nul));
  }

  /** What the header's own words are against. */
  diagnose(): void {
    const { complete, format } = this.#header;
    if (!complete) {
      this.diagnostics.push({
        severity: 'data-loss',
        code: 'libvirt-incomplete',
        message: 'The save image is marked as incomplete (LibvirtQemudPart): libvirt was still writing it, or was stopped while it did.',
        consequence: 'Memory and devices that had not been written are missing.',
        fileOffset: this.#wrapped.start,
      });
    }
    const head = bytesAt(this.#wrapped, this.streamStart, 8);
    const starts = (magic: readonly number[]) => magic.every((byte, index) => head[index] === byte);
    if (this.#format && starts(this.#format.magic)) return;
    const found = FORMATS.find(({ magic }) => starts(magic));
    this.diagnostics.push({
      severity: 'suspect',
      code: 'libvirt-format-mismatch',
      message: `The header says that the stream's format is ${this.#format?.name ?? `number ${format}, which is not known`}; what follows is ${found ? found.stream : 'none of the formats that libvirt writes'}.`,
      consequence: 'It is opened as what it is.',
      fileOffset: this.#wrapped.start + 28,
    });
  }

  facts(documents: readonly Document[]): Fact[] {
    const domain = domainOf(documents);
    const { wasRunning } = this.#header;
    const cpu = domain?.cpu;
    const model = cpu && [cpu.vendor, cpu.model, cpu.mode && `(${cpu.mode})`].filter(Boolean).join(' ');
    const header = 'libvirt save header';
    const facts: [string, string | undefined, string][] = [
      [
        'Saved by libvirt',
        wasRunning ? 'was running; starts again when restored' : 'was paused; stays paused when restored',
        `${header}, was_running`,
      ],
      ['Save format', this.#format?.name ?? `unknown (${this.#header.format})`, `${header}, format`],
      ['Guest name', domain?.name, 'libvirt XML, domain/name'],
      ['Guest UUID', domain?.uuid, 'libvirt XML, domain/uuid'],
      ['Guest CPU model', model || undefined, 'libvirt XML, domain/cpu'],
      ['Guest memory', domain?.memory === undefined ? undefined : formatSize(domain.memory), 'libvirt XML, domain/memory'],
      ['Memory can grow to', domain?.maxMemory === undefined ? undefined : formatSize(domain.maxMemory), 'libvirt XML, domain/maxMemory'],
    ];
    return facts.flatMap(([label, value, source]) => (value === undefined ? [] : [{ label, value, source }]));
  }
}

export const libvirtSave: Container = {
  id: 'libvirt-save',
  title: 'libvirt save image',

  probe: isSaveImage,

  // Nothing to wait for, but what is broken is to reject the promise.
  async unwrap(wrapped) {
    const image = new SaveImage(wrapped);
    const { source, start } = wrapped;
    const documents = image.documents();
    image.diagnose();
    return {
      inside: { source, start: image.streamStart },
      layer: { title: libvirtSave.title, offset: start, length: source.size - start, detail: image.detail },
      facts: image.facts(documents),
      diagnostics: image.diagnostics,
      documents,
    };
  },
};
