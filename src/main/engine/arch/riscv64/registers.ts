/**
 * The registers of a RISC-V CPU: their order, groups and bit tables. Names are gdb's: those of the calling convention, and the CSRs'.
 *
 * A register that a dump holds and that is not listed here is still shown, in the group `other`.
 */
import type { Register, RegisterGroup } from '#shared/model/index.ts';
import { decodeBits, type BitTable } from '../bit-table.ts';
import type { CpuState, RegisterValue } from '../cpu-state.ts';
import {
  ENVCFG_BITS,
  FRM_BITS,
  HSTATUS_BITS,
  MISA_32_BITS,
  MISA_BITS,
  MSTATUS_32_BITS,
  MSTATUS_BITS,
  PMPCFG_BITS,
  PRIVILEGE_BITS,
  SSTATUS_BITS,
  VIRT_BITS,
} from './bits/status.ts';
import { HGATP_32_BITS, HGATP_BITS, SATP_32_BITS, SATP_BITS } from './bits/translation.ts';
import {
  CAUSE_32_BITS,
  CAUSE_BITS,
  COUNTER_BITS,
  ENABLE_BITS,
  EXCEPTION_DELEGATION_BITS,
  INHIBIT_BITS,
  INTERRUPT_DELEGATION_BITS,
  PENDING_BITS,
  VECTOR_32_BITS,
  VECTOR_BITS,
} from './bits/traps.ts';

interface RegisterRow {
  group: RegisterGroup;
  bits?: BitTable;
  /** Of 32-bit CPUs, where they differ. */
  bits32?: BitTable;
  addressSpace?: 'gva' | 'gpa';
}

const numbered = (prefix: string, from: number, to: number, suffix = ''): string[] =>
  Array.from({ length: to - from + 1 }, (_, n) => `${prefix}${from + n}${suffix}`);

/** x0 to x31. */
export const GENERAL_REGISTERS: readonly string[] = [
  ...['zero', 'ra', 'sp', 'gp', 'tp', 't0', 't1', 't2', 'fp', 's1'],
  ...numbered('a', 0, 7),
  ...numbered('s', 2, 11),
  ...numbered('t', 3, 6),
];
/** f0 to f31. */
export const FLOATING_REGISTERS: readonly string[] = [
  ...numbered('ft', 0, 7),
  ...numbered('fs', 0, 1),
  ...numbered('fa', 0, 7),
  ...numbered('fs', 2, 11),
  ...numbered('ft', 8, 11),
];

const rows = new Map<string, RegisterRow>();

function list(group: RegisterGroup, names: readonly string[], extra: Omit<RegisterRow, 'group'> = {}): void {
  for (const name of names) rows.set(name, { group, ...extra });
}

list('general', ['pc'], { addressSpace: 'gva' });
for (const name of GENERAL_REGISTERS) list('general', [name], ['ra', 'sp', 'gp', 'tp', 'fp'].includes(name) ? { addressSpace: 'gva' } : {});

list('control', ['priv'], { bits: PRIVILEGE_BITS });
list('control', ['virt'], { bits: VIRT_BITS });
list('control', ['satp', 'satp_hs', 'vsatp'], { bits: SATP_BITS, bits32: SATP_32_BITS });
list('control', ['hgatp'], { bits: HGATP_BITS, bits32: HGATP_32_BITS });
list('control', ['mstatus', 'mstatus_hs'], { bits: MSTATUS_BITS, bits32: MSTATUS_32_BITS });
list('control', ['vsstatus'], { bits: SSTATUS_BITS });
list('control', ['hstatus'], { bits: HSTATUS_BITS });
list('control', ['misa'], { bits: MISA_BITS, bits32: MISA_32_BITS });
list('control', ['mhartid']);

list('system', ['stvec', 'mtvec', 'vstvec', 'stvec_hs'], { bits: VECTOR_BITS, bits32: VECTOR_32_BITS });
list('system', ['sepc', 'mepc', 'vsepc', 'sepc_hs'], { addressSpace: 'gva' });
list('system', ['scause', 'mcause', 'vscause', 'scause_hs'], { bits: CAUSE_BITS, bits32: CAUSE_32_BITS });
list('system', ['stval', 'mtval', 'vstval', 'stval_hs'], { addressSpace: 'gva' });
list('system', ['sscratch', 'mscratch', 'vsscratch', 'sscratch_hs'], { addressSpace: 'gva' });
list('system', ['mip', 'hvip', 'mvip'], { bits: PENDING_BITS });
list('system', ['mie', 'sie', 'vsie', 'mvien', 'hvien'], { bits: ENABLE_BITS });
list('system', ['mideleg', 'hideleg'], { bits: INTERRUPT_DELEGATION_BITS });
list('system', ['medeleg', 'hedeleg'], { bits: EXCEPTION_DELEGATION_BITS });
list('system', ['htval', 'mtval2', 'htinst', 'mtinst', 'hgeie', 'hgeip', 'hvictl']);
list('system', ['menvcfg', 'senvcfg', 'henvcfg'], { bits: ENVCFG_BITS });
list('system', ['scounteren', 'mcounteren', 'hcounteren'], { bits: COUNTER_BITS });
list('system', ['mcountinhibit', 'scountinhibit'], { bits: INHIBIT_BITS });
list('system', ['miselect', 'siselect', 'vsiselect', 'mseccfg', 'jvt', 'ssp', 'miclaim', 'resetvec']);
for (let n = 0; n < 64; n++) {
  list('system', [`pmpaddr${n}`]);
  list('system', [`pmp${n}cfg`], { bits: PMPCFG_BITS });
}

list('floating-point', FLOATING_REGISTERS);
list('floating-point', ['frm'], { bits: FRM_BITS });
list('vector', ['vtype', 'vl', 'vstart', 'vxrm', 'vxsat', 'vill']);
list('timer', ['stimecmp', 'vstimecmp', 'htimedelta', 'kvm_timer_time', 'kvm_timer_compare', 'kvm_timer_state']);
list('debug', ['trigger_cur', ...['tdata1', 'tdata2', 'tdata3'].flatMap((name) => numbered(name, 0, 1))]);

const ORDER = new Map([...rows.keys()].map((name, place) => [name, place]));

/** All registers that the state holds, in display order, decoded as those of a CPU of that many bits. */
export function describeRegisters(state: CpuState, bits: 32 | 64): Register[] {
  const last = ORDER.size;
  return Object.entries(state.registers)
    .sort(([a], [b]) => (ORDER.get(a) ?? last) - (ORDER.get(b) ?? last))
    .map(([name, held]) => describeRegister(name, held, bits));
}

function describeRegister(name: string, held: RegisterValue, bits: 32 | 64): Register {
  const row = rows.get(name);
  const table = bits === 32 ? (row?.bits32 ?? row?.bits) : row?.bits;
  const { value, width, source, inferred, knownBits } = held;
  return {
    name,
    value,
    width,
    group: row?.group ?? 'other',
    source,
    ...(inferred === undefined ? {} : { inferred }),
    ...(knownBits === undefined ? {} : { knownBits }),
    ...(row?.addressSpace === undefined ? {} : { addressSpace: row.addressSpace }),
    fields: table === undefined ? [] : decodeBits(table, value, width, knownBits),
  };
}
