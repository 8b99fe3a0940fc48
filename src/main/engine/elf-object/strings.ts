/** Strings that end with a zero byte, as string tables of ELF and DWARF hold them: UTF-8, in practice ASCII. */

const UTF8 = new TextDecoder();
/** Longer names are cut: C++ and Rust mangle to some thousands. */
const MAX_LENGTH = 65536;
/** Up to here building a string from its characters is quicker than asking the decoder (Node 24.21). */
const SHORT = 24;

/** The string at `offset`, as far as the table goes; empty beyond it. */
export function cString(table: Uint8Array, offset: number): string {
  const stop = Math.min(table.length, offset + MAX_LENGTH);
  let end = offset;
  let bits = 0;
  while (end < stop && table[end] !== 0) bits |= table[end++]!;
  if (end <= offset) return '';
  if (bits < 0x80 && end - offset <= SHORT) {
    let text = '';
    for (let at = offset; at < end; at++) text += String.fromCharCode(table[at]!);
    return text;
  }
  return UTF8.decode(table.subarray(offset, end));
}

/** Whether the string at `offset` is `wanted`, zero byte included. */
export function cStringEquals(table: Uint8Array, offset: number, wanted: Uint8Array): boolean {
  if (offset + wanted.length >= table.length) return false;
  for (let index = 0; index < wanted.length; index++) if (table[offset + index] !== wanted[index]) return false;
  return table[offset + wanted.length] === 0;
}
