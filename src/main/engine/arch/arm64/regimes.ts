/**
 * The translation regimes of an AArch64 CPU: what SCTLR_ELx, TCR_ELx, HCR_EL2 and the TTBRs say of its tables.
 *
 * Source: Arm Architecture Reference Manual for A-profile (DDI 0487J), D8.1 "Translation regimes", D8.2.
 * Not supported: the secure second stage (VSTTBR_EL2); EL1 in AArch32 state below an AArch64 hypervisor.
 */
import { groupedHex } from '#shared/address-text.ts';
import { VIRTUAL_LAST } from '#shared/units.ts';
import type { Regime, RegimeTable } from '../architecture.ts';
import type { CpuState } from '../cpu-state.ts';
import { bitOf, fieldOf } from './bit-values.ts';
import { exceptionLevel } from './cpu-mode.ts';
import { modeId, type ModeParts } from './paging-modes.ts';
import { controlOf, LOWER_HALF, ONE_TABLE, rootOf, stage2Control, UPPER_HALF, type TableControl } from './translation-control.ts';

/** What is taken where the dump holds no control registers: that of most Linux kernels. */
export const USUAL: ModeParts = { use: 'two', granule: 4, bits: 48 };

const HCR_VM = 0;
const HCR_TGE = 27;
const HCR_E2H = 34;
const SCTLR_M = 0;
const SCTLR_EE = 25;

interface Half {
  register: string;
  control: TableControl;
}

/** The table of one half of the addresses, or of all that a regime has. */
function tableOf(state: CpuState, { register, control }: Half): RegimeTable {
  const { parts, tagged } = control;
  const span = 1n << BigInt(parts.bits);
  const place = parts.upper === true ? { first: VIRTUAL_LAST - span + 1n, last: VIRTUAL_LAST } : { first: 0n, last: span - 1n };
  const options = tagged ? { topByteIgnored: true } : {};
  return { register, mode: modeId(parts), root: rootOf(state, register.toLowerCase(), control), ...place, options };
}

/** Those of the two halves that are translated; the usual ones where the control register is not in the dump. */
function halvesOf(state: CpuState, level: 1 | 2, bigEndian: boolean): { tables: RegimeTable[]; words: string } {
  const tcr = `tcr_el${level}`;
  const found: string[] = [];
  const tables: RegimeTable[] = [];
  for (const fields of [LOWER_HALF, UPPER_HALF]) {
    const n = fields === LOWER_HALF ? 0 : 1;
    const control = controlOf(state, tcr, fields, 'two', bigEndian);
    if (control?.disabled === true) {
      found.push(`EPD${n} is set: the ${n === 0 ? 'lower' : 'upper'} half is not translated`);
      continue;
    }
    if (control === undefined) found.push(`the ${n === 0 ? 'lower' : 'upper'} half assumed: the dump does not hold its part of TCR_EL${level}`);
    else
      found.push(
        `T${n}SZ = ${fieldOf(state, tcr, fields.size, 6)}, TG${n} = ${control.parts.granule} KiB${control.parts.lpa2 === true ? ', DS' : ''}`,
      );
    const usual: TableControl = { parts: { ...USUAL, bigEndian, upper: n === 1 }, wideRoot: false, disabled: false, tagged: false };
    tables.push(tableOf(state, { register: `TTBR${n}_EL${level}`, control: control ?? usual }));
  }
  const register = state.registers[tcr];
  return { tables, words: `TCR_EL${level}${register === undefined ? '' : ` = ${groupedHex(register.value, 16)}`}: ${found.join('; ')}` };
}

const offTable = (register: string): RegimeTable => ({ register, mode: 'off', root: null, first: 0n, last: VIRTUAL_LAST });

interface Level {
  level: 1 | 2 | 3;
  title: string;
  /** Has tables for two halves of the addresses. */
  halves: boolean;
}

function regimeOfLevel(state: CpuState, { level, title, halves }: Level, below: Regime | undefined): Regime {
  const named = { id: `el${level}`, title, ...(below ? { below } : {}) };
  const sctlr = `sctlr_el${level}`;
  const on = bitOf(state, sctlr, SCTLR_M);
  const name = sctlr.toUpperCase();
  if (on === false) return { ...named, tables: [offTable(`TTBR0_EL${level}`)], reason: `${name}.M is clear` };
  const bigEndian = bitOf(state, sctlr, SCTLR_EE) === true;
  const words = `${on === undefined ? `assumed on: the dump does not hold ${name}` : `${name}.M is set`}${bigEndian ? ', EE (big-endian tables)' : ''}`;
  if (halves) {
    const found = halvesOf(state, level === 1 ? 1 : 2, bigEndian);
    const tables = found.tables.length > 0 ? found.tables : [{ ...offTable(`TTBR1_EL${level}`), mode: modeId(USUAL) }];
    return { ...named, tables, reason: `${words}; ${found.words}` };
  }
  const tcr = `tcr_el${level}`;
  const control = controlOf(state, tcr, ONE_TABLE, 'one', bigEndian);
  const usual: TableControl = { parts: { ...USUAL, use: 'one', bigEndian }, wideRoot: false, disabled: false, tagged: false };
  const size = fieldOf(state, tcr, 0, 6);
  const said =
    control === undefined ? `${tcr.toUpperCase()} is not in the dump` : `${tcr.toUpperCase()}: T0SZ = ${size}, TG0 = ${control.parts.granule} KiB`;
  return { ...named, tables: [tableOf(state, { register: `TTBR0_EL${level}`, control: control ?? usual })], reason: `${words}; ${said}` };
}

/** Stage 2 of EL1&0, while it is on. */
function stage2Of(state: CpuState): Regime | undefined {
  const on = bitOf(state, 'hcr_el2', HCR_VM);
  const host = isHost(state);
  if (on !== true || host) return undefined;
  // EL3's software says whether EL1 is in the secure state, which has an EL2 with SCR_EL3.EEL2 alone.
  if (bitOf(state, 'scr_el3', 0) === false && bitOf(state, 'scr_el3', 18) !== true) return undefined;
  const control = stage2Control(state, bitOf(state, 'sctlr_el2', SCTLR_EE) === true);
  if (control === undefined) return undefined;
  const { parts } = control;
  return {
    id: 'stage2',
    title: 'Stage 2: addresses of EL1 and EL0 to physical ones',
    tables: [tableOf(state, { register: 'VTTBR_EL2', control })],
    reason: `HCR_EL2.VM is set; VTCR_EL2: T0SZ = ${fieldOf(state, 'vtcr_el2', 0, 6)}, TG0 = ${parts.granule} KiB, from level ${parts.start}`,
  };
}

/** HCR_EL2.E2H and TGE: EL0 runs programs of a kernel at EL2. */
function isHost(state: CpuState): boolean {
  return bitOf(state, 'hcr_el2', HCR_E2H) === true && bitOf(state, 'hcr_el2', HCR_TGE) === true;
}

/** See Architecture.regimesOf. Those of EL2 and EL3 where they are on, or the CPU is there. */
export function regimesOf(state: CpuState): readonly [Regime, ...Regime[]] {
  const current = exceptionLevel(state);
  const vhe = bitOf(state, 'hcr_el2', HCR_E2H) === true;
  const executing = current === 3 ? 'el3' : current === 2 || (current === 0 && isHost(state)) ? 'el2' : 'el1';
  const below = stage2Of(state);
  const regimes: Regime[] = [regimeOfLevel(state, { level: 1, title: 'EL1 and EL0', halves: true }, below)];
  if (below) regimes.push(below);
  for (const level of [2, 3] as const) {
    if (bitOf(state, `sctlr_el${level}`, SCTLR_M) !== true && executing !== `el${level}`) continue;
    const title = level === 3 ? 'EL3' : vhe ? 'EL2 and its EL0 (VHE host)' : 'EL2';
    regimes.push(regimeOfLevel(state, { level, title, halves: level === 2 && vhe }, undefined));
  }
  const first = regimes.find(({ id }) => id === executing) ?? regimes[0]!;
  return [first, ...regimes.filter((regime) => regime !== first)];
}

/** The tables of both halves for one root typed in: the address picks. What the first CPU says of its halves holds for these too. */
export function tablesOfRoot(parts: ModeParts, root: number, first: CpuState | undefined): RegimeTable[] {
  const register = 'typed in';
  const known = first ? regimesOf(first).find(({ id }) => id === 'el1')?.tables : undefined;
  const table = (upper: boolean): RegimeTable => {
    const span = 1n << BigInt(parts.bits);
    const place = upper ? { first: VIRTUAL_LAST - span + 1n, last: VIRTUAL_LAST } : { first: 0n, last: span - 1n };
    const options = known?.find((candidate) => candidate.register === `TTBR${upper ? 1 : 0}_EL1`)?.options;
    return { register, mode: modeId({ ...parts, upper }), root, ...place, ...(options ? { options } : {}) };
  };
  return parts.use === 'two' ? [table(false), table(true)] : [table(false)];
}
