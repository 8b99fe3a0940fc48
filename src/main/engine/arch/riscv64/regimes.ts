/**
 * Which tables a RISC-V CPU has loaded, and its mode of operation in words.
 *
 * Source: RISC-V Privileged Architecture (20240411), "Supervisor Address Translation and Protection (satp) Register", "Hypervisor Guest Address Translation and Protection (hgatp) Register", "Virtual Supervisor
 * Address Translation and Protection (vsatp) Register". QEMU (target/riscv/cpu_helper.c, riscv_cpu_swap_hypervisor_regs) keeps the guest's registers in satp, stvec, … while a virtual machine runs (V = 1), and the
 * hypervisor's in satp_hs, …: `vsatp` is then an old value.
 */
import { groupedHex } from '#shared/address-text.ts';
import type { Regime } from '../architecture.ts';
import type { CpuState, RegisterValue } from '../cpu-state.ts';
import { wholeRegime } from '../regime.ts';
import type { RiscvModeId } from './paging-modes.ts';

const FIRST_64: Partial<Record<number, RiscvModeId>> = { 0: 'off', 8: 'sv39', 9: 'sv48', 10: 'sv57' };
const SECOND_64: Partial<Record<number, RiscvModeId>> = { 0: 'off', 8: 'sv39x4', 9: 'sv48x4', 10: 'sv57x4' };
const FIRST_32: Partial<Record<number, RiscvModeId>> = { 0: 'off', 1: 'sv32' };
const SECOND_32: Partial<Record<number, RiscvModeId>> = { 0: 'off', 1: 'sv32x4' };

const PPN_64 = (1n << 44n) - 1n;
const PPN_32 = (1n << 22n) - 1n;

export const PRIVILEGE_NAMES = ['user', 'supervisor', 'reserved', 'machine'] as const;

type Named = Pick<Regime, 'id' | 'title'>;

/** The regime whose table a register in the form of satp names. `as`: what it is called, where the dump has it under another name. */
function regimeOf(named: Named, held: RegisterValue | undefined, as: string, second: boolean, usual: RiscvModeId, why = ''): Regime {
  if (held === undefined) {
    return wholeRegime({ ...named, reason: `assumed: the dump does not hold ${as}` }, { register: as, mode: usual, root: null });
  }
  const { value, width, inferred } = held;
  const wide = width === 64;
  const number = Number(wide ? value >> 60n : value >> 31n);
  const mode = (wide ? (second ? SECOND_64 : FIRST_64) : second ? SECOND_32 : FIRST_32)[number];
  const root = Number((value & (wide ? PPN_64 : PPN_32)) << 12n);
  const shown = `${as}${inferred === true ? ' (inferred)' : ''} = ${groupedHex(value, width / 4)}`;
  const reason = `${mode === undefined ? `MODE ${number} is reserved; ${usual} is assumed` : `MODE ${number}`}: ${shown}${why}`;
  // At or beyond 2^52 no dump holds memory, and the last bits of a number would be lost.
  const known = root < 2 ** 52;
  const table = { register: as, mode: mode ?? usual, root: known ? root : null };
  return wholeRegime({ ...named, reason: known ? reason : `${reason}; the table would be beyond what a dump can hold` }, table);
}

const VIRTUAL: Named = { id: 'vs', title: 'Virtual machine' };
const SECOND: Named = { id: 'g', title: 'Guest-physical addresses of the virtual machine' };

/** See Architecture.regimesOf. `usual`: the mode that is taken where the dump does not hold satp. */
export function regimesOf({ registers }: CpuState, usual: RiscvModeId): [Regime, ...Regime[]] {
  const usualSecond: RiscvModeId = usual === 'sv32' ? 'sv32x4' : 'sv39x4';
  const { satp, hgatp } = registers;
  const running = registers['virt']?.value === 1n && hgatp !== undefined;
  const regimes: Regime[] = [];
  if (running || (hgatp && (hgatp.value !== 0n || (registers['vsatp']?.value ?? 0n) !== 0n))) {
    const second = regimeOf(SECOND, hgatp, 'hgatp', true, usualSecond);
    const why = running ? '; V is set, so QEMU has it in satp' : '; V is clear: the virtual machine does not run';
    const first = regimeOf(VIRTUAL, running ? satp : registers['vsatp'], 'vsatp', false, usual, why);
    regimes.push({ ...first, below: second }, second);
  }
  const own = running
    ? regimeOf({ id: 'satp', title: 'Hypervisor' }, registers['satp_hs'], 'satp', false, usual, '; V is set, so QEMU has it in satp_hs')
    : regimeOf({ id: 'satp', title: 'Supervisor and user mode' }, satp, 'satp', false, usual);
  if (!running) regimes.unshift(own);
  else regimes.push(own);
  if (registers['priv']?.value === 3n && !running) {
    const reason = 'the CPU is in machine mode, which uses physical addresses';
    regimes.unshift(wholeRegime({ id: 'machine', title: 'Machine mode', reason }, { register: 'none', mode: 'off', root: null }));
  }
  const [first, ...others] = regimes;
  if (!first) throw new Error('assertion failed: a RISC-V CPU has a regime');
  return [first, ...others];
}

/** "64-bit supervisor mode (VS), Sv39, halted" */
export function modeLine(state: CpuState, bits: 32 | 64, pagingTitle: string): string {
  const { priv, virt } = state.registers;
  const parts: string[] = [];
  if (priv === undefined) parts.push(`${bits}-bit, mode unknown`);
  else {
    const short = ['U', 'S', '?', 'M'][Number(priv.value & 3n)]!;
    parts.push(`${bits}-bit ${PRIVILEGE_NAMES[Number(priv.value & 3n)]!} mode (${virt?.value === 1n ? 'V' : ''}${short})`);
  }
  parts.push(pagingTitle);
  if (state.halted !== undefined) parts.push(state.halted ? 'halted' : 'running');
  return parts.join(', ');
}
