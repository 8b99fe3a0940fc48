/**
 * Finds kallsyms by what its tables look like, for kernels whose VMCOREINFO does not say where they are (before v6.0, 5fd8fea935a1), and for dumps without one.
 *
 * Facts: Linux scripts/kallsyms.c. The order was addresses, relative base, number of symbols, names, markers, (sequence by name, since v6.2, 60443c88f3a8,) tokens, index of tokens up to v6.3; since v6.4 (404bad70fcf7) it is number
 * of symbols, names, markers, tokens, index of tokens, addresses, relative base, sequence by name. A marker says where every 256th name begins; markers and the number of symbols are words before v5.0 (80ffbaa5b1bd), 32
 * bits since. Addresses: see kallsyms-addresses.ts.
 */
import { addressesAt, plausible, type AddressTable } from './kallsyms-addresses.ts';
import { alignments, DIGIT_TOKENS, MAX_TOKEN_BYTES, tokenTablesAt, type TokenTables } from './kallsyms-tokens.ts';
import { KallsymsTable } from './kallsyms-table.ts';
import { placesOf, type KernelStretch } from './kernel-window.ts';
import type { KernelSpace } from './kernel-space.ts';

/** Names come before the tokens, addresses before or after: bytes on each side that half a million symbols need. */
const BEFORE = 24 * 1024 * 1024;
const AFTER = 8 * 1024 * 1024;
const PIECE = 2 ** 18;
const PAGE = 4096;
const PER_MARKER = 256;
const LEAST_MARKERS = 4;
/** Bytes of 256 names: at least a length and a token each, at most 512 tokens. */
const LEAST_STEP = 2 * PER_MARKER;
const MOST_STEP = 514 * PER_MARKER;
/** More texts that look like digits than that are made to hold somebody up. */
const MAX_TRIES = 64;
/** The same of numbers that look like markers. */
const MAX_MARKERS = 32;

/** Undefined where none is found. `stretches`: where to look. */
export function findKallsyms(space: KernelSpace, stretches: readonly KernelStretch[]): KallsymsTable | undefined {
  let tries = 0;
  for (const place of placesOf(space, stretches, DIGIT_TOKENS)) {
    if (++tries > MAX_TRIES) return undefined;
    const near = bytesAround(space, place, MAX_TOKEN_BYTES, 2 * MAX_TOKEN_BYTES);
    if (!tokenTablesAt(near.bytes, near.at, space)) continue;
    const { bytes, at } = bytesAround(space, place, BEFORE, AFTER);
    const tokens = tokenTablesAt(bytes, at, space);
    const table = tokens && tableOf(space, bytes, tokens, place - BigInt(at));
    if (table) return table;
  }
  return undefined;
}

function tableOf(space: KernelSpace, bytes: Uint8Array, tokens: TokenTables, start: bigint): KallsymsTable | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let tries = 0;
  for (const markers of markersBefore(view, tokens.tableAt, space)) {
    if (++tries > MAX_MARKERS) return undefined;
    for (const align of alignments(space.wordSize)) {
      for (const { namesAt, count } of namesBefore(view, markers, align, space)) {
        const names = bytes.subarray(namesAt, markers.at);
        const place: AddressTable = { view, start, count, numberAt: namesAt - align, after: tokens.end, align, space };
        for (const addresses of addressesAt(place)) {
          if (!plausible(addresses, count, start + BigInt(tokens.tableAt))) continue;
          const table = KallsymsTable.of({ count, names, tokenTable: tokens.tokenTable, tokenIndex: tokens.tokenIndex, addresses });
          if (table && names.length - table.size < align) return table;
        }
      }
    }
  }
  return undefined;
}

interface Markers {
  at: number;
  count: number;
  /** What the second and the last say. */
  second: number;
  last: number;
}

/** Every place before the tokens where numbers go up from 0 in steps that 256 names can have, the nearest first. */
function* markersBefore(view: DataView, end: number, { littleEndian, wordSize }: KernelSpace): Generator<Markers, void, undefined> {
  const widths = wordSize === 8 ? [4, 8] : [4];
  for (let at = end - 4 * LEAST_MARKERS - (end % 4); at >= 0; at -= 4) {
    if (view.getUint32(at, true) !== 0) continue;
    for (const width of widths) {
      if (at % width !== 0) continue;
      const read = (index: number) => {
        const place = at + width * index;
        if (place + width > end) return NaN;
        return width === 4 ? view.getUint32(place, littleEndian) : Number(view.getBigUint64(place, littleEndian));
      };
      let count = 1;
      const value = [0];
      for (let next = read(1); next - value[0]! >= LEAST_STEP && next - value[0]! <= MOST_STEP; next = read(count)) {
        value[0] = next;
        count++;
      }
      if (count >= LEAST_MARKERS) yield { at, count, second: read(1), last: value[0]! };
    }
  }
}

/** Places that names may begin at, so that those between the last marker and the markers are no more than 256, and the number of symbols before them fits. */
function* namesBefore(
  view: DataView,
  { at, count: markers, second, last }: Markers,
  align: number,
  { littleEndian, wordSize }: KernelSpace,
): Generator<{ namesAt: number; count: number }, void, undefined> {
  const lowest = Math.max(align, at - last - MOST_STEP - align);
  for (let namesAt = Math.floor((at - last - 2) / align) * align; namesAt >= lowest; namesAt -= align) {
    const short = view.getUint32(namesAt - align, littleEndian);
    // As a word of a big-endian kernel it is in the second half.
    const count = short === 0 && wordSize === 8 ? view.getUint32(namesAt - align + 4, littleEndian) : short;
    if (Math.ceil(count / PER_MARKER) === markers && endOf(view, namesAt, PER_MARKER) === namesAt + second) yield { namesAt, count };
  }
}

/** Where the name after so many begins. */
function endOf(view: DataView, start: number, count: number): number {
  let at = start;
  for (let index = 0; index < count && at + 1 < view.byteLength; index++) {
    const first = view.getUint8(at);
    at += first < 0x80 ? first + 1 : ((first & 0x7f) | (view.getUint8(at + 1) << 7)) + 2;
  }
  return at;
}

/** As much as is mapped in one piece around an address, from a multiple of a page on; `at` is where the address is in it. */
function bytesAround(space: KernelSpace, address: bigint, before: number, after: number): { bytes: Uint8Array; at: number } {
  const page = address - (address % BigInt(PAGE));
  const inPage = Number(address - page);
  const bytes = new Uint8Array(before + PAGE + after);
  const filled = space.fill(page, bytes.subarray(before));
  let low = before;
  for (let piece = PIECE; low > 0;) {
    const size = Math.min(piece, low);
    const from = page - BigInt(before - low + size);
    if (from >= 0n && space.fill(from, bytes.subarray(low - size, low)) === size) low -= size;
    else if (piece === PAGE) break;
    else piece = PAGE;
  }
  return { bytes: bytes.subarray(low, before + filled), at: before - low + inPage };
}
