/**
 * The paging modes of a POWER CPU as tables: radix trees for the lower addresses (quadrant 0) and the kernel's (quadrant 3), a hashed table, none.
 *
 * Source: Power ISA 3.0B, Book III, sections 5.7.2 (real mode), 5.7.4 (quadrants), 5.7.10 (radix), 5.7.9 (hashed).
 * Not supported: real mode with HRMOR or a virtual real mode area: real addresses are taken as they are, up to 52 bits.
 */
import { WorkbenchError } from '#shared/errors.ts';
import type { PagingLevel, PagingModeId } from '#shared/model/index.ts';
import type { PagingMode } from '#engine/translate/paging-mode.ts';
import { hashedEntry } from './hashed/hashed-entry.ts';
import { radixEntry } from './radix-entry.ts';

export type PowerModeId = 'ppc-radix' | 'ppc-radix-kernel' | 'ppc-hashed' | 'off';

/** First address of the kernel's quadrant. */
export const QUADRANT_3 = 0xc000_0000_0000_0000n;
/** Last address of the lower quadrant. */
export const QUADRANT_0_LAST = 0x3fff_ffff_ffff_ffffn;

/** Of 64 KiB pages, as most Linux kernels have them; which pages the last tables are of, the entries that lead to them say. */
const RADIX_LEVELS: readonly PagingLevel[] = [
  { level: 4, name: 'PGD', shift: 39, bits: 13 },
  { level: 3, name: 'PUD', shift: 30, bits: 9 },
  { level: 2, name: 'PMD', shift: 21, bits: 9 },
  { level: 1, name: 'PTE', shift: 16, bits: 5 },
];

const RADIX = { virtualBits: 52, entrySize: 8, bigEndian: true, tableAlignment: 65536, levels: RADIX_LEVELS, format: radixEntry } as const;

const MODES: Record<PowerModeId, PagingMode> = {
  'ppc-radix': { ...RADIX, id: 'ppc-radix', title: 'radix tree', upperBits: 0n },
  'ppc-radix-kernel': { ...RADIX, id: 'ppc-radix-kernel', title: 'radix tree (kernel)', upperBits: QUADRANT_3 },
  'ppc-hashed': {
    id: 'ppc-hashed',
    title: 'hashed page table',
    virtualBits: 64,
    upperBits: 0n,
    entrySize: 8,
    bigEndian: true,
    tableAlignment: 128,
    // Of 256 MiB segments and 4 KiB pages: the others differ.
    levels: [
      { level: 2, name: 'SLB', shift: 28, bits: 36 },
      { level: 1, name: 'PTEG', shift: 12, bits: 16 },
    ],
    format: hashedEntry,
  },
  off: { ...RADIX, id: 'off', title: 'real mode', upperBits: 0n, levels: [] },
};

/** See Architecture.pagingMode. */
export function pagingMode(id: PagingModeId): PagingMode {
  const mode = (MODES as Record<string, PagingMode | undefined>)[id];
  if (!mode) throw new WorkbenchError('bad-request', `POWER has no paging mode ${id}`, { expected: Object.keys(MODES).join(', ') });
  return mode;
}
