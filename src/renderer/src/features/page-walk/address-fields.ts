/**
 * A virtual address cut into the fields that the CPU cuts it into: sign extension, one index per table, page offset.
 *
 * Facts: Intel SDM vol. 3A, chapter "Paging" (the figures of linear-address translation) and 3.3.7.1 (canonical addresses). The field widths come with the paging mode; nothing is assumed of them here.
 */
import type { PagingModeView } from '#shared/model/index.ts';

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

/** True when the bits above `virtualBits` repeat the bit below them (32-bit modes: when they are clear). */
export function isCanonical(address: bigint, virtualBits: number): boolean {
  if (virtualBits <= 32) return address < 1n << BigInt(virtualBits);
  return BigInt.asUintN(64, BigInt.asIntN(virtualBits, address)) === address;
}

/**
 * The fields of `address`, highest bits first; together they cover all 64, or all 32 of an address under 32-bit paging.
 * `pageLevel` is the level whose entry maps the page (1: 4 KiB, 2: 2 or 4 MiB, 3: 1 GiB): what lies below its index is offset. Levels that a walk did not reach keep their fields.
 */
export function splitAddress(address: bigint, mode: PagingModeView, pageLevel = 1): AddressField[] {
  const fields: AddressField[] = [];
  // A 32-bit address has no bits above: only one that cannot be an address shows them.
  if (mode.virtualBits > 32 || !isCanonical(address, mode.virtualBits)) {
    const place = { highBit: 63, lowBit: mode.virtualBits };
    const name = mode.virtualBits > 32 ? 'sign extension' : 'not used';
    fields.push({ kind: 'sign', name, ...place, ...cut(address, 63, mode.virtualBits), valid: isCanonical(address, mode.virtualBits) });
  }
  let below = Math.min(mode.virtualBits, 64);
  for (const { level, name, shift, bits } of mode.levels) {
    if (level < pageLevel) break;
    const highBit = shift + bits - 1;
    fields.push({ kind: 'index', name, highBit, lowBit: shift, ...cut(address, highBit, shift), level, valid: true });
    below = shift;
  }
  fields.push({ kind: 'offset', name: 'page offset', highBit: below - 1, lowBit: 0, ...cut(address, below - 1, 0), valid: true });
  return fields;
}

/** What is wrong with a field that is not valid. */
export function wrongWords({ highBit, lowBit }: AddressField): string {
  return lowBit === 32 && highBit === 63 ? 'must be 0' : 'not canonical';
}

/** Binary digits for people: fours from the right (`1 1111 1110`), or `1 × 16` for a long run of one digit where there is no room. */
export function groupedBinary(binary: string): string {
  return binary.replace(/\B(?=(?:.{4})+$)/g, ' ');
}

export function shortBinary(binary: string): string {
  return /^(.)\1*$/.test(binary) && binary.length > 9 ? `${binary.length} × ${binary[0]}` : binary;
}
