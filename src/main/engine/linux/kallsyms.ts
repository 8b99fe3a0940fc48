/** kallsyms where VMCOREINFO says where it lies (since v6.0, 5fd8fea935a1). */
import { absoluteAddresses, offsetsAt, placeRelativeAddresses, relativeAddresses } from './kallsyms-addresses.ts';
import type { KernelSpace } from './kernel-space.ts';
import { KallsymsTable, type KallsymsParts, type SymbolAddresses } from './kallsyms-table.ts';

/** More symbols than that no kernel has. */
const MAX_SYMBOLS = 2_000_000;
/** A name takes some 11 bytes; this is room for far longer ones. */
const MAX_NAME_BYTES = 64;
const CHUNK = 2 ** 20;
const TOKENS = 256;
/** A token has at most as many characters as a name. */
const MAX_TOKEN_TABLE = 65536;

/** The symbols of the running kernel; undefined where they are not found, or not in the dump. `at` gives the address of a kallsyms_… symbol. */
export function readKallsyms(space: KernelSpace, at: (symbol: string) => bigint | undefined): KallsymsTable | undefined {
  const names = at('kallsyms_names');
  const countAt = at('kallsyms_num_syms');
  const tokens = at('kallsyms_token_table');
  const index = at('kallsyms_token_index');
  if (names === undefined || countAt === undefined || tokens === undefined || index === undefined) return undefined;
  const count = space.u32(countAt);
  if (count === undefined || count === 0 || count > MAX_SYMBOLS) return undefined;
  const tokenIndex = readIndex(space, index);
  const addresses = readAddresses(space, count, at);
  const nameBytes = readNames(space, names, count);
  if (!tokenIndex || !addresses || !nameBytes) return undefined;
  const tokenTable = readUpTo(space, tokens, MAX_TOKEN_TABLE);
  return KallsymsTable.of({ count, names: nameBytes, tokenTable, tokenIndex, addresses } satisfies KallsymsParts);
}

function readIndex(space: KernelSpace, address: bigint): Uint16Array | undefined {
  const bytes = space.bytes(address, 2 * TOKENS);
  if (!bytes) return undefined;
  const view = new DataView(bytes.buffer);
  return Uint16Array.from({ length: TOKENS }, (_, token) => view.getUint16(2 * token, space.littleEndian));
}

/** As many bytes as there are from an address on. */
function readUpTo(space: KernelSpace, address: bigint, limit: number): Uint8Array {
  const bytes = new Uint8Array(limit);
  return bytes.subarray(0, space.fill(address, bytes));
}

/** All names, whose length nothing tells: read piece by piece until `count` records are there. */
function readNames(space: KernelSpace, address: bigint, count: number): Uint8Array | undefined {
  let bytes = new Uint8Array(Math.min(CHUNK, count * MAX_NAME_BYTES));
  let filled = 0;
  let at = 0;
  for (let record = 0; record < count;) {
    if (at + 1 >= filled) {
      if (filled === bytes.length) bytes = grown(bytes);
      const more = space.fill(address + BigInt(filled), bytes.subarray(filled));
      if (more === 0) return undefined;
      filled += more;
      continue;
    }
    const first = bytes[at]!;
    at += first < 0x80 ? first + 1 : ((first & 0x7f) | (bytes[at + 1]! << 7)) + 2;
    record++;
    if (at > count * MAX_NAME_BYTES) return undefined;
  }
  return at <= filled ? bytes.subarray(0, at) : readUpTo(space, address, at);
}

function grown(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const more = new Uint8Array(bytes.length * 2);
  more.set(bytes);
  return more;
}

function readAddresses(space: KernelSpace, count: number, at: (symbol: string) => bigint | undefined): SymbolAddresses | undefined {
  const { littleEndian, wordSize } = space;
  const place = at('kallsyms_offsets');
  const baseAt = at('kallsyms_relative_base');
  if (place === undefined) {
    const words = at('kallsyms_addresses');
    const bytes = words === undefined ? undefined : space.bytes(words, wordSize * count);
    return bytes && absoluteAddresses(new DataView(bytes.buffer), wordSize, littleEndian);
  }
  const bytes = space.bytes(place, 4 * count);
  if (!bytes) return undefined;
  const offsets = offsetsAt(new DataView(bytes.buffer), 0, count, littleEndian);
  if (baseAt === undefined) return placeRelativeAddresses(offsets, place);
  const base = space.word(baseAt);
  return base === undefined ? undefined : relativeAddresses(offsets, base);
}
