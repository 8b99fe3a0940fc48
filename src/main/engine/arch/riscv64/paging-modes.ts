/**
 * The paging modes of a RISC-V CPU as tables. How satp, vsatp and hgatp select one: regimes.ts.
 *
 * Source: RISC-V Privileged Architecture (20240411), "Sv32", "Sv39", "Sv48", "Sv57", and "Guest Physical Address Translation and Protection": the second stage's top table is four times as large and aligned to its
 * 16 KiB, and its addresses have two more bits and are not sign-extended. Tables are named by the manual's level: L0 maps the smallest pages.
 */
import { WorkbenchError } from '#shared/errors.ts';
import type { PagingLevel, PagingModeId } from '#shared/model/index.ts';
import type { PagingMode } from '#engine/translate/paging-mode.ts';
import { entryFormat } from './page-entry.ts';

export type RiscvModeId = 'sv39' | 'sv48' | 'sv57' | 'sv39x4' | 'sv48x4' | 'sv57x4' | 'sv32' | 'sv32x4' | 'off';

function levels(count: number, wide: boolean): PagingLevel[] {
  const bits = wide ? 9 : 10;
  return Array.from({ length: count }, (_, n) => {
    const level = count - n;
    return { level, name: `L${level - 1}`, shift: 12 + bits * (level - 1), bits };
  });
}

function firstStage(id: RiscvModeId, title: string, count: number, wide = true): PagingMode {
  const virtualBits = wide ? 12 + 9 * count : 32;
  const form = { id, title, virtualBits, levels: levels(count, wide), tableAlignment: 4096, format: entryFormat({ wide, second: false }) };
  return wide ? { ...form, upperBits: 'sign', entrySize: 8 } : { ...form, upperBits: 0n, entrySize: 4 };
}

/** Two more bits of the address index the top table. */
function secondStage(id: RiscvModeId, { title, virtualBits, levels: [top, ...others], entrySize }: PagingMode): PagingMode {
  if (!top) throw new Error('assertion failed: a mode with a second stage has levels');
  return {
    id,
    title: `${title}x4 (second stage)`,
    virtualBits: virtualBits + 2,
    upperBits: 0n,
    entrySize,
    levels: [{ ...top, bits: top.bits + 2 }, ...others],
    tableAlignment: 16384,
    format: entryFormat({ wide: entrySize === 8, second: true }),
    belowFault: 'the CPU raises a guest-page fault, which goes to the hypervisor',
  };
}

const SV32 = firstStage('sv32', 'Sv32', 2, false);
const SV39 = firstStage('sv39', 'Sv39', 3);
const SV48 = firstStage('sv48', 'Sv48', 4);
const SV57 = firstStage('sv57', 'Sv57', 5);

const MODES: Record<RiscvModeId, PagingMode> = {
  sv32: SV32,
  sv39: SV39,
  sv48: SV48,
  sv57: SV57,
  sv32x4: secondStage('sv32x4', SV32),
  sv39x4: secondStage('sv39x4', SV39),
  sv48x4: secondStage('sv48x4', SV48),
  sv57x4: secondStage('sv57x4', SV57),
  // Physical addresses have up to 56 bits; dumps, and the numbers here, end at 52.
  off: { ...SV39, id: 'off', title: 'Bare', virtualBits: 52, upperBits: 0n, levels: [] },
};

/** See Architecture.pagingMode. */
export function pagingMode(id: PagingModeId): PagingMode {
  const mode = (MODES as Record<string, PagingMode | undefined>)[id];
  if (!mode) throw new WorkbenchError('bad-request', `RISC-V has no paging mode ${id}`, { expected: Object.keys(MODES).join(', ') });
  return mode;
}
