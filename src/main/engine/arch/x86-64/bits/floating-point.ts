/**
 * MXCSR, the x87 control, status and tag words. Source: Intel SDM vol. 1 sections 8.1 (x87) and 10.2.3 (MXCSR).
 * The tag word is the abridged one of FXSAVE: one bit a physical register, 1 for in use (SDM vol. 1 section 10.5.1).
 */
import { field, flag, type BitRow, type BitTable } from '../../bit-table.ts';

const EXCEPTIONS = [
  [5, 'P', 'Precision'],
  [4, 'U', 'Underflow'],
  [3, 'O', 'Overflow'],
  [2, 'Z', 'Zero divide'],
  [1, 'D', 'Denormal operand'],
  [0, 'I', 'Invalid operation'],
] as const;

const ROUNDING = ['to nearest, ties to even', 'down', 'up', 'towards zero'];

function maskRows(shift: number): BitRow[] {
  return EXCEPTIONS.map(([bit, letter, title]) => flag(bit + shift, `${letter}M`, `${title} mask`, 'raises an exception', 'masked'));
}

function flagRows(): BitRow[] {
  return EXCEPTIONS.map(([bit, letter, title]) => flag(bit, `${letter}E`, title, 'has not happened', 'has happened since it was cleared'));
}

export const MXCSR_BITS: BitTable = {
  unlisted: 'reserved',
  rows: [
    flag(17, 'MM', 'Misaligned exception mask', 'misaligned accesses fault', 'misaligned accesses are allowed (AMD)'),
    flag(15, 'FTZ', 'Flush to zero', 'off', 'underflows become 0'),
    field(13, 2, 'RC', 'Rounding control', ROUNDING),
    ...maskRows(7),
    flag(6, 'DAZ', 'Denormals are zeros', 'off', 'denormal inputs count as 0'),
    ...flagRows(),
  ],
};

export const FCW_BITS: BitTable = {
  unlisted: 'ignored',
  rows: [
    flag(12, 'X', 'Infinity control', 'as since the 387', 'set; no effect since the 387'),
    field(10, 2, 'RC', 'Rounding control', ROUNDING),
    field(8, 2, 'PC', 'Precision control', ['24 bits', 'value 1 is reserved', '53 bits', '64 bits']),
    flag(6, 'one', 'Reads as 1', 'clear; a CPU would show 1', '1, as it reads'),
    ...maskRows(0),
  ],
};

export const FSW_BITS: BitTable = {
  unlisted: 'reserved',
  rows: [
    flag(15, 'B', 'Busy', 'no', 'yes'),
    flag(14, 'C3', 'Condition 3', 'clear', 'set'),
    field(11, 3, 'TOP', 'Top of stack', (value) => `st0 is physical register R${value}`),
    flag(10, 'C2', 'Condition 2', 'clear', 'set'),
    flag(9, 'C1', 'Condition 1', 'clear', 'set'),
    flag(8, 'C0', 'Condition 0', 'clear', 'set'),
    flag(7, 'ES', 'Error summary', 'no unmasked exception waits', 'an unmasked exception waits'),
    flag(6, 'SF', 'Stack fault', 'no', 'the register stack overflowed or underflowed'),
    ...flagRows(),
  ],
};

export const FTW_BITS: BitTable = {
  unlisted: 'reserved',
  rows: [7, 6, 5, 4, 3, 2, 1, 0].map((n) => flag(n, `R${n}`, `Physical register R${n}`, 'empty', 'in use')),
};
