/** CR and XER. Source: Power ISA 3.0B, Book I, sections 2.3.1 (condition register) and 3.2.2 (fixed-point exception register). */
import type { BitTable } from '../../bit-table.ts';
import { powerField, powerFlag } from './power-bits.ts';

const CONDITIONS = ['LT', 'GT', 'EQ', 'SO'];

/** "GT, SO"; which is which holds for a comparison. */
function conditionsOf(value: bigint): string {
  const set = CONDITIONS.filter((_, n) => (value >> BigInt(3 - n)) & 1n);
  return set.length === 0 ? 'none set' : set.join(', ');
}

export const CR_BITS: BitTable = {
  unlisted: 'reserved',
  rows: [0, 1, 2, 3, 4, 5, 6, 7].map((n) => powerField(32 + 4 * n, 35 + 4 * n, `CR${n}`, `Condition register field ${n}`, conditionsOf)),
};

export const XER_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    powerFlag(32, 'SO', 'Summary overflow', 'no overflow since it was cleared', 'an overflow since it was cleared'),
    powerFlag(33, 'OV', 'Overflow', 'no overflow', 'overflow'),
    powerFlag(34, 'CA', 'Carry', 'no carry', 'carry'),
    powerFlag(44, 'OV32', 'Overflow of 32 bits', 'no overflow', 'overflow'),
    powerFlag(45, 'CA32', 'Carry of 32 bits', 'no carry', 'carry'),
    powerField(57, 63, 'length', 'Bytes for string instructions', (value) => `${value}`),
  ],
};
