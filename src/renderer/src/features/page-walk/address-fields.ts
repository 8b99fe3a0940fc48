/**
 * A virtual address cut into the fields that the CPU cuts it into: what no table is indexed by, one index per table, page offset.
 *
 * The field widths come with the paging mode and the walk; nothing is assumed of them here.
 */
import type { PagingLevel, PagingModeView, Walk } from '#shared/model/index.ts';

export interface AddressField {
  /** `sign`: the bits that no table is indexed by. `index`: cuts an entry out of a table. `offset`: byte in the page. */
  kind: 'sign' | 'index' | 'offset';
  /** `PML4`, `sign extension`, `page offset`. */
  name: string;
  /** Bits of the address, both inclusive. */
  highBit: number;
  lowBit: number;
  value: bigint;
  /** As many digits as the field has bits. */
  binary: string;
  /** Level of the table that an index field indexes. */
  level?: number;
  /** False for a sign extension that does not repeat the highest bit that is translated. */
  valid: boolean;
}

function cut(address: bigint, highBit: number, lowBit: number): { value: bigint; binary: string } {
  const width = highBit - lowBit + 1;
  const value = BigInt.asUintN(width, address >> BigInt(lowBit));
  return { value, binary: value.toString(2).padStart(width, '0') };
}

/** True when the bits above `virtualBits` are what they must be: copies of the bit below them, or those of the mode. */
export function isPossible(address: bigint, { virtualBits, upperBits }: Pick<PagingModeView, 'virtualBits' | 'upperBits'>): boolean {
  if (upperBits === 'sign') return BigInt.asUintN(64, BigInt.asIntN(virtualBits, address)) === address;
  return (address >> BigInt(virtualBits)) << BigInt(virtualBits) === upperBits;
}

/** What the bits above are called: they choose the tables where not all addresses have the same. */
function upperName({ virtualBits, upperBits }: PagingModeView): string {
  if (upperBits === 'sign') return virtualBits > 32 ? 'sign extension' : 'not used';
  return upperBits === 0n ? 'not used' : 'region';
}

/**
 * The levels as this walk had them: entries may say how large the next table is. A walk that is no way down a tree (a hashed page table) has a level for each part of the address that one of
 * its steps took.
 */
export function walkLevels({ mode, steps }: Pick<Walk, 'mode' | 'steps'>): PagingLevel[] {
  if (!isTreeWalk({ mode, steps })) {
    let lowest = 64;
    return steps.flatMap(({ level, levelName, indexHighBit, indexLowBit }) => {
      if (indexHighBit >= lowest || indexLowBit > indexHighBit) return [];
      lowest = indexLowBit;
      return [{ level, name: levelName, shift: indexLowBit, bits: indexHighBit - indexLowBit + 1 }];
    });
  }
  let above = Infinity;
  return mode.levels.flatMap((level, at): PagingLevel[] => {
    const step = steps[at];
    const shift = step?.indexLowBit ?? level.shift;
    const bits = step ? step.indexHighBit - step.indexLowBit + 1 : Math.min(level.bits, above - shift);
    above = shift;
    return bits > 0 ? [{ ...level, shift, bits }] : [];
  });
}

/** True where each step reads the table that the one before it led to, level by level. */
export function isTreeWalk({ mode, steps }: Pick<Walk, 'mode' | 'steps'>): boolean {
  return steps.every(({ level }, at) => mode.levels[at]?.level === level);
}

/**
 * The fields of `address`, highest bits first; together they cover all 64, or all 32 of an address under 32-bit paging.
 * `pageLevel` is the level whose entry maps the page (1: 4 KiB, 2: 2 or 4 MiB, 3: 1 GiB): what lies below its index is offset. Levels that a walk did not reach keep their fields.
 */
export function splitAddress(address: bigint, mode: PagingModeView, pageLevel = 1, levels: readonly PagingLevel[] = mode.levels): AddressField[] {
  const fields: AddressField[] = [];
  // A 32-bit address has no bits above: only one that cannot be an address shows them.
  const valid = isPossible(address, mode);
  if (mode.virtualBits < 64 && (mode.virtualBits > 32 || !valid)) {
    const place = { highBit: 63, lowBit: mode.virtualBits };
    fields.push({ kind: 'sign', name: upperName(mode), ...place, ...cut(address, 63, mode.virtualBits), valid });
  }
  let below = Math.min(mode.virtualBits, 64);
  for (const { level, name, shift, bits } of levels) {
    if (level < pageLevel) break;
    const highBit = shift + bits - 1;
    fields.push({ kind: 'index', name, highBit, lowBit: shift, ...cut(address, highBit, shift), level, valid: true });
    below = shift;
  }
  fields.push({ kind: 'offset', name: 'page offset', highBit: below - 1, lowBit: 0, ...cut(address, below - 1, 0), valid: true });
  return fields;
}

/** What is wrong with a field that is not valid. */
export function wrongWords({ name }: AddressField): string {
  if (name === 'not used') return 'must be 0';
  return name === 'region' ? 'not of this table' : 'not canonical';
}

/** Binary digits for people: fours from the right (`1 1111 1110`), or `1 × 16` for a long run of one digit where there is no room. */
export function groupedBinary(binary: string): string {
  return binary.replace(/\B(?=(?:.{4})+$)/g, ' ');
}

export function shortBinary(binary: string): string {
  return /^(.)\1*$/.test(binary) && binary.length > 9 ? `${binary.length} × ${binary[0]}` : binary;
}
