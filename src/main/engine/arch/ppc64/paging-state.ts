/**
 * What a CPU's registers say about its mode and its page tables.
 *
 * Source: Power ISA 3.0B, Book III, sections 3.2.1 (MSR), 5.7.2 to 5.7.6. With radix trees the top two bits of an address tell its quadrant: 0 is the process of PIDR, 3 process 0, the
 * kernel. 1 and 2 reach guests' addresses from the hypervisor and are not walked; elsewhere they are invalid.
 */
import { formatAddress, groupedHex } from '#shared/address-text.ts';
import { VIRTUAL_LAST } from '#shared/units.ts';
import type { Regime, RegimeTable } from '../architecture.ts';
import type { CpuState } from '../cpu-state.ts';
import { HashedLookup } from './hashed/lookup.ts';
import { segmentsOf } from './hashed/segments.ts';
import { MemoryTable, SavedTable, type EntryReader } from './hashed/table.ts';
import { QUADRANT_0_LAST, QUADRANT_3 } from './paging-modes.ts';
import { RADIX_TREE } from './process-table.ts';

/** In real mode bits 0 to 3 of an address count for nothing. */
const REAL_IGNORED_BITS = 4;
const LPCR_HR = 1n << 20n;
const GUEST_RADIX = 1n << 63n;
const ROOT = 0x0fff_ffff_ffff_ff00n;
/** RTS and RPDS. */
const TREE_FORM = (3n << 61n) | (7n << 5n) | 31n;
const TABLE_ORIGIN = 0x0fff_ffff_fffc_0000n;

/** A bit of MSR by the manual's number; undefined where the dump does not hold it. */
export function msrBit({ registers }: CpuState, bit: number): boolean | undefined {
  return registers.msr && ((registers.msr.value >> BigInt(63 - bit)) & 1n) === 1n;
}

/** Undefined where nothing tells. */
export function usesRadix({ registers }: CpuState): boolean | undefined {
  const { patb_entry: partition, prtb_entry0: kernel, lpcr, pvr } = registers;
  if (partition !== undefined) return (partition.value & GUEST_RADIX) !== 0n;
  if (kernel !== undefined) return true;
  if (lpcr === undefined) return undefined;
  // Older CPUs have no such bit.
  return (lpcr.value & LPCR_HR) !== 0n && (pvr === undefined || pvr.value >> 16n >= 0x4en);
}

/** Real addresses first where data addresses are not translated: what the tables say is still there. */
export function regimesOf(state: CpuState): [Regime, ...Regime[]] {
  const translated = usesRadix(state) === false ? hashedRegime(state) : radixRegime(state);
  if (msrBit(state, 59) !== false) return [translated];
  const options = { topBitsIgnored: REAL_IGNORED_BITS };
  const table: RegimeTable = { register: 'MSR', mode: 'off', root: null, first: 0n, last: VIRTUAL_LAST, options };
  return [{ id: 'real', title: 'Real addresses', tables: [table], reason: 'MSR.DR is clear: data is accessed at real addresses' }, translated];
}

function radixRegime(state: CpuState): Regime {
  const { prtb_entry: process, prtb_entry0: kernel } = state.registers;
  const known = usesRadix(state);
  const how = known === undefined ? 'assumed: the dump does not tell how addresses are translated' : 'radix trees';
  return {
    id: 'radix',
    title: 'Effective addresses',
    tables: [
      { register: 'PRTB', mode: 'ppc-radix', root: rootOf(process?.value), first: 0n, last: QUADRANT_0_LAST },
      { register: 'PRTB0', mode: 'ppc-radix-kernel', root: rootOf(kernel?.value), first: QUADRANT_3, last: VIRTUAL_LAST },
    ],
    reason: `${how}; ${entryWords('the process', process?.value)}; ${entryWords('the kernel', kernel?.value)}`,
  };
}

function entryWords(whose: string, entry: bigint | undefined): string {
  if (entry === undefined) return `the dump does not hold the process table entry of ${whose}`;
  const form = rootOf(entry) === null ? ', which is no tree that CPUs support' : '';
  return `process table entry of ${whose} ${groupedHex(entry, 16)}${form}`;
}

/** Null for an entry of which no tree can be walked. */
function rootOf(entry: bigint | undefined): number | null {
  if (entry === undefined || (entry & TREE_FORM) !== RADIX_TREE) return null;
  return Number(entry & ROOT);
}

function hashedRegime(state: CpuState): Regime {
  const segments = segmentsOf(state);
  const table = tableOf(state);
  const lookup = table && new HashedLookup(segments, table);
  const where =
    table === undefined
      ? 'the dump does not hold the hashed page table'
      : table.start === 0
        ? 'the table is in section spapr/htab'
        : `the table is at ${formatAddress(table.start)}`;
  return {
    id: 'hashed',
    title: 'Effective addresses',
    tables: [
      { register: 'SLB', mode: 'ppc-hashed', root: table?.start ?? null, first: 0n, last: VIRTUAL_LAST, ...(lookup ? { options: { lookup } } : {}) },
    ],
    reason: `${segments.length} segments in the SLB, hashed page table; ${where}`,
  };
}

function tableOf({ hashTable, registers }: CpuState): EntryReader | undefined {
  if (hashTable) return new SavedTable(hashTable);
  // The first doubleword of a partition's entry has the form of SDR1.
  const { patb_tree: partition, sdr1 } = registers;
  const place = partition?.value ?? sdr1?.value ?? 0n;
  const origin = Number(place & TABLE_ORIGIN);
  return origin === 0 ? undefined : new MemoryTable(origin, Math.min(46, Number(place & 31n) + 18), partition !== undefined);
}

/** "64-bit kernel, little-endian, radix trees, halted" */
export function modeLine(state: CpuState): string {
  const wide = msrBit(state, 0);
  if (wide === undefined) return state.halted === true ? 'mode unknown, halted' : 'mode unknown';
  const parts = [`${wide ? '64' : '32'}-bit ${levelOf(state)}`, msrBit(state, 63) ? 'little-endian' : 'big-endian'];
  if (msrBit(state, 59) === false) parts.push('real mode');
  else {
    const radix = usesRadix(state);
    if (radix !== undefined) parts.push(radix ? 'radix trees' : 'hashed page table');
  }
  if (state.halted === true) parts.push('halted');
  return parts.join(', ');
}

function levelOf(state: CpuState): string {
  if (msrBit(state, 49)) return 'user';
  return msrBit(state, 3) ? 'hypervisor' : 'kernel';
}
