/** What a compression of whole streams is to this program: how it is recognised, and the pieces that come out of it. */
import { DumpFormatError, WorkbenchError } from '#shared/errors.ts';
import type { CompressedInput } from './compressed-input.ts';

export interface CompressedFormat {
  /** `gzip` */
  readonly id: string;
  /** "gzip stream" */
  readonly title: string;
  /** Checks all that the first bytes fix. Never throws. */
  probe(head: Uint8Array): boolean;
  /** How many bytes will come out, as far as the file says so without being decompressed; it may lie. Moves the input as it likes. */
  announcedSize?(input: CompressedInput): number | undefined;
  /**
   * Yields what comes out, in order. A piece is good until the next is asked for; `input.position` is then how far the reading has got. Throws StreamDamage for what is wrong with the stream, after everything that came out before; WorkbenchError `unsupported`.
   */
  decompress(input: CompressedInput): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/**
 * `truncated`: the file ended first. `damaged`: nothing comes out from here on. `checksum`: all came out, but a checksum over what came out differs:
 * some of it is wrong. `trailing`: all came out, and something else follows.
 */
export type DamageKind = 'truncated' | 'damaged' | 'checksum' | 'trailing';

/** What is wrong with a compressed stream, in the terms of DumpFormatError. Offsets are in the file. */
export class StreamDamage extends Error {
  readonly kind: DamageKind;
  readonly offset: number;
  readonly field: string;
  readonly expected: string;
  readonly found: string;

  constructor(kind: DamageKind, offset: number, field: string, expected: string, found: string) {
    super(`${field} at 0x${offset.toString(16)}: expected ${expected}, found ${found}`);
    this.kind = kind;
    this.offset = offset;
    this.field = field;
    this.expected = expected;
    this.found = found;
  }

  /** For a stream out of which nothing came. */
  asError(format: string, source: string): DumpFormatError {
    const { offset, field, expected, found } = this;
    return new DumpFormatError({ format, source, fileOffset: offset, field, expected, found });
  }
}

export function hex(value: number): string {
  return `0x${(value >>> 0).toString(16)}`;
}

/** For a stream that is sound but needs what this program does not have. */
export function unsupported(input: CompressedInput, title: string, what: string, command: string): WorkbenchError {
  return new WorkbenchError('unsupported', `${input.name}: ${title} ${what}`, {
    source: input.name,
    fileOffset: input.position,
    hint: `Decompress the file outside (${command}) and open the result.`,
  });
}
