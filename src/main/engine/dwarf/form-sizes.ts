/** How long the value of a form is (DWARF 5, section 7.5.6): what skipping over attributes needs to know. */
import { FORM } from './constants.ts';

/** What decides lengths: all in bytes. */
export interface UnitEncoding {
  version: number;
  /** 4, or 8 in 64-bit DWARF. */
  offsetSize: 4 | 8;
  addressSize: number;
}

/** Bytes for a form of fixed length; else one of these. */
export const LENGTH_LEB = -1;
export const LENGTH_STRING = -2;
export const LENGTH_BLOCK1 = -3;
export const LENGTH_BLOCK2 = -4;
export const LENGTH_BLOCK4 = -5;
export const LENGTH_BLOCK = -6;
/** The form itself stands before the value. */
export const LENGTH_INDIRECT = -7;
export const LENGTH_UNKNOWN = -8;

const FIXED = new Map<number, number>([
  ...[FORM.data1, FORM.flag, FORM.ref1, FORM.strx1, FORM.addrx1].map((form) => [form, 1] as const),
  ...[FORM.data2, FORM.ref2, FORM.strx2, FORM.addrx2].map((form) => [form, 2] as const),
  ...[FORM.strx3, FORM.addrx3].map((form) => [form, 3] as const),
  ...[FORM.data4, FORM.ref4, FORM.refSup4, FORM.strx4, FORM.addrx4].map((form) => [form, 4] as const),
  ...[FORM.data8, FORM.ref8, FORM.refSig8, FORM.refSup8].map((form) => [form, 8] as const),
  ...[FORM.flagPresent, FORM.implicitConst].map((form) => [form, 0] as const),
  [FORM.data16, 16],
  ...[FORM.udata, FORM.sdata, FORM.refUdata, FORM.strx, FORM.addrx, FORM.loclistx, FORM.rnglistx].map((form) => [form, LENGTH_LEB] as const),
  ...[FORM.gnuAddrIndex, FORM.gnuStrIndex].map((form) => [form, LENGTH_LEB] as const),
  [FORM.string, LENGTH_STRING],
  [FORM.block1, LENGTH_BLOCK1],
  [FORM.block2, LENGTH_BLOCK2],
  [FORM.block4, LENGTH_BLOCK4],
  [FORM.block, LENGTH_BLOCK],
  [FORM.exprloc, LENGTH_BLOCK],
  [FORM.indirect, LENGTH_INDIRECT],
]);

/** Values as long as an offset. */
const OFFSETS = new Set<number>([FORM.strp, FORM.lineStrp, FORM.secOffset, FORM.strpSup, FORM.gnuRefAlt, FORM.gnuStrpAlt]);

/** Length of a form's value in bytes, or LENGTH_…. */
export function formLength(form: number, { version, offsetSize, addressSize }: UnitEncoding): number {
  if (OFFSETS.has(form)) return offsetSize;
  if (form === FORM.addr) return addressSize;
  // In DWARF 2 a reference into another unit was as wide as an address.
  if (form === FORM.refAddr) return version <= 2 ? addressSize : offsetSize;
  return FIXED.get(form) ?? LENGTH_UNKNOWN;
}
