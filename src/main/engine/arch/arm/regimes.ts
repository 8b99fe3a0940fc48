/**
 * The translation regimes of a 32-bit ARM CPU: what SCTLR, TTBCR and the TTBRs say, and for Hyp mode and stage 2 HSCTLR, HTCR, HCR and VTCR.
 *
 * Source: Arm Architecture Reference Manual, ARMv7-A (DDI 0406C), B3.5.4, B3.6.4 and B3.6.5 (selecting between TTBR0 and TTBR1), B4.1.
 */
import { groupedHex } from '#shared/address-text.ts';
import { VIRTUAL_LAST } from '#shared/units.ts';
import type { Regime, RegimeTable } from '../architecture.ts';
import type { CpuState } from '../cpu-state.ts';
import { bitOf, fieldOf } from '../arm64/bit-values.ts';
import { modeOf } from './cpu-mode.ts';
import { pagingMode } from './paging-modes.ts';

const LAST = 0xffff_ffffn;
const SCTLR_EE = 25;
const SCTLR_AFE = 29;

/** GPA of the table that a TTBR leads to; null where the dump does not hold it. */
function rootOf(state: CpuState, register: string, mode: string): number | null {
  const value = state.registers[register]?.value;
  if (value === undefined) return null;
  const root = Number(value & 0xff_ffff_ffffn);
  return root - (root % pagingMode(mode).tableAlignment);
}

interface Part {
  register: string;
  mode: string;
  first: bigint;
  last: bigint;
}

function tableOf(state: CpuState, { register, mode, first, last }: Part): RegimeTable {
  return { register, mode, root: rootOf(state, register.toLowerCase(), mode), first, last };
}

/** With TTBCR.N above 0 TTBR0 has the addresses below 2^(32 - N), and a table of that size. */
function shortTables(state: CpuState, suffix: string): { tables: RegimeTable[]; words: string } {
  const n = fieldOf(state, 'ttbcr', 0, 3) ?? 0;
  const mode = `arm-short${suffix}`;
  if (n === 0) return { tables: [tableOf(state, { register: 'TTBR0', mode, first: 0n, last: LAST })], words: 'TTBCR.N = 0: TTBR0 for all addresses' };
  const cut = 1n << BigInt(32 - n);
  const tables = [
    ...(bitOf(state, 'ttbcr', 4) === true
      ? []
      : [tableOf(state, { register: 'TTBR0', mode: `arm-short-n${n}${suffix}`, first: 0n, last: cut - 1n })]),
    ...(bitOf(state, 'ttbcr', 5) === true ? [] : [tableOf(state, { register: 'TTBR1', mode, first: cut, last: LAST })]),
  ];
  return { tables, words: `TTBCR.N = ${n}` };
}

/** T0SZ and T1SZ: by how many bits each part is smaller than 32 bits; the other part has what is left. */
function longTables(state: CpuState, suffix: string): { tables: RegimeTable[]; words: string } {
  const t0 = fieldOf(state, 'ttbcr', 0, 3) ?? 0;
  const t1 = fieldOf(state, 'ttbcr', 16, 3) ?? 0;
  const start = t1 > 0 ? (1n << 32n) - (1n << BigInt(32 - t1)) : t0 > 0 ? 1n << BigInt(32 - t0) : undefined;
  const tables: RegimeTable[] = [];
  if (bitOf(state, 'ttbcr', 7) !== true) {
    const last = t0 > 0 ? (1n << BigInt(32 - t0)) - 1n : start === undefined ? LAST : start - 1n;
    tables.push(tableOf(state, { register: 'TTBR0', mode: `arm-lpae-${32 - t0}${suffix}`, first: 0n, last }));
  }
  // Without T1SZ the upper part is indexed as if it were all addresses.
  if (start !== undefined && bitOf(state, 'ttbcr', 23) !== true)
    tables.push(
      tableOf(state, { register: 'TTBR1', mode: t1 > 0 ? `arm-lpae-${32 - t1}-upper${suffix}` : `arm-lpae-32${suffix}`, first: start, last: LAST }),
    );
  return { tables, words: `TTBCR.EAE is set, T0SZ = ${t0}, T1SZ = ${t1}` };
}

const offTable = (register: string): RegimeTable => ({ register, mode: 'off', root: null, first: 0n, last: LAST });

function mainRegime(state: CpuState, below: Regime | undefined): Regime {
  const named = { id: 'pl1', title: 'Kernel and user (PL1 and PL0)', ...(below ? { below } : {}) };
  const on = bitOf(state, 'sctlr', 0);
  if (on === false) return { ...named, tables: [offTable('TTBR0')], reason: 'SCTLR.M is clear' };
  const bigEndian = bitOf(state, 'sctlr', SCTLR_EE) === true ? '-be' : '';
  const long = bitOf(state, 'ttbcr', 31) === true;
  const { tables, words } = long
    ? longTables(state, bigEndian)
    : shortTables(state, `${bitOf(state, 'sctlr', SCTLR_AFE) === true ? '-afe' : ''}${bigEndian}`);
  const ttbcr = state.registers.ttbcr;
  const said = ttbcr === undefined ? 'assumed: the dump does not hold TTBCR' : `TTBCR = ${groupedHex(ttbcr.value, 8)}: ${words}`;
  const known = tables.length > 0 ? tables : [offTable('TTBR0')].map((table) => ({ ...table, mode: 'arm-short' }));
  return { ...named, tables: known, reason: `${on === undefined ? 'assumed on: the dump does not hold SCTLR' : 'SCTLR.M is set'}; ${said}` };
}

function hypRegime(state: CpuState): Regime {
  const named = { id: 'hyp', title: 'Hyp mode (PL2)' };
  if (bitOf(state, 'hsctlr', 0) !== true) return { ...named, tables: [offTable('HTTBR')], reason: 'HSCTLR.M is clear' };
  const size = fieldOf(state, 'htcr', 0, 3) ?? 0;
  const mode = `arm-hyp-${32 - size}${bitOf(state, 'hsctlr', SCTLR_EE) === true ? '-be' : ''}`;
  const last = (1n << BigInt(32 - size)) - 1n;
  return { ...named, tables: [tableOf(state, { register: 'HTTBR', mode, first: 0n, last })], reason: `HSCTLR.M is set; HTCR.T0SZ = ${size}` };
}

/** VTCR.T0SZ is a signed number of 4 bits; SL0 is 0 for a start at level 2, 1 at level 1. */
function stage2Of(state: CpuState): Regime | undefined {
  if (bitOf(state, 'hcr', 0) !== true) return undefined;
  const field = fieldOf(state, 'vtcr', 0, 4) ?? 0;
  const size = field > 7 ? field - 16 : field;
  const start = fieldOf(state, 'vtcr', 6, 2) === 0 ? 2 : 1;
  const mode = `arm-s2-${32 - size}-l${start}${bitOf(state, 'hsctlr', SCTLR_EE) === true ? '-be' : ''}`;
  const last = (1n << BigInt(32 - size)) - 1n;
  const tables = [tableOf(state, { register: 'VTTBR', mode, first: 0n, last })];
  return {
    id: 'stage2',
    title: 'Stage 2: addresses of PL1 and PL0 to physical ones',
    tables,
    reason: `HCR.VM is set; VTCR: T0SZ = ${size}, from level ${start}`,
  };
}

/** See Architecture.regimesOf. */
export function regimesOf(state: CpuState): readonly [Regime, ...Regime[]] {
  const hyp = modeOf(state) === 26;
  const below = stage2Of(state);
  const main = mainRegime(state, below);
  const others = [...(below ? [below] : []), ...(hyp || bitOf(state, 'hsctlr', 0) !== true ? [] : [hypRegime(state)])];
  return hyp ? [hypRegime(state), main, ...others] : [main, ...others];
}

/** The tables that a root typed in stands for. One of the upper part is completed by what a lower one at the same place would translate: the address picks. */
export function tablesOfRoot(mode: string, root: number): RegimeTable[] {
  const { upperBits } = pagingMode(mode);
  const table = (id: string, first: bigint, last: bigint): RegimeTable => ({ register: 'typed in', mode: id, root, first, last });
  if (typeof upperBits !== 'bigint' || upperBits === 0n) return [table(mode, 0n, VIRTUAL_LAST)];
  return [table(`arm-lpae-32${mode.endsWith('-be') ? '-be' : ''}`, 0n, upperBits - 1n), table(mode, upperBits, VIRTUAL_LAST)];
}
