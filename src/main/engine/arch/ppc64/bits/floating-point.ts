/** FPSCR and VSCR. Source: Power ISA 3.0B, Book I, sections 4.2.2 (floating-point status and control register) and 6.3.2 (VSCR). */
import type { BitRow, BitTable } from '../../bit-table.ts';
import { powerField, powerFlag } from './power-bits.ts';

const happened = (bit: number, name: string, title: string): BitRow =>
  powerFlag(bit, name, title, 'has not happened', 'has happened since it was cleared');
const enable = (bit: number, name: string, title: string): BitRow =>
  powerFlag(bit, name, title, 'does not trap', 'traps, as far as FE0 and FE1 of the MSR allow');

const ROUNDING = ['to nearest, ties to even', 'towards zero', 'up', 'down'];
const DECIMAL_ROUNDING = [
  ...ROUNDING,
  'to nearest, ties away from zero',
  'to nearest, ties towards zero',
  'away from zero',
  'to prepare for shorter precision',
];

export const FPSCR_BITS: BitTable = {
  unlisted: 'other',
  rows: [
    powerField(29, 31, 'DRN', 'Decimal rounding', DECIMAL_ROUNDING),
    happened(32, 'FX', 'Exception summary'),
    powerFlag(33, 'FEX', 'Enabled exception summary', 'no enabled exception', 'an enabled exception happened'),
    powerFlag(34, 'VX', 'Invalid operation summary', 'none', 'an invalid operation happened'),
    happened(35, 'OX', 'Overflow'),
    happened(36, 'UX', 'Underflow'),
    happened(37, 'ZX', 'Zero divide'),
    happened(38, 'XX', 'Inexact'),
    happened(39, 'VXSNAN', 'Invalid: signalling NaN'),
    happened(40, 'VXISI', 'Invalid: infinity minus infinity'),
    happened(41, 'VXIDI', 'Invalid: infinity over infinity'),
    happened(42, 'VXZDZ', 'Invalid: zero over zero'),
    happened(43, 'VXIMZ', 'Invalid: infinity times zero'),
    happened(44, 'VXVC', 'Invalid: comparison'),
    powerFlag(45, 'FR', 'Fraction rounded', 'the last result was not rounded up', 'the last result was rounded up'),
    powerFlag(46, 'FI', 'Fraction inexact', 'the last result was exact', 'the last result was inexact'),
    powerField(47, 51, 'FPRF', 'Result class and condition', (value) => `${value.toString(2).padStart(5, '0')} (class, <, >, =, unordered)`),
    happened(53, 'VXSOFT', 'Invalid: as software asked'),
    happened(54, 'VXSQRT', 'Invalid: square root'),
    happened(55, 'VXCVI', 'Invalid: conversion to integer'),
    enable(56, 'VE', 'Invalid operation enable'),
    enable(57, 'OE', 'Overflow enable'),
    enable(58, 'UE', 'Underflow enable'),
    enable(59, 'ZE', 'Zero divide enable'),
    enable(60, 'XE', 'Inexact enable'),
    powerFlag(61, 'NI', 'Non-IEEE mode', 'IEEE', 'not IEEE'),
    powerField(62, 63, 'RN', 'Rounding', ROUNDING),
  ],
};

/** Numbered 96 to 127 in the manual, as the last word of a vector register; here as a register of 32 bits. */
export const VSCR_BITS: BitTable = {
  unlisted: 'reserved',
  rows: [
    powerFlag(47, 'NJ', 'Non-Java mode', 'denormals are handled', 'denormals count as 0'),
    powerFlag(63, 'SAT', 'Saturation', 'no result was saturated', 'a result was saturated'),
  ],
};
