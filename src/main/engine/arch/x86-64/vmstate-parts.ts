/**
 * The parts that QEMU's `cpu` section of an x86 target is made of, described as the JSON at the end of a stream would describe them. Which version has
 * which: vmstate-layout.ts and vmstate-history.ts. Big-endian.
 *
 * Facts: QEMU target/i386/machine.c (vmstate_x86_cpu, since 0.13 unchanged up to 10.0). A target_ulong has 8 bytes on qemu-system-x86_64 and 4 on
 * qemu-system-i386, which also has half as many general and vector registers and no long mode.
 */
import type { VmDescription, VmFieldDescription } from '../vmstate.ts';

export type Field = VmFieldDescription;
/** Bits of the target: of qemu-system-x86_64 or qemu-system-i386. */
export type TargetBits = 64 | 32;

export const u8 = (name: string): Field => ({ name, type: 'uint8', size: 1 });
export const u16 = (name: string): Field => ({ name, type: 'uint16', size: 2 });
export const u32 = (name: string): Field => ({ name, type: 'uint32', size: 4 });
export const i32 = (name: string): Field => ({ name, type: 'int32', size: 4 });
export const u64 = (name: string): Field => ({ name, type: 'uint64', size: 8 });
export const array = (field: Field, length: number): Field => ({ ...field, array_len: length });
export const u64s = (...names: string[]): Field[] => names.map((name) => u64(`env.${name}`));

function sizeOf(description: VmDescription): number {
  return (description.fields ?? []).reduce((sum, { size, array_len }) => sum + size * (array_len ?? 1), 0);
}

export function structure(vmsd_name: string, version: number, fields: Field[]): VmDescription {
  return { vmsd_name, version, fields };
}

export function struct(name: string, description: VmDescription): Field {
  return { name, type: 'struct', size: sizeOf(description), struct: description };
}

/** 64-bit quarters of a vector register, as QEMU's JSON names them. */
export const quads = (first: number, count: number): Field[] => Array.from({ length: count }, (_, n) => u64(`_q_ZMMReg[${first + n}]`));

// The JSON describes the ten bytes of an x87 register (mantissa, then sign and exponent) as one field of type `tmp`.
const FPREG = structure('fpreg', 0, [{ name: 'tmp', type: 'tmp', size: 10 }]);
const XMM_REG = structure('xmm_reg', 1, quads(0, 2));
const YMMH_REG = structure('ymmh_reg', 1, quads(2, 2));
const MTRR_VAR = structure('mtrr_var', 1, [u64('base'), u64('mask')]);

export interface CoreForm {
  target: TargetBits;
  /** SYSENTER's two addresses have 32 bits on every target (before version 7). */
  narrowSysenter?: boolean;
  /** The emulator's x87 registers were doubles (a host without long double): 8 bytes each, env.fpregs_format_vmstate is 1. */
  doubles?: boolean;
}

/** What every version starts with. */
export function core({ target, narrowSysenter = false, doubles = false }: CoreForm): Field[] {
  const long = (name: string): Field => (target === 64 ? u64(name) : u32(name));
  const sysenter = narrowSysenter ? u32 : long;
  const count = target / 4;
  const segment = structure('segment', 1, [u32('selector'), long('base'), u32('limit'), u32('flags')]);
  return [
    array(long('env.regs'), count),
    long('env.eip'),
    long('env.eflags'),
    u32('env.hflags'),
    u16('env.fpuc'),
    u16('env.fpus_vmstate'),
    u16('env.fptag_vmstate'),
    u16('env.fpregs_format_vmstate'),
    array(doubles ? u64('env.fpregs') : struct('env.fpregs', FPREG), 8),
    array(struct('env.segs', segment), 6),
    ...['ldt', 'tr', 'gdt', 'idt'].map((name) => struct(`env.${name}`, segment)),
    u32('env.sysenter_cs'),
    sysenter('env.sysenter_esp'),
    sysenter('env.sysenter_eip'),
    ...['cr[0]', 'cr[2]', 'cr[3]', 'cr[4]'].map((name) => long(`env.${name}`)),
    array(long('env.dr'), 8),
    i32('env.a20_mask'),
    u32('env.mxcsr'),
    array(struct('env.xmm_regs[0]', XMM_REG), count),
    ...(target === 64 ? u64s('efer', 'star', 'lstar', 'cstar', 'fmask', 'kernelgsbase') : []),
  ];
}

export const SMBASE: readonly Field[] = [u32('env.smbase')];

/** `before` is what stood in between in version 5. */
export function svm(...before: Field[]): Field[] {
  return [
    u64('env.pat'),
    u32('env.hflags2'),
    ...before,
    ...u64s('vm_hsave', 'vm_vmcb', 'tsc_offset', 'intercept'),
    ...['cr_read', 'cr_write', 'dr_read', 'dr_write'].map((name) => u16(`env.intercept_${name}`)),
    u32('env.intercept_exceptions'),
    u8('env.v_tpr'),
  ];
}

export const MTRRS: readonly Field[] = [array(u64('env.mtrr_fixed'), 11), u64('env.mtrr_deftype'), array(struct('env.mtrr_var', MTRR_VAR), 8)];
export const KVM: readonly Field[] = [i32('env.interrupt_injected'), u32('env.mp_state'), u64('env.tsc')];
/** Pending interrupts and NMIs, without the exception that came with version 11. */
export const EVENT_FLAGS: readonly Field[] = [
  ...['soft_interrupt', 'nmi_injected', 'nmi_pending', 'has_error_code'].map((name) => u8(`env.${name}`)),
  u32('env.sipi_vector'),
];
export const EVENTS: readonly Field[] = [i32('env.exception_nr'), ...EVENT_FLAGS];
export const MCE: readonly Field[] = [...u64s('mcg_cap', 'mcg_status', 'mcg_ctl'), array(u64('env.mce_banks'), 40)];
export const KVM_CLOCK: readonly Field[] = u64s('system_time_msr', 'wall_clock_msr');
export const TSC_AUX: readonly Field[] = u64s('tsc_aux');

export function xsave(target: TargetBits): Field[] {
  return [...u64s('xcr0', 'xstate_bv'), array(struct('env.xmm_regs[1]', YMMH_REG), target / 4)];
}
