/**
 * A selection as text for the clipboard. Missing memory is never copied as zero: the dumps mark it, and the formats that have no way to
 * say "nothing is here" refuse.
 */
import type { MemoryChunk, MemoryState } from '#shared/model/index.ts';
import { isHole } from './space-knowledge.ts';
import { statesBetween } from './row-model.ts';
import { MARKS } from './state-marks.ts';

/** Most bytes that one copy takes; 1 MiB of hexdump is 4.7 MB of text. */
export const COPY_LIMIT = 1 << 20;

export type CopyFormat = 'hexdump' | 'hex' | 'text' | 'c-array' | 'python-bytes';

export const COPY_FORMATS: readonly { id: CopyFormat; title: string; holes: boolean }[] = [
  { id: 'hexdump', title: 'Hexdump', holes: true },
  { id: 'hex', title: 'Hex digits', holes: true },
  { id: 'text', title: 'Text', holes: false },
  { id: 'c-array', title: 'C array', holes: false },
  { id: 'python-bytes', title: 'Python bytes', holes: false },
];

/** Bytes with the state of each, chunk after chunk. */
export interface CopySource {
  address: bigint;
  bytes: Uint8Array;
  states: readonly MemoryState[];
}

export function joinChunks(address: bigint, chunks: readonly MemoryChunk[]): CopySource {
  const length = chunks.reduce((sum, chunk) => sum + chunk.bytes.length, 0);
  const bytes = new Uint8Array(length);
  const states: MemoryState[] = [];
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk.bytes, at);
    for (const state of statesBetween(chunk.spans, 0, chunk.bytes.length).states) states.push(state);
    at += chunk.bytes.length;
  }
  return { address, bytes, states };
}

export function missingBytes(source: CopySource): number {
  return source.states.reduce((count, state) => count + (isHole(state) ? 1 : 0), 0);
}

const two = (byte: number): string => byte.toString(16).padStart(2, '0');
const digits = (source: CopySource, at: number): string => {
  const state = source.states[at] ?? 'absent';
  return isHole(state) ? MARKS[state] : two(source.bytes[at]!);
};

/** 0x20 to 0x7e as they are, all else a dot. */
export const printable = (byte: number): string => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.');

function hexdump(source: CopySource): string {
  const wide = source.address + BigInt(source.bytes.length) > 0xffff_ffffn ? 16 : 8;
  const lines: string[] = [];
  for (let from = 0; from < source.bytes.length; from += 16) {
    const row = Array.from({ length: 16 }, (_, nth) => (from + nth < source.bytes.length ? digits(source, from + nth) : '  '));
    const ascii = [...source.bytes.subarray(from, from + 16)].map((byte, nth) =>
      isHole(source.states[from + nth] ?? 'absent') ? ' ' : printable(byte),
    );
    const address = (source.address + BigInt(from)).toString(16).padStart(wide, '0');
    lines.push(`${address}  ${row.slice(0, 8).join(' ')}  ${row.slice(8).join(' ')}  |${ascii.join('')}|`);
  }
  return lines.join('\n');
}

function cArray(source: CopySource): string {
  const lines: string[] = [];
  for (let from = 0; from < source.bytes.length; from += 12) {
    lines.push(`  ${[...source.bytes.subarray(from, from + 12)].map((byte) => `0x${two(byte)}`).join(', ')},`);
  }
  const { address, bytes } = source;
  return `/* ${bytes.length} bytes at 0x${address.toString(16)} */\nconst unsigned char data[${bytes.length}] = {\n${lines.join('\n')}\n};`;
}

function pythonBytes(source: CopySource): string {
  const escaped = [...source.bytes].map((byte) => {
    const char = String.fromCharCode(byte);
    if (char === '"' || char === '\\') return `\\${char}`;
    return byte >= 0x20 && byte < 0x7f ? char : `\\x${two(byte)}`;
  });
  return `b"${escaped.join('')}"`;
}

/** UTF-8 as far as it goes; what is no text becomes U+FFFD, NULs are left out. */
function plainText(source: CopySource): string {
  return new TextDecoder('utf-8').decode(source.bytes).replaceAll('\0', '');
}

/** Undefined when the format cannot say that bytes are missing and some are. */
export function copyText(format: CopyFormat, source: CopySource): string | undefined {
  const canSay = COPY_FORMATS.find((candidate) => candidate.id === format)?.holes;
  if (!canSay && missingBytes(source) > 0) return undefined;
  switch (format) {
    case 'hexdump':
      return hexdump(source);
    case 'hex':
      return Array.from(source.bytes, (_, at) => digits(source, at)).join(' ');
    case 'text':
      return plainText(source);
    case 'c-array':
      return cArray(source);
    case 'python-bytes':
      return pythonBytes(source);
  }
}
