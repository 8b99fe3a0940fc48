/**
 * The paging modes of an AArch64 CPU. There are some hundred: granule × width × half × layout, so an id says what is meant:
 *
 *   arm64-4k-48            4 KiB granule, 48 bits, the lower half of a regime with two (TTBR0_EL1)
 *   arm64-64k-52-upper     its upper half (TTBR1_EL1)
 *   arm64-one-4k-39        a regime with one table (TTBR0_EL2 without E2H, TTBR0_EL3)
 *   arm64-s2-4k-40-l1      stage 2, starting at level 1 with up to 16 concatenated tables (VTTBR_EL2)
 *
 * followed, in this order, by `-lpa2` (TCR.DS; follows from more than 48 bits with 4 and 16 KiB), `-hpd` (hierarchical permissions are off), `-be` (tables are big-endian: SCTLR.EE).
 *
 * Source: Arm Architecture Reference Manual for A-profile (DDI 0487J), D8.2 "Translation process" (granules, start levels, concatenation).
 */
import { WorkbenchError } from '#shared/errors.ts';
import type { PagingLevel, PagingModeId } from '#shared/model/index.ts';
import type { PagingMode } from '#engine/translate/paging-mode.ts';
import { descriptorFormat, GRANULE_SHIFT, manualLevel, type DescriptorUse, type GranuleSize } from './descriptor.ts';

export interface ModeParts {
  use: DescriptorUse;
  granule: GranuleSize;
  /** Width of an address. */
  bits: number;
  upper?: boolean;
  lpa2?: boolean;
  flat?: boolean;
  bigEndian?: boolean;
  /** Stage 2: the manual's number of the first level. */
  start?: number;
}

/** `aarch32` is the 32-bit family's: its modes have ids of their own. */
const USES: Readonly<Record<DescriptorUse, string>> = { two: 'arm64', one: 'arm64-one', aarch32: 'arm64', 'stage-2': 'arm64-s2' };

/** Most bits of an address; those beyond 48 need LPA2 or FEAT_LVA. */
export const MOST_BITS = 52;
/** Fewest, with FEAT_TTST; without it 25. */
export const FEWEST_BITS = 16;

const impliesLpa2 = ({ granule, bits }: ModeParts): boolean => granule !== 64 && bits > 48;

export function modeId(parts: ModeParts): PagingModeId {
  const { use, granule, bits, upper, lpa2, flat, bigEndian, start } = parts;
  const level = start === undefined ? '' : `-l${start}`;
  const wide = lpa2 === true && granule !== 64 && !impliesLpa2(parts);
  return `${USES[use]}-${granule}k-${bits}${level}${upper === true ? '-upper' : ''}${wide ? '-lpa2' : ''}${flat === true ? '-hpd' : ''}${bigEndian === true ? '-be' : ''}`;
}

const ID = /^arm64(-one|-s2)?-(4|16|64)k-(\d\d)(?:-l(-?\d))?(-upper)?(-lpa2)?(-hpd)?(-be)?$/;

/** Undefined for an id that is none. */
export function partsOfMode(id: PagingModeId): ModeParts | undefined {
  const match = ID.exec(id);
  if (!match) return undefined;
  const [, regime, granule, digits, level, upper, lpa2, flat, bigEndian] = match;
  const use: DescriptorUse = regime === '-s2' ? 'stage-2' : regime === '-one' ? 'one' : 'two';
  const parts: ModeParts = { use, granule: Number(granule) as GranuleSize, bits: Number(digits) };
  if (parts.bits < FEWEST_BITS || parts.bits > MOST_BITS || (use === 'stage-2') !== (level !== undefined)) return undefined;
  if (upper !== undefined) parts.upper = true;
  if ((lpa2 !== undefined || impliesLpa2(parts)) && parts.granule !== 64) parts.lpa2 = true;
  if (flat !== undefined) parts.flat = true;
  if (bigEndian !== undefined) parts.bigEndian = true;
  if (level !== undefined) parts.start = Number(level);
  if ((parts.upper === true || parts.flat === true) && use !== 'two' && !(use === 'one' && parts.upper !== true)) return undefined;
  return levelsOf(parts).length === 0 ? undefined : parts;
}

/** Of a first stage as many as the width needs; of a second as VTCR_EL2.SL0 says. None where the parts fit no tables. */
function levelsOf({ granule, bits, start }: ModeParts): PagingLevel[] {
  const pageShift = GRANULE_SHIFT[granule];
  const stride = pageShift - 3;
  const needed = Math.ceil((bits - pageShift) / stride);
  const count = start === undefined ? Math.max(1, needed) : manualLevel(start);
  const top = pageShift + (count - 1) * stride;
  // Up to 16 tables may stand in a row instead of one level more.
  if (count < 1 || count > 5 || bits <= top || bits - top > stride + 4) return [];
  return Array.from({ length: count }, (_, place) => {
    const level = count - place;
    const shift = pageShift + (level - 1) * stride;
    return { level, name: `L${manualLevel(level)}`, shift, bits: place === 0 ? bits - shift : stride };
  });
}

function titleOf({ use, granule, bits, upper, lpa2, flat, bigEndian, start }: ModeParts): string {
  const words = [`${use === 'stage-2' ? 'stage 2, ' : ''}${granule} KiB granule, ${bits} bits`];
  if (upper === true) words.push('upper half');
  if (start !== undefined) words.push(`from level ${start}`);
  if (lpa2 === true && bits <= 48) words.push('LPA2');
  if (flat === true) words.push('no hierarchical permissions');
  if (bigEndian === true) words.push('big-endian');
  return words.join(', ');
}

const built = new Map<PagingModeId, PagingMode>();

function build(id: PagingModeId, parts: ModeParts): PagingMode {
  const { use, granule, bits, upper = false, lpa2 = false, flat = false, bigEndian = false } = parts;
  const levels = levelsOf(parts);
  return {
    id,
    title: titleOf(parts),
    levels,
    virtualBits: bits,
    upperBits: upper ? BigInt.asUintN(64, -1n << BigInt(bits)) : 0n,
    entrySize: 8,
    ...(bigEndian ? { bigEndian } : {}),
    tableAlignment: 8 * 2 ** (levels[0]?.bits ?? 0),
    format: descriptorFormat({ granule, lpa2, use, flat }),
    ...(use === 'stage-2' ? { belowFault: 'the CPU raises a stage 2 fault, which the hypervisor takes' } : {}),
  };
}

/** With the MMU off an address is the physical one. */
const OFF: PagingMode = {
  id: 'off',
  title: 'MMU off',
  levels: [],
  virtualBits: MOST_BITS,
  upperBits: 0n,
  entrySize: 8,
  tableAlignment: 4096,
  format: descriptorFormat({ granule: 4, lpa2: false, use: 'two', flat: false }),
};

/** See Architecture.pagingMode. */
export function pagingMode(id: PagingModeId): PagingMode {
  if (id === 'off') return OFF;
  const known = built.get(id);
  if (known) return known;
  const parts = partsOfMode(id);
  if (!parts || modeId(parts) !== id)
    throw new WorkbenchError('bad-request', `AArch64 has no paging mode ${id}`, {
      expected: 'an id like arm64-4k-48, arm64-64k-52-upper, arm64-s2-4k-40-l1',
    });
  const mode = build(id, parts);
  built.set(id, mode);
  return mode;
}
