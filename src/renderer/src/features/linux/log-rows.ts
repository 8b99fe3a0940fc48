/** The log as rows of the screen: filtered, a line of several lines taken apart, addresses in it found. */
import type { LinuxLogLine } from '#shared/model/index.ts';
import type { AddressSpace } from '#shared/units.ts';

export interface LogRow {
  line: LinuxLogLine;
  /** Index of the line in the whole log. */
  index: number;
  text: string;
  /** Not the first of its line: time and level stand above it. */
  further: boolean;
}

/** 3 (error) and what is worse. */
export const ERROR_LEVEL = 3;

/** Lines that hold `text` (in whatever case) and are of a level up to `level`. Of those that are not, rows are left out, never cut. */
export function logRows(lines: readonly LinuxLogLine[], text: string, level: number): LogRow[] {
  const wanted = text.trim().toLowerCase();
  const rows: LogRow[] = [];
  for (const [index, line] of lines.entries()) {
    if (line.level > level || (wanted !== '' && !line.text.toLowerCase().includes(wanted))) continue;
    if (!line.text.includes('\n')) rows.push({ line, index, text: line.text, further: false });
    else for (const [at, part] of line.text.split('\n').entries()) rows.push({ line, index, text: part, further: at > 0 });
  }
  return rows;
}

/** Index of the line that says `panic`; -1 where none does. */
export function panicLine(lines: readonly LinuxLogLine[], panic: string | null): number {
  return panic === null ? -1 : lines.findIndex(({ text }) => text.includes(panic));
}

export interface TextPart {
  text: string;
  address?: { space: AddressSpace; address: bigint };
}

/**
 * What in a line of the log is surely an address: of the kernel's half in 16 digits (x86-64 and arm64: ffff…, from ff10… on with 5-level page tables or 52 bits; ppc64: c000…), in the brackets of old call traces ([<c1059180>]), and ranges of
 * physical memory as the firmware and the resources are told of ([mem 0x…-0x…]). Hashed pointers (%p) have zeros in front and lead nowhere; the
 * last 4095 values are error codes (include/linux/err.h).
 */
const ADDRESS =
  /\[mem 0x([\da-f]{8,16})-0x([\da-f]{8,16})|\[<([\da-f]{8}|[\da-f]{16})>\]|(?<![\da-z_]|guest rIP: )(?:0x)?((?!f{13})(?:ff[1-9a-f][\da-f]|c000)[\da-f]{12})(?![\da-z_])/gi;

export function textParts(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let done = 0;
  const put = (space: AddressSpace, digits: string, start: number): void => {
    if (start > done) parts.push({ text: text.slice(done, start) });
    parts.push({ text: digits, address: { space, address: BigInt(`0x${digits}`) } });
    done = start + digits.length;
  };
  for (const match of text.matchAll(ADDRESS)) {
    const [whole, first, last, bracketed, plain] = match;
    const at = match.index;
    if (first !== undefined && last !== undefined) {
      put('gpa', first, at + '[mem 0x'.length);
      put('gpa', last, at + whole.length - last.length);
    } else if (bracketed !== undefined) put('gva', bracketed, at + 2);
    else if (plain !== undefined) put('gva', plain, at + whole.length - 16);
  }
  if (done < text.length || parts.length === 0) parts.push({ text: text.slice(done) });
  return parts;
}
