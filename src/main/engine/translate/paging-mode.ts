/**
 * Paging modes as tables: which bits of a virtual address index which table, and one entry decoder per entry format.
 *
 * The walk stepper, the fast translator, the mapping lists and the table view read nothing else, so a CPU family adds a mode by adding
 * a table (arch/<cpu>/paging-modes.ts). Entries travel as two unsigned 32-bit halves: `bigint` is an order of magnitude slower.
 *
 * Not supported: modes whose levels differ in entry size, or in table alignment below the root.
 */
import type { BitField, PagingLevel, PagingModeId, PagingModeView } from '#shared/model/index.ts';
import type { PhysicalMemory } from '#engine/memory/physical-memory.ts';

/** What the CPU does with an entry. Plain numbers, so that the fast path compares integers. */
export const ENTRY_NOT_PRESENT = 0;
export const ENTRY_TABLE = 1;
export const ENTRY_PAGE = 2;
/** Present, but a bit that must be 0 is set: the CPU raises a page fault with the reserved bit of the error code set. */
export const ENTRY_RESERVED = 3;
export type EntryKind = typeof ENTRY_NOT_PRESENT | typeof ENTRY_TABLE | typeof ENTRY_PAGE | typeof ENTRY_RESERVED;

/** Rights that an entry gives; the rights of a page are those that every level gives. */
export const RIGHT_WRITE = 1;
export const RIGHT_USER = 2;
export const RIGHT_EXECUTE = 4;
export const RIGHTS_ALL = 7;

export interface Rights {
  writable: boolean;
  user: boolean;
  executable: boolean;
}

export function rightsOf(bits: number): Rights {
  return { writable: (bits & RIGHT_WRITE) !== 0, user: (bits & RIGHT_USER) !== 0, executable: (bits & RIGHT_EXECUTE) !== 0 };
}

/** What a CPU's registers say about its page tables, besides mode and root. */
export interface PagingOptions {
  /** True when the CPU is known to have no-execute protection off (x86: EFER.NXE is 0): the no-execute bit is then a reserved one. */
  noExecuteOff?: boolean;
}

/**
 * The one decoder of an entry format. `level` is 1 for the tables that map the smallest pages; `high` is 0 for entries of 4 bytes. The first three
 * methods do not allocate.
 */
export interface EntryFormat {
  kind(level: number, low: number, high: number, noExecuteOff: boolean): EntryKind;
  /** GPA of the next table (ENTRY_TABLE) or of the page's first byte (ENTRY_PAGE). */
  target(level: number, low: number, high: number, kind: EntryKind): number;
  /** RIGHT_… bits that this entry gives. */
  rights(low: number, high: number, level: number): number;
  /** Bits that must be 0 and are not. */
  reservedBits(level: number, low: number, high: number, noExecuteOff: boolean): number[];
  /** Names of the set flags of an entry of that kind, in the order P RW US PWT PCD A D PS G PAT NX (x86); bits that the CPU ignores have none. */
  flagNames(level: number, low: number, high: number, kind: EntryKind): string[];
  /** Every bit of the entry, lowest first, with its meaning in an entry of that kind. */
  fields(level: number, entry: bigint, kind: EntryKind, noExecuteOff: boolean): BitField[];
  /** What an operating system may keep in an entry that the CPU ignores; undefined when there is nothing to say. */
  notPresentNote(level: number, entry: bigint): string | undefined;
  /** Why the walk ends at this level ("bit 7 (PS) ends the walk here"); for sentences about ENTRY_PAGE. */
  pageReason(level: number): string;
  /** The manual's name of the bit, for sentences: "bit 7 (PS)". */
  bitName(level: number, bit: number): string;
}

export interface PagingMode {
  readonly id: PagingModeId;
  readonly title: string;
  /** Top level first; empty when paging is off, which makes every address its own translation. */
  readonly levels: readonly PagingLevel[];
  /** Width of a virtual address in bits. */
  readonly virtualBits: number;
  /** True when the bits above must repeat the top one (a canonical address), false when they must be 0. */
  readonly signExtended: boolean;
  /** Bytes of an entry. */
  readonly entrySize: 4 | 8;
  /** Bytes; what a root must be a multiple of (a CPU keeps other things in its low bits). */
  readonly tableAlignment: number;
  readonly format: EntryFormat;
}

/** The part of a mode that the user interface draws. */
export function viewOfMode(mode: PagingMode): PagingModeView {
  const { id, title, virtualBits, entrySize, tableAlignment } = mode;
  return { id, title, virtualBits, entrySize, tableAlignment, levels: mode.levels.map((level) => ({ ...level })) };
}

/** The root as the CPU uses it: the bits of CR3 (or of what somebody typed) that select a table. */
export function alignRoot(mode: PagingMode, root: number): number {
  return root - (root % mode.tableAlignment);
}

/** Why `address` cannot be a virtual address in this mode; undefined when it can. */
export function nonCanonicalReason(mode: PagingMode, address: bigint): string | undefined {
  const { virtualBits, signExtended, title } = mode;
  const upper = signExtended ? BigInt.asIntN(64, address) >> BigInt(virtualBits - 1) : address >> BigInt(virtualBits);
  if (upper === 0n || (signExtended && upper === -1n)) return undefined;
  return signExtended
    ? `The address is not canonical: with ${title} bits 63 to ${virtualBits - 1} must all be equal.`
    : `The address is out of range: with ${title} it has ${virtualBits} bits.`;
}

/** The 64-bit form of the low `virtualBits` bits of an address. */
export function canonicalAddress(mode: PagingMode, address: bigint): bigint {
  return mode.signExtended ? BigInt.asUintN(64, BigInt.asIntN(mode.virtualBits, address)) : BigInt.asUintN(mode.virtualBits, address);
}

/** The index that a virtual address holds for one level. */
export function indexOf(level: PagingLevel, address: bigint): number {
  return Number(BigInt.asUintN(level.bits, address >> BigInt(level.shift)));
}

/** Reads the entry at GPA `address` into `memory`; entryLow and entryHigh tell it. False when the dump does not hold it. */
export function readEntry(memory: PhysicalMemory, { entrySize }: PagingMode, address: number): boolean {
  return memory.readU64(entrySize === 8 ? address : address - (address % 8));
}

/** The low half of the entry at `address` that readEntry has read. */
export function entryLow(memory: PhysicalMemory, { entrySize }: PagingMode, address: number): number {
  return entrySize === 4 && address % 8 === 4 ? memory.high : memory.low;
}

/** The high half of the entry that readEntry has read; 0 for an entry of 4 bytes. */
export function entryHigh(memory: PhysicalMemory, { entrySize }: PagingMode): number {
  return entrySize === 8 ? memory.high : 0;
}
