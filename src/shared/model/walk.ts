/** A page walk as data: the visualizer, the command line, the tests and the exporter consume the same steps. */
import type { BitField, PagingModeId } from './registers.ts';
import type { MemoryState } from './memory.ts';

/** Which tables a walk starts from. */
export type RootChoice =
  /** Without a regime (CpuPaging.id), the one that the CPU executes under. */
  | { kind: 'cpu'; cpu: number; regime?: string }
  /**
   * A root typed in: GPA of the top table. Without a mode that of CPU 0 is taken. With a regime, which must be one of two stages of translation: the root is an address that the second stage of that
   * regime of CPU 0 translates, as all that the tables lead to.
   */
  | { kind: 'root'; root: number; mode?: PagingModeId; regime?: string };

/** Page tables that were found for a dump whose CPUs do not say where theirs are. */
export interface RootCandidate {
  /** GPA of the top table; with `mode`, a RootChoice. */
  root: number;
  mode: PagingModeId;
  modeTitle: string;
  /** "The kernel's page tables (swapper_pg_dir)", "Page tables found at 0x1234000". */
  title: string;
  /** What shows it. */
  evidence: string;
}

export interface RootSearch {
  /** Best first; empty when nothing was found. */
  candidates: RootCandidate[];
  /** True when the CPUs now have roots, as registers that are inferred: getCpus and describeDump tell more than before. */
  completed: boolean;
}

/** One level of a paging mode. */
export interface PagingLevel {
  /** 5 down to 1. */
  level: number;
  /** PML5, PML4, PDPT, PD, PT. */
  name: string;
  /** Lowest bit of the virtual address that indexes this table, and how many. */
  shift: number;
  bits: number;
}

export interface PagingModeView {
  id: PagingModeId;
  title: string;
  /** Top level first. */
  levels: PagingLevel[];
  /** Width of a virtual address in bits: 32, 48 or 57. */
  virtualBits: number;
  /** What the bits above those must be: copies of the top one (a canonical address), or the same bits of this address. */
  upperBits: 'sign' | bigint;
  /** Bytes: 4 or 8. */
  entrySize: number;
  /** Bytes; what a root is a multiple of. */
  tableAlignment: number;
}

/** What the CPU concludes from an entry. */
export type StepConclusion =
  | { kind: 'table'; next: number }
  | { kind: 'page'; physical: number; pageStart: number; pageSize: number }
  /** Bit 0 is clear. */
  | { kind: 'not-present'; note?: string }
  /** Present, but a bit that must be 0 is set. */
  | { kind: 'reserved'; bits: number[] }
  /** The table is not in the dump, so the entry could not be read. */
  | { kind: 'table-missing'; state: MemoryState }
  /** The index is outside of the entries that the table has, as the entry or register that points to it says; `last` inclusive. */
  | { kind: 'outside-table'; first: number; last: number }
  /** The second stage does not translate `entryAddress`: see WalkStep.below. The entry could not be read. */
  | { kind: 'below-fault' };

/** The rights of a page are those that every level gives. */
export interface Rights {
  writable: boolean;
  user: boolean;
  executable: boolean;
}

export interface WalkStep {
  level: number;
  levelName: string;
  /** GPA of the table. */
  table: number;
  /** Index into the table, and the bits of the address it was cut from (inclusive). */
  index: number;
  indexHighBit: number;
  indexLowBit: number;
  /** GPA of the entry. */
  entryAddress: number;
  /** Null when the table is missing. */
  entry: bigint | null;
  /** Every bit of the entry with its name and meaning here. */
  flags: BitField[];
  conclusion: StepConclusion;
  /** The rights that the entry gives, alone; absent for one that leads nowhere. */
  allows?: Rights;
  /** What the CPU does with it, in a sentence. */
  sentence: string;
  /**
   * With two stages of translation: the walk of `entryAddress` through the tables below. `table`, `entryAddress` and the addresses in `conclusion` are then addresses that
   * the second stage translates.
   */
  below?: Walk;
}

/** Where a byte of a guest lay in the process that ran it. */
export interface HostPlace {
  /** HVA. */
  address: bigint;
  /** Name of the RAM block. */
  block: string;
  /** Offset in the dump's file; null where the dump does not hold the byte, or not as it is. */
  fileOffset: number | null;
}

export type WalkResult =
  | {
      kind: 'page';
      physical: number;
      pageStart: number;
      pageSize: number;
      /** Names of the set flags of the leaf entry: P RW US PWT PCD A D PS G PAT NX. */
      flags: string[];
      /** Rights after every level has had its say. */
      effective: Rights;
      /** With two stages of translation: the walk of the address that the first stage ends at. `physical` is its result, `pageSize` that of the smaller page, `effective` what both give. */
      below?: Walk;
      /** Of a dump that knows host addresses: where `physical` lay. */
      host?: HostPlace;
      /** Whether the dump holds the byte at `physical`. */
      state: MemoryState;
      sentence: string;
    }
  | {
      kind: 'fault';
      /** `non-canonical`, `not-present`, `reserved-bit`, `table-missing`, `paging-off-range`. */
      reason: 'non-canonical' | 'not-present' | 'reserved-bit' | 'table-missing' | 'no-root' | 'outside-table';
      /** When it is the second stage that fails: its walk, of an entry's address or of the page's. `reason` is why it fails. */
      below?: Walk;
      sentence: string;
    };

export interface Walk {
  address: bigint;
  mode: PagingModeView;
  /** GPA of the top table; null where the dump does not hold the register that says so. With two stages of translation an address that the second translates. */
  root: number | null;
  /** "CR3 of CPU 0", "typed in". */
  rootSource: string;
  steps: WalkStep[];
  result: WalkResult;
}

/** A walk cut down to its answer. */
export type Translation =
  | { address: bigint; physical: number; pageSize: number; flags: string[]; /** HVA, of a dump that knows host addresses. */ host?: bigint }
  | { address: bigint; physical: null; reason: string };

/** One entry of a page table among its neighbours. */
export interface TableEntry {
  index: number;
  entry: bigint;
  /** `page` for a leaf; `missing` when the dump does not hold the entry. */
  kind: 'not-present' | 'table' | 'page' | 'reserved' | 'missing';
  /** GPA of the next table or the page; null for not-present and missing. */
  target: number | null;
  /** Names of set flags. */
  flags: string[];
  /** First virtual address that the entry covers. */
  virtual: bigint;
}

export interface PageTableView {
  table: number;
  level: number;
  levelName: string;
  entries: TableEntry[];
}

/** A stretch of virtual addresses that is mapped contiguously with the same rights. */
export interface Mapping {
  start: bigint;
  /** Inclusive. */
  last: bigint;
  physical: number;
  pageSize: number;
  flags: string[];
  effective: Rights;
}
