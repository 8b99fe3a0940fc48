/**
 * The paging modes of an x86 CPU in long mode, as tables, and how CR0, CR4 and EFER select one.
 *
 * Source: Intel SDM vol. 3A, chapter "Paging", "4-Level Paging and 5-Level Paging"; AMD APM vol. 2 section 5.3.
 * Not supported yet: 32-bit and PAE paging (they are recognised); guest address-masking (LAM, UAI): bits above must be canonical.
 */
import { WorkbenchError } from '#shared/errors.ts';
import type { PagingLevel, PagingModeId } from '#shared/model/index.ts';
import type { PagingMode } from '#engine/translate/paging-mode.ts';
import { pageEntry } from './page-entry.ts';

const FOUR_LEVELS: readonly PagingLevel[] = [
  { level: 4, name: 'PML4', shift: 39, bits: 9 },
  { level: 3, name: 'PDPT', shift: 30, bits: 9 },
  { level: 2, name: 'PD', shift: 21, bits: 9 },
  { level: 1, name: 'PT', shift: 12, bits: 9 },
];

const LONG_MODE = { entrySize: 8, tableAlignment: 4096, signExtended: true, format: pageEntry } as const;

const MODES: Partial<Record<PagingModeId, PagingMode>> = {
  'x86-64-4level': { ...LONG_MODE, id: 'x86-64-4level', title: '4-level paging', virtualBits: 48, levels: FOUR_LEVELS },
  'x86-64-5level': {
    ...LONG_MODE,
    id: 'x86-64-5level',
    title: '5-level paging',
    virtualBits: 57,
    levels: [{ level: 5, name: 'PML5', shift: 48, bits: 9 }, ...FOUR_LEVELS],
  },
  // Without paging a linear address is the physical one. The A20 gate, which could clear bit 20, is not looked at.
  off: { ...LONG_MODE, id: 'off', title: 'paging off', virtualBits: 32, signExtended: false, levels: [] },
};

const TITLES: Record<PagingModeId, string> = {
  'x86-64-4level': '4-level paging',
  'x86-64-5level': '5-level paging',
  'x86-pae': 'PAE paging (32-bit)',
  'x86-32': '32-bit paging',
  off: 'paging off',
};

export function pagingModeTitle(id: PagingModeId): string {
  return TITLES[id];
}

/** Throws WorkbenchError `unsupported` for the 32-bit modes. */
export function pagingMode(id: PagingModeId): PagingMode {
  const mode = MODES[id];
  if (mode === undefined)
    throw new WorkbenchError('unsupported', `${TITLES[id]} is not supported yet: only 4-level and 5-level paging can be walked`);
  return mode;
}
