/**
 * What translation control registers say of the tables: from TCR_ELx, VTCR_EL2 and TTBRs to modes and roots.
 *
 * Source: Arm Architecture Reference Manual for A-profile (DDI 0487J), D19.2: TCR_EL1, TCR_EL2, TCR_EL3, VTCR_EL2, TTBR0_EL1; D8.2.
 */
import type { CpuState } from '../cpu-state.ts';
import { bitOf, fieldOf } from './bit-values.ts';
import type { DescriptorUse, GranuleSize } from './descriptor.ts';
import { FEWEST_BITS, MOST_BITS, modeId, pagingMode, type ModeParts } from './paging-modes.ts';

/** Where a control register keeps what it says of one table. */
export interface ControlFields {
  size: number;
  granule: number;
  /** Granule in KiB by value of the field. */
  granules: readonly (GranuleSize | undefined)[];
  disable?: number;
  tagged: number;
  flat: number;
  /** Width of physical addresses: 3 bits. */
  physical: number;
  lpa2: number;
}

const LOWER_GRANULES = [4, 64, 16, undefined] as const;
const UPPER_GRANULES = [undefined, 16, 4, 64] as const;

/** TCR_EL1, and TCR_EL2 with HCR_EL2.E2H. */
export const LOWER_HALF: ControlFields = { size: 0, granule: 14, granules: LOWER_GRANULES, disable: 7, tagged: 37, flat: 41, physical: 32, lpa2: 59 };
export const UPPER_HALF: ControlFields = {
  size: 16,
  granule: 30,
  granules: UPPER_GRANULES,
  disable: 23,
  tagged: 38,
  flat: 42,
  physical: 32,
  lpa2: 59,
};
/** TCR_EL3, and TCR_EL2 without E2H. */
export const ONE_TABLE: ControlFields = { size: 0, granule: 14, granules: LOWER_GRANULES, tagged: 20, flat: 24, physical: 16, lpa2: 32 };

export interface TableControl {
  parts: ModeParts;
  /** Roots have 52 bits. */
  wideRoot: boolean;
  /** EPD: the half is not translated. */
  disabled: boolean;
  /** TBI: bits 63 to 56 of an address do not count. */
  tagged: boolean;
}

/** PA size of 52 bits. */
const PHYSICAL_52 = 6;

/** Undefined where the dump does not tell width and granule. `bigEndian`: SCTLR.EE. */
export function controlOf(
  state: CpuState,
  register: string,
  fields: ControlFields,
  use: DescriptorUse,
  bigEndian: boolean,
): TableControl | undefined {
  const size = fieldOf(state, register, fields.size, 6);
  const selected = fieldOf(state, register, fields.granule, 2);
  const granule = selected === undefined ? undefined : (fields.granules[selected] ?? 4);
  if (size === undefined || granule === undefined) return undefined;
  const lpa2 = granule !== 64 && bitOf(state, register, fields.lpa2) === true;
  const most = lpa2 || granule === 64 ? MOST_BITS : 48;
  const bits = Math.min(most, Math.max(FEWEST_BITS + (granule === 64 ? 1 : 0), 64 - size));
  const flat = bitOf(state, register, fields.flat) === true;
  const parts: ModeParts = { use, granule, bits, lpa2, flat, bigEndian, upper: fields === UPPER_HALF };
  return {
    parts,
    wideRoot: lpa2 || (granule === 64 && fieldOf(state, register, fields.physical, 3) === PHYSICAL_52),
    disabled: fields.disable !== undefined && bitOf(state, register, fields.disable) === true,
    tagged: bitOf(state, register, fields.tagged) === true,
  };
}

/** By value of VTCR_EL2.SL0. */
const STAGE_2_START: Readonly<Record<GranuleSize, readonly number[]>> = { 4: [2, 1, 0, 3], 16: [3, 2, 1, 0], 64: [3, 2, 1, 0] };

/** Of VTCR_EL2. */
export function stage2Control(state: CpuState, bigEndian: boolean): TableControl | undefined {
  const register = 'vtcr_el2';
  const size = fieldOf(state, register, 0, 6);
  const start = fieldOf(state, register, 6, 2);
  const granule = LOWER_GRANULES[fieldOf(state, register, 14, 2) ?? 0] ?? 4;
  if (size === undefined || start === undefined) return undefined;
  const lpa2 = granule !== 64 && bitOf(state, register, 32) === true;
  // SL2 is for 4 KiB with LPA2 alone, with SL0 = 0.
  const level = lpa2 && granule === 4 && bitOf(state, register, 33) === true ? -1 : (STAGE_2_START[granule][start] ?? 0);
  const bits = Math.min(lpa2 || granule === 64 ? MOST_BITS : 48, Math.max(FEWEST_BITS, 64 - size));
  return {
    parts: { use: 'stage-2', granule, bits, lpa2, bigEndian, start: level },
    wideRoot: lpa2 || (granule === 64 && fieldOf(state, register, 16, 3) === PHYSICAL_52),
    disabled: false,
    tagged: false,
  };
}

/** The table's address in a TTBR, without what else stands there: ASID or VMID, CnP. Null where the dump does not hold it. */
export function rootOf(state: CpuState, register: string, { parts, wideRoot }: TableControl): number | null {
  const value = state.registers[register]?.value;
  if (value === undefined) return null;
  const low = value & 0xffff_ffff_fffen & (wideRoot ? ~0x3fn : ~0n);
  const high = wideRoot ? ((value >> 2n) & 15n) << 48n : 0n;
  const root = Number(low | high);
  return root - (root % pagingMode(modeId(parts)).tableAlignment);
}
