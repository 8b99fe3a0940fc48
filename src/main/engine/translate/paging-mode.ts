/**
 * Paging modes as tables: which bits of a virtual address index which table, and one entry decoder per entry format.
 *
 * The walk stepper, the fast translator, the mapping lists and the table view read nothing else, so a CPU family adds a mode by adding
 * a table (arch/<cpu>/paging-modes.ts). Entries travel as two unsigned 32-bit halves: `bigint` is an order of magnitude slower.
 *
 * Not supported: modes whose levels differ in entry size.
 */
import { formatAddress } from '#shared/address-text.ts';
import type { BitField, Mapping, PagingLevel, PagingModeId, PagingModeView, Rights, WalkResult, WalkStep } from '#shared/model/index.ts';
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
/** For CPUs on which user mode and kernel mode have an execute right each: that of kernel mode, RIGHT_EXECUTE being that of user mode. */
export const RIGHT_EXECUTE_PRIVILEGED = 8;
export const RIGHTS_ALL = 15;

export function rightsOf(bits: number): Rights {
  const executable = (bits & (RIGHT_EXECUTE | RIGHT_EXECUTE_PRIVILEGED)) !== 0;
  return { writable: (bits & RIGHT_WRITE) !== 0, user: (bits & RIGHT_USER) !== 0, executable };
}

/** What a CPU's registers say about its page tables, besides mode and root. */
export interface PagingOptions {
  /** True when the CPU is known to have no-execute protection off (x86: EFER.NXE is 0): the no-execute bit is then a reserved one. */
  noExecuteOff?: boolean;
  /** Bit of every entry that is none of its address: encryption-bit.ts. */
  encryptionBit?: number;
  /** Entries that the top table has, where it is not a whole one; `last` inclusive. */
  topRange?: { first: number; last: number };
  /** True when the CPU ignores bits 63 to 56 of an address in these tables; bit 55 then stands for all of them (AArch64: TCR_ELx.TBI). */
  topByteIgnored?: boolean;
  /** How many of an address's top bits the CPU takes for 0 (POWER in real mode). */
  topBitsIgnored?: number;
  /** With two stages of translation: what the addresses in these tables, and those that they lead to, go through. */
  below?: StageTable;
  /** For CPUs that exchange the first addresses with those elsewhere (prefixing.ts): where, as a GPA. */
  prefix?: number;
  /** What sentences call the addresses that these tables lead to, where they are not the GPAs of a guest: those of the host under it. */
  leadsTo?: 'HPA';
  /** For tables that are no tree of levels: what the walkers ask instead of reading levels. */
  lookup?: TableLookup;
}

/** Tables that are no tree of levels, such as a hashed page table: the walkers leave everything to the CPU family. There is nothing below such tables. */
export interface TableLookup {
  /** As walk(). */
  walk(memory: PhysicalMemory, address: bigint): Generator<WalkStep, WalkResult, undefined>;
  /** The same answer, faster. */
  find(memory: PhysicalMemory, address: bigint): FoundPage | Extract<WalkResult, { kind: 'fault' }>['reason'];
  /** Every page from the one that holds `from` on, in ascending order of virtual addresses. */
  pages(memory: PhysicalMemory, from: bigint): Iterable<Mapping>;
}

export interface FoundPage {
  physical: number;
  /** Bytes. */
  pageSize: number;
  /** RIGHT_… bits. */
  rights: number;
  /** What EntryFormat.flagNames gets, of level 1. */
  low: number;
  high: number;
}

/** Tables that can be walked. */
export interface StageTable {
  mode: PagingMode;
  /** GPA of the top table; null when the dump does not hold the register. */
  root: number | null;
  /** Where the root comes from: "TTBR1_EL1 of CPU 0", "typed in". */
  source: string;
  options: PagingOptions;
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
  rights(low: number, high: number, level: number, noExecuteOff: boolean): number;
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
  /** Whether an entry that is not present is one that nobody uses, where that is not 0 alone. Does not allocate. */
  isEmpty?(level: number, low: number, high: number): boolean;
  /** Why the entry is not present, for sentences; without it, "bit 0 (P) is clear". */
  notPresentReason?(level: number, entry: bigint): string;
  /** What the CPU does about a reserved bit, for sentences; without it, "the CPU raises a page fault (reserved bit)". */
  readonly reservedConsequence?: string;
  /** What is wrong with an ENTRY_RESERVED, after "PT[3]", where it is not that a bit should be 0. */
  reservedReason?(level: number, entry: bigint): string | undefined;
  /**
   * For formats where several entries in a row, all of the same value, make one larger page: the page's size in bytes as a power of two, at least that of the level's pages. `target` is then the
   * larger page's first byte. Does not allocate.
   */
  pageShift?(level: number, low: number, high: number): number;
  /** What the CPU does about an address that a table is too short for, for sentences: "the CPU raises a segment-translation exception". */
  outsideConsequence?(level: number): string;
  /** For families whose entries tell how much of a table there is: the first and the last entry of the table that an ENTRY_TABLE leads to, as first * 65536 + last. Does not allocate. */
  nextRange?(level: number, low: number, high: number): number;
  /**
   * For families whose entries tell how large the next table is: the lowest bit of the virtual address that indexes the table that an ENTRY_TABLE leads to; its other bits go up to those of the table
   * that the entry stands in. The mode's `levels` then say what is usual. Does not allocate.
   */
  nextShift?(level: number, low: number, high: number): number;
}

export interface PagingMode {
  readonly id: PagingModeId;
  readonly title: string;
  /** Top level first; empty when paging is off, which makes every address its own translation. */
  readonly levels: readonly PagingLevel[];
  /** Width of a virtual address in bits. */
  readonly virtualBits: number;
  /** What the bits above must be: copies of the top one (a canonical address), or the same bits of this address. */
  readonly upperBits: 'sign' | bigint;
  /** Bytes of an entry. */
  readonly entrySize: 4 | 8;
  /** True where entries are stored with their first byte highest. */
  readonly bigEndian?: boolean;
  /** Bytes; what a root must be a multiple of (a CPU keeps other things in its low bits). */
  readonly tableAlignment: number;
  readonly format: EntryFormat;
  /** What the CPU does about an address that cannot be one, for sentences: "the CPU raises an ASCE-type exception". */
  readonly impossibleConsequence?: string;
  /** As PagingOptions.leadsTo, of tables that lead to nothing else. */
  readonly leadsTo?: 'HPA';
  /** Of a second stage: what the CPU does when it does not translate an address, for sentences: "the CPU raises a guest-page fault". */
  readonly belowFault?: string;
}

/** The part of a mode that the user interface draws. */
export function viewOfMode(mode: PagingMode): PagingModeView {
  const { id, title, virtualBits, upperBits, entrySize, tableAlignment } = mode;
  return { id, title, virtualBits, upperBits, entrySize, tableAlignment, levels: mode.levels.map((level) => ({ ...level })) };
}

/** The root as the CPU uses it: the bits of CR3 (or of what somebody typed) that select a table. */
export function alignRoot(mode: PagingMode, root: number): number {
  return root - (root % mode.tableAlignment);
}

/** Why `address` cannot be a virtual address in this mode; undefined when it can. */
export function nonCanonicalReason(mode: PagingMode, address: bigint): string | undefined {
  const { virtualBits, upperBits, title, impossibleConsequence } = mode;
  if (canonicalAddress(mode, address) === address) return undefined;
  if (upperBits === 'sign') return `The address is not canonical: with ${title} bits 63 to ${virtualBits - 1} must all be equal.`;
  if (upperBits === 0n)
    return `The address is out of range: with ${title} it has ${virtualBits} bits${impossibleConsequence === undefined ? '' : `, and ${impossibleConsequence}`}.`;
  return `The address is out of range: with ${title} addresses begin at ${formatAddress(upperBits)} and have ${virtualBits} bits.`;
}

/** The 64-bit form of the low `virtualBits` bits of an address. */
export function canonicalAddress(mode: PagingMode, address: bigint): bigint {
  const { virtualBits, upperBits } = mode;
  if (upperBits === 'sign') return BigInt.asUintN(64, BigInt.asIntN(virtualBits, address));
  return upperBits | BigInt.asUintN(virtualBits, address);
}

/** The level of the table that an ENTRY_TABLE leads to. `above`: the level that it stands in, as it is; `depth`: its place in `levels`. Undefined below the last level. */
export function nextLevel({ levels, format }: PagingMode, depth: number, above: PagingLevel, low: number, high: number): PagingLevel | undefined {
  const usual = levels[depth + 1];
  if (usual === undefined || format.nextShift === undefined) return usual;
  const shift = format.nextShift(above.level, low, high);
  return { ...usual, shift, bits: above.shift - shift };
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
export function entryLow(memory: PhysicalMemory, { entrySize, bigEndian }: PagingMode, address: number): number {
  const half = entrySize === 4 && address % 8 === 4 ? memory.high : memory.low;
  if (bigEndian !== true) return half;
  return swapBytes(entrySize === 8 ? memory.high : half);
}

/** The high half of the entry that readEntry has read; 0 for an entry of 4 bytes. */
export function entryHigh(memory: PhysicalMemory, { entrySize, bigEndian }: PagingMode): number {
  if (entrySize === 4) return 0;
  return bigEndian === true ? swapBytes(memory.low) : memory.high;
}

/** The four bytes of an unsigned number in the other order. */
export function swapBytes(value: number): number {
  return ((value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;
}
