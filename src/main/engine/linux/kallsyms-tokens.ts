/**
 * Finds the token table of kallsyms by what it looks like: 256 strings in a row, each ended by a NUL, and behind them 256 offsets of 16 bits into them. A character that names use stands for itself, so the digits
 * stand in a row as tokens 48 to 57. Facts: Linux scripts/kallsyms.c (v2.6.33 on: before, there was no index).
 */
const TOKENS = 256;
/** Token 48, and those behind it: 0 NUL 1 NUL … 9 NUL. */
export const DIGIT_TOKENS = Buffer.from(Array.from({ length: 10 }, (_, digit) => `${digit}\0`).join(''), 'latin1');
const FIRST_DIGIT = 48;
/** A real table has some 1000 bytes; longer tokens than these would not save space. */
export const MAX_TOKEN_BYTES = 16384;
/** What the tables of kallsyms are aligned to: a word; in v7.2 32 bits on every kernel; 256 bytes where an assembler took the `.align 8` of old kernels as a power of two. */
export const alignments = (wordSize: 4 | 8): readonly number[] => (wordSize === 8 ? [8, 4, 256] : [4, 256]);

export interface TokenTables {
  /** Offsets into the bytes that were searched. */
  tableAt: number;
  indexAt: number;
  /** The next byte after the index. */
  end: number;
  tokenTable: Uint8Array;
  tokenIndex: Uint16Array;
}

/** The tables around digits that stand at `digits` of `bytes`, whose first byte has an address that is a multiple of 256. Undefined where they are something else. */
export function tokenTablesAt(
  bytes: Uint8Array,
  digits: number,
  { littleEndian, wordSize }: { littleEndian: boolean; wordSize: 4 | 8 },
): TokenTables | undefined {
  const starts = [digits];
  for (let token = FIRST_DIGIT; token < TOKENS; token++) {
    const end = bytes.indexOf(0, starts.at(-1));
    if (end < 0 || end - digits > MAX_TOKEN_BYTES) return undefined;
    starts.push(end + 1);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const align of alignments(wordSize)) {
    const indexAt = Math.ceil(starts.at(-1)! / align) * align;
    if (indexAt + 2 * TOKENS > bytes.length) continue;
    const tokenIndex = Uint16Array.from({ length: TOKENS }, (_, token) => view.getUint16(indexAt + 2 * token, littleEndian));
    const tableAt = digits - tokenIndex[FIRST_DIGIT]!;
    if (tableAt < 0 || !fits(bytes, tableAt, tokenIndex, starts)) continue;
    return { tableAt, indexAt, end: indexAt + 2 * TOKENS, tokenTable: bytes.slice(tableAt, starts.at(-1)), tokenIndex };
  }
  return undefined;
}

/** Whether each token begins where the index says. */
function fits(bytes: Uint8Array, tableAt: number, index: Uint16Array, starts: readonly number[]): boolean {
  if (index[0] !== 0) return false;
  for (let token = 1; token < TOKENS; token++) {
    const start = tableAt + index[token]!;
    if (index[token]! <= index[token - 1]! || bytes[start - 1] !== 0) return false;
    if (token >= FIRST_DIGIT && start !== starts[token - FIRST_DIGIT]) return false;
  }
  return true;
}
