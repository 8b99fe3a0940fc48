/**
 * The registers of an x86-64 CPU: their order, groups and bit tables. Names are gdb's where gdb has one.
 *
 * A register that a dump holds and that is not listed here is still shown, in the group `other`.
 */
import type { PagingModeId, Register, RegisterGroup } from '#shared/model/index.ts';
import { decodeBits, type BitTable } from '../bit-table.ts';
import type { CpuState, RegisterValue } from '../cpu-state.ts';
import { CR0_BITS, CR3_32_BITS, CR3_BITS, CR3_PAE_BITS, CR3_PCID_BITS, CR4_BITS, CR8_BITS, XCR0_BITS } from './bits/control.ts';
import { DR6_BITS, DR7_BITS } from './bits/debug.ts';
import { HFLAGS2_BITS, HFLAGS_BITS, MP_STATE_BITS } from './bits/emulator.ts';
import { FMASK_BITS, RFLAGS_BITS } from './bits/flags.ts';
import { FCW_BITS, FSW_BITS, FTW_BITS, MXCSR_BITS } from './bits/floating-point.ts';
import {
  EFER_BITS,
  FEATURE_CONTROL_BITS,
  KVM_CLOCK_BITS,
  MCG_STATUS_BITS,
  MISC_ENABLE_BITS,
  MTRR_DEF_TYPE_BITS,
  PAT_BITS,
  PROTECTION_KEY_BITS,
  SPEC_CTRL_BITS,
  STAR_BITS,
} from './bits/model-specific.ts';

interface RegisterRow {
  group: RegisterGroup;
  bits?: BitTable;
  addressSpace?: 'gva' | 'gpa';
}

const numbered = (prefix: string, count: number, suffix = ''): string[] => Array.from({ length: count }, (_, n) => `${prefix}${n}${suffix}`);

/** The sixteen general registers in the order of the machine's encoding, which is QEMU's. */
export const GENERAL_REGISTERS: readonly string[] = ['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi', ...numbered('r', 16).slice(8)];

const rows = new Map<string, RegisterRow>();

function list(group: RegisterGroup, names: readonly string[], extra: Omit<RegisterRow, 'group'> = {}): void {
  for (const name of names) rows.set(name, { group, ...extra });
}

list('general', ['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi']);
list('general', ['rbp', 'rsp'], { addressSpace: 'gva' });
list('general', numbered('r', 16).slice(8));
list('general', ['rip'], { addressSpace: 'gva' });
list('general', ['rflags'], { bits: RFLAGS_BITS });
list('general', ['orig_rax']);

list('control', ['cr0'], { bits: CR0_BITS });
list('control', ['cr2'], { addressSpace: 'gva' });
list('control', ['cr3']);
list('control', ['cr4'], { bits: CR4_BITS });
list('control', ['cr8'], { bits: CR8_BITS });
list('control', ['xcr0', 'xss'], { bits: XCR0_BITS });
list('control', numbered('pdpte', 4));

list('debug', numbered('dr', 4), { addressSpace: 'gva' });
list('debug', ['dr6'], { bits: DR6_BITS });
list('debug', ['dr7'], { bits: DR7_BITS });

list('system', ['efer'], { bits: EFER_BITS });
list('system', ['star'], { bits: STAR_BITS });
list('system', ['lstar', 'cstar'], { addressSpace: 'gva' });
list('system', ['fmask'], { bits: FMASK_BITS });
list('system', ['fs_base', 'gs_base', 'kernel_gs_base'], { addressSpace: 'gva' });
list('system', ['sysenter_cs']);
list('system', ['sysenter_esp', 'sysenter_eip'], { addressSpace: 'gva' });
list('system', ['pat'], { bits: PAT_BITS });
list('system', ['misc_enable'], { bits: MISC_ENABLE_BITS });
list('system', ['feature_control'], { bits: FEATURE_CONTROL_BITS });
list('system', ['spec_ctrl'], { bits: SPEC_CTRL_BITS });
list('system', ['virt_ssbd', 'tsx_ctrl']);
list('system', ['pkru', 'pkrs'], { bits: PROTECTION_KEY_BITS });
list('system', ['smbase'], { addressSpace: 'gpa' });
list('system', ['mtrr_def_type'], { bits: MTRR_DEF_TYPE_BITS });
list('system', numbered('mtrr_fixed', 11));
list(
  'system',
  numbered('mtrr_var', 8).flatMap((name) => [`${name}_base`, `${name}_mask`]),
);
list('system', ['mcg_cap', 'mcg_ctl', 'mcg_ext_ctl']);
list('system', ['mcg_status'], { bits: MCG_STATUS_BITS });

list('floating-point', ['fcw'], { bits: FCW_BITS });
list('floating-point', ['fsw'], { bits: FSW_BITS });
list('floating-point', ['ftw'], { bits: FTW_BITS });
list('floating-point', ['fop']);
list('floating-point', ['fip', 'fdp'], { addressSpace: 'gva' });
list('floating-point', numbered('st', 8));

list('vector', ['mxcsr'], { bits: MXCSR_BITS });
list('vector', numbered('xmm', 16));
list('vector', numbered('ymm', 16, 'h'));
list('vector', numbered('zmm', 16, 'h'));
list('vector', numbered('zmm', 32).slice(16));
list('vector', numbered('k', 8));

list('timer', ['tsc', 'tsc_aux', 'tsc_adjust', 'tsc_deadline', 'tsc_khz', 'tsc_offset']);
list('timer', ['kvm_system_time'], { bits: KVM_CLOCK_BITS });
list('timer', ['kvm_wall_clock'], { addressSpace: 'gpa' });

list('other', ['hflags'], { bits: HFLAGS_BITS });
list('other', ['hflags2'], { bits: HFLAGS2_BITS });
list('other', ['mp_state'], { bits: MP_STATE_BITS });

const ORDER = new Map([...rows.keys()].map((name, place) => [name, place]));

/** All registers that the state holds, in display order, decoded. */
export function describeRegisters(state: CpuState, paging: PagingModeId): Register[] {
  const cr3 = cr3Bits(state, paging);
  const last = ORDER.size;
  return Object.entries(state.registers)
    .sort(([a], [b]) => (ORDER.get(a) ?? last) - (ORDER.get(b) ?? last))
    .map(([name, held]) => describeRegister(name, held, name === 'cr3' ? cr3 : undefined));
}

/** What CR3 holds besides the root, and how long that is, depends on the mode. */
function cr3Bits(state: CpuState, paging: PagingModeId): BitTable {
  if (paging === 'x86-pae') return CR3_PAE_BITS;
  if (paging === 'x86-32' || state.registers.cr3?.width === 32) return CR3_32_BITS;
  const pcid = ((state.registers.cr4?.value ?? 0n) >> 17n) & 1n;
  return pcid === 1n ? CR3_PCID_BITS : CR3_BITS;
}

function describeRegister(name: string, held: RegisterValue, bits?: BitTable): Register {
  const row = rows.get(name);
  const table = bits ?? row?.bits;
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
