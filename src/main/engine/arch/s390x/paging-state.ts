/**
 * What a CPU's registers say about its mode and its address spaces.
 *
 * Source: Principles of Operation, chapter "Control", "Program-Status Word"; chapter "Storage", "Translation Modes", "Address-Space-Control Element", "Prefixing".
 */
import { groupedHex } from '#shared/address-text.ts';
import type { PagingModeId } from '#shared/model/index.ts';
import type { PagingOptions } from '#engine/translate/paging-mode.ts';
import type { Regime, RegimeTable } from '../architecture.ts';
import type { CpuState } from '../cpu-state.ts';
import { wholeRegime } from '../regime.ts';
import { ADDRESS_SPACES, manual } from './bits/psw.ts';
import { VIRTUAL_LAST } from '#shared/units.ts';
import type { EntryRules } from './page-entry.ts';
import { modeId, REAL_SPACE, TOP_TABLES } from './paging-modes.ts';

const ORIGIN = ~0xfffn;
const PRIVATE = 0x100n;
const REAL = 0x20n;
/** Bits of an ASCE's DT and TL. */
const DT_SHIFT = 2n;
/** Bits of the prefix register that count. */
const PREFIX = 0x7fff_e000n;

/** One bit of a register, by the manual's number; undefined where the dump does not hold it. */
function bitOf(state: CpuState, register: string, bit: number): boolean | undefined {
  const held = state.registers[register];
  return held && ((held.value >> BigInt(manual(bit))) & 1n) === 1n;
}

/** Enhanced DAT is taken as enabled where the dump does not tell: so it is on every machine since z10. */
const isEdat = (state: CpuState): boolean => bitOf(state, 'cr0', 40) !== false;

const SPACES = [
  { id: 'primary', title: 'Primary address space', register: 'cr1' },
  { id: 'secondary', title: 'Secondary address space', register: 'cr7' },
  { id: 'home', title: 'Home address space', register: 'cr13' },
] as const;

type Space = (typeof SPACES)[number];
const [PRIMARY, SECONDARY, HOME] = SPACES;
/** By PSW.AS. In access-register mode instructions are fetched from the primary space. */
const IN_FORCE: readonly Space[] = [PRIMARY, PRIMARY, SECONDARY, HOME];
const ACCESS_REGISTERS = 1;

/** See Architecture.regimesOf. */
export function regimesOf(state: CpuState): readonly [Regime, ...Regime[]] {
  const dat = bitOf(state, 'pswm', 5);
  const mask = state.registers['pswm']?.value;
  // Linux has its own tables in all spaces but the user's, which is the primary one while a program runs.
  const space = mask === undefined ? HOME : (IN_FORCE[Number((mask >> BigInt(manual(17))) & 3n)] ?? PRIMARY);
  const others = SPACES.filter((other) => other !== space).map((other) => regimeOf(state, other, 'loaded'));
  if (dat === false) return [realRegime(state), regimeOf(state, space, 'loaded'), ...others];
  return [regimeOf(state, space, inForce(mask)), ...others];
}

function inForce(mask: bigint | undefined): string {
  if (mask === undefined) return 'assumed: the dump does not hold the PSW';
  const control = Number((mask >> BigInt(manual(17))) & 3n);
  const said = `PSW.T is set, PSW.AS says ${ADDRESS_SPACES[control] ?? ''}`;
  return control === ACCESS_REGISTERS
    ? `${said}: instructions are fetched from the primary space; what access registers select is not followed`
    : said;
}

function realRegime(state: CpuState): Regime {
  const named = { id: 'real', title: 'Real addresses', reason: 'PSW.T is clear: DAT is off, addresses are real' };
  return wholeRegime(named, { register: 'PSW', mode: 'off', root: null, options: optionsOf(state) });
}

function regimeOf(state: CpuState, { id, title, register }: Space, why: string): Regime {
  const asce = state.registers[register]?.value;
  const name = register.toUpperCase();
  if (asce === undefined) {
    const reason = `${why}; the dump does not hold ${name}`;
    return wholeRegime({ id, title, reason }, { register: name, mode: modeId(1, rulesOf(state, 0n)), root: null, options: optionsOf(state) });
  }
  return wholeRegime({ id, title, reason: `${why}; ${name} = ${groupedHex(asce, 16)}` }, { register: name, ...tableOf(state, asce) });
}

function rulesOf(state: CpuState | undefined, asce: bigint): EntryRules {
  return { edat: state === undefined || isEdat(state), privateSpace: (asce & PRIVATE) !== 0n };
}

function tableOf(state: CpuState, asce: bigint): Pick<RegimeTable, 'mode' | 'root' | 'options'> {
  const root = Number(asce & ORIGIN);
  const options = optionsOf(state);
  if ((asce & REAL) !== 0n) return { mode: REAL_SPACE, root, options };
  const topRange = { first: 0, last: (Number(asce & 3n) + 1) * 512 - 1 };
  return { mode: modeId(Number((asce >> DT_SHIFT) & 3n), rulesOf(state, asce)), root, options: { ...options, topRange } };
}

function optionsOf(state: CpuState): PagingOptions {
  const prefix = Number((state.registers['prefix']?.value ?? 0n) & PREFIX);
  return { ...(bitOf(state, 'cr0', 43) === false ? { noExecuteOff: true } : {}), ...(prefix === 0 ? {} : { prefix }) };
}

/** See Architecture.tablesOfRoot: tables of full length, by the rules and with the prefix of the first CPU. */
export function tablesOfRoot(mode: PagingModeId, root: number, first: CpuState | undefined): RegimeTable[] {
  const designation = TOP_TABLES.indexOf(mode as (typeof TOP_TABLES)[number]);
  const chosen = designation < 0 ? mode : modeId(designation, rulesOf(first, 0n));
  return [{ register: 'root', mode: chosen, root, first: 0n, last: VIRTUAL_LAST, options: first ? optionsOf(first) : {} }];
}

/** "64-bit, supervisor state, DAT on, home space, wait" */
export function modeLine(state: CpuState): string {
  const mask = state.registers['pswm']?.value;
  if (mask === undefined) return 'mode unknown';
  const bit = (n: number) => bitOf(state, 'pswm', n) === true;
  const parts = [bit(31) ? (bit(32) ? '64-bit' : 'invalid addressing mode') : bit(32) ? '31-bit' : '24-bit'];
  parts.push(bit(15) ? 'problem state' : 'supervisor state');
  parts.push(bit(5) ? `DAT on, ${ADDRESS_SPACES[Number((mask >> BigInt(manual(17))) & 3n)] ?? ''}` : 'DAT off');
  // A system that waits with all interruptions masked has ended: so does Linux after a panic.
  if (bit(14)) parts.push(bit(6) || bit(7) || bit(13) ? 'wait' : 'disabled wait');
  const stopped = CPU_STATES[Number(state.registers['cpu_state']?.value ?? OPERATING)];
  if (stopped !== undefined) parts.push(stopped);
  else if (state.halted === true && !bit(14)) parts.push('halted');
  return parts.join(', ');
}

/** QEMU's, but for the one in which a CPU runs. */
const CPU_STATES = ['not started', 'stopped', 'check stop', undefined, 'load'];
const OPERATING = 3n;
