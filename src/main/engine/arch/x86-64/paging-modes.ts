/**
 * The paging modes of an x86 CPU as tables. How CR0, CR4 and EFER select one: paging-state.ts.
 *
 * Source: Intel SDM vol. 3A, chapter "Paging", "4-Level Paging and 5-Level Paging", "32-Bit Paging", "PAE Paging"; AMD APM vol. 2 sections 5.2, 5.3.
 * Nested ones: AMD APM vol. 2 section 15.25; Intel SDM vol. 3C, "The Extended Page Table Mechanism (EPT)".
 * Not supported: guest address-masking (LAM, UAI): bits above must be canonical. 32-bit paging with CR4.PSE clear, where bit 7 of a page directory's
 * entry would count for nothing: it is taken as set, as every kernel since the Pentium has it. PDPTE registers that differ from the table in memory.
 */
import { WorkbenchError } from '#shared/errors.ts';
import type { PagingLevel, PagingModeId } from '#shared/model/index.ts';
import type { PagingMode } from '#engine/translate/paging-mode.ts';
import { eptEntry } from './ept-entry.ts';
import { nptEntry } from './npt-entry.ts';
import { pageEntry } from './page-entry.ts';
import { pageEntry32 } from './page-entry-32.ts';
import { pageEntryPae } from './page-entry-pae.ts';

export type X86ModeId = 'x86-64-4level' | 'x86-64-5level' | 'x86-pae' | 'x86-32' | NestedModeId | 'off';
/** Tables of a second stage, which a hypervisor loads beside a guest's own. */
export type NestedModeId = 'npt-4level' | 'npt-5level' | 'ept-4level' | 'ept-5level';

const FOUR_LEVELS: readonly PagingLevel[] = [
  { level: 4, name: 'PML4', shift: 39, bits: 9 },
  { level: 3, name: 'PDPT', shift: 30, bits: 9 },
  { level: 2, name: 'PD', shift: 21, bits: 9 },
  { level: 1, name: 'PT', shift: 12, bits: 9 },
];

const LONG_MODE = { entrySize: 8, tableAlignment: 4096, upperBits: 'sign', format: pageEntry } as const;

const FIVE_LEVELS: readonly PagingLevel[] = [{ level: 5, name: 'PML5', shift: 48, bits: 9 }, ...FOUR_LEVELS];

/** The second stage translates the physical addresses of a guest, which have no sign. A hypervisor of 32 bits, whose nested tables are PAE's, is not supported. */
const NESTED = { entrySize: 8, tableAlignment: 4096, upperBits: 0n, leadsTo: 'HPA' } as const;
const NPT = { ...NESTED, format: nptEntry, belowFault: 'the CPU leaves the guest with a nested page fault (#NPF)' } as const;
const EPT = { ...NESTED, format: eptEntry, belowFault: 'the CPU leaves the guest with an EPT violation' } as const;

const MODES: Record<X86ModeId, PagingMode> = {
  'x86-64-4level': { ...LONG_MODE, id: 'x86-64-4level', title: '4-level paging', virtualBits: 48, levels: FOUR_LEVELS },
  'x86-64-5level': {
    ...LONG_MODE,
    id: 'x86-64-5level',
    title: '5-level paging',
    virtualBits: 57,
    levels: FIVE_LEVELS,
  },
  'x86-pae': {
    id: 'x86-pae',
    title: 'PAE paging (32-bit)',
    virtualBits: 32,
    upperBits: 0n,
    entrySize: 8,
    // Of the table with four entries that CR3 points to; the others are pages.
    tableAlignment: 32,
    levels: [
      { level: 3, name: 'PDPT', shift: 30, bits: 2 },
      { level: 2, name: 'PD', shift: 21, bits: 9 },
      { level: 1, name: 'PT', shift: 12, bits: 9 },
    ],
    format: pageEntryPae,
  },
  'x86-32': {
    id: 'x86-32',
    title: '32-bit paging',
    virtualBits: 32,
    upperBits: 0n,
    entrySize: 4,
    tableAlignment: 4096,
    levels: [
      { level: 2, name: 'PD', shift: 22, bits: 10 },
      { level: 1, name: 'PT', shift: 12, bits: 10 },
    ],
    format: pageEntry32,
  },
  'npt-4level': { ...NPT, id: 'npt-4level', title: 'nested paging (NPT), 4 levels', virtualBits: 48, levels: FOUR_LEVELS },
  'npt-5level': { ...NPT, id: 'npt-5level', title: 'nested paging (NPT), 5 levels', virtualBits: 57, levels: FIVE_LEVELS },
  'ept-4level': { ...EPT, id: 'ept-4level', title: 'extended page tables (EPT), 4 levels', virtualBits: 48, levels: FOUR_LEVELS },
  'ept-5level': { ...EPT, id: 'ept-5level', title: 'extended page tables (EPT), 5 levels', virtualBits: 57, levels: FIVE_LEVELS },
  // Without paging a linear address is the physical one. The A20 gate, which could clear bit 20, is not looked at.
  off: { ...LONG_MODE, id: 'off', title: 'paging off', virtualBits: 32, upperBits: 0n, levels: [] },
};

/** See Architecture.pagingMode. */
export function pagingMode(id: PagingModeId): PagingMode {
  const mode = (MODES as Record<string, PagingMode | undefined>)[id];
  if (!mode) throw new WorkbenchError('bad-request', `x86 has no paging mode ${id}`, { expected: Object.keys(MODES).join(', ') });
  return mode;
}
