/**
 * QEMU's `cpu` section of a 64-bit x86 target, version 12, described as the JSON at the end of a stream would describe it: for streams
 * that have none. Big-endian, 1817 bytes, then the subsections that the stream holds, in any order, found by name.
 *
 * Facts: QEMU target/i386/machine.c (vmstate_x86_cpu; version 12 since 0.13; subsections as of 9.0). tests/lab/translate.lab.test.ts
 * compares it with the JSON in streams of QEMU 5.2, 7.2 and 10. Version 11 (before 0.13) ends before `env.xcr0`.
 * Not described: subsections of nested VMs, Xen guests, AMX tiles and branch records (their sizes vary); qemu-system-i386.
 */
import type { VmDescription, VmFieldDescription } from '../vmstate.ts';

type Field = VmFieldDescription;

const u8 = (name: string): Field => ({ name, type: 'uint8', size: 1 });
const u16 = (name: string): Field => ({ name, type: 'uint16', size: 2 });
const u32 = (name: string): Field => ({ name, type: 'uint32', size: 4 });
const i32 = (name: string): Field => ({ name, type: 'int32', size: 4 });
const u64 = (name: string): Field => ({ name, type: 'uint64', size: 8 });
const array = (field: Field, length: number): Field => ({ ...field, array_len: length });

function sizeOf(description: VmDescription): number {
  return (description.fields ?? []).reduce((sum, { size, array_len }) => sum + size * (array_len ?? 1), 0);
}

function structure(vmsd_name: string, version: number, fields: Field[]): VmDescription {
  return { vmsd_name, version, fields };
}

function struct(name: string, description: VmDescription): Field {
  return { name, type: 'struct', size: sizeOf(description), struct: description };
}

/** 64-bit quarters of a vector register, as QEMU's JSON names them. */
const quads = (first: number, count: number): Field[] => Array.from({ length: count }, (_, n) => u64(`_q_ZMMReg[${first + n}]`));

// The JSON describes the ten bytes of an x87 register (mantissa, then sign and exponent) as one field of type `tmp`.
const FPREG = structure('fpreg', 0, [{ name: 'tmp', type: 'tmp', size: 10 }]);
const SEGMENT = structure('segment', 1, [u32('selector'), u64('base'), u32('limit'), u32('flags')]);
const XMM_REG = structure('xmm_reg', 1, quads(0, 2));
const YMMH_REG = structure('ymmh_reg', 1, quads(2, 2));
const ZMMH_REG = structure('zmmh_reg', 1, quads(4, 4));
const HI16_ZMM_REG = structure('hi16_zmm_reg', 1, quads(0, 8));
const MTRR_VAR = structure('mtrr_var', 1, [u64('base'), u64('mask')]);
const BND_REGS = structure('bnd_regs', 1, [u64('lb'), u64('ub')]);

const FIELDS: Field[] = [
  array(u64('env.regs'), 16),
  u64('env.eip'),
  u64('env.eflags'),
  u32('env.hflags'),
  u16('env.fpuc'),
  u16('env.fpus_vmstate'),
  u16('env.fptag_vmstate'),
  u16('env.fpregs_format_vmstate'),
  array(struct('env.fpregs', FPREG), 8),
  array(struct('env.segs', SEGMENT), 6),
  struct('env.ldt', SEGMENT),
  struct('env.tr', SEGMENT),
  struct('env.gdt', SEGMENT),
  struct('env.idt', SEGMENT),
  u32('env.sysenter_cs'),
  u64('env.sysenter_esp'),
  u64('env.sysenter_eip'),
  u64('env.cr[0]'),
  u64('env.cr[2]'),
  u64('env.cr[3]'),
  u64('env.cr[4]'),
  array(u64('env.dr'), 8),
  i32('env.a20_mask'),
  u32('env.mxcsr'),
  array(struct('env.xmm_regs[0]', XMM_REG), 16),
  ...['efer', 'star', 'lstar', 'cstar', 'fmask', 'kernelgsbase'].map((name) => u64(`env.${name}`)),
  u32('env.smbase'),
  u64('env.pat'),
  u32('env.hflags2'),
  ...['vm_hsave', 'vm_vmcb', 'tsc_offset', 'intercept'].map((name) => u64(`env.${name}`)),
  ...['cr_read', 'cr_write', 'dr_read', 'dr_write'].map((name) => u16(`env.intercept_${name}`)),
  u32('env.intercept_exceptions'),
  u8('env.v_tpr'),
  array(u64('env.mtrr_fixed'), 11),
  u64('env.mtrr_deftype'),
  array(struct('env.mtrr_var', MTRR_VAR), 8),
  i32('env.interrupt_injected'),
  u32('env.mp_state'),
  u64('env.tsc'),
  i32('env.exception_nr'),
  ...['soft_interrupt', 'nmi_injected', 'nmi_pending', 'has_error_code'].map((name) => u8(`env.${name}`)),
  u32('env.sipi_vector'),
  ...['mcg_cap', 'mcg_status', 'mcg_ctl'].map((name) => u64(`env.${name}`)),
  array(u64('env.mce_banks'), 40),
  ...['tsc_aux', 'system_time_msr', 'wall_clock_msr', 'xcr0', 'xstate_bv'].map((name) => u64(`env.${name}`)),
  array(struct('env.xmm_regs[1]', YMMH_REG), 16),
];

const subsection = (name: string, ...fields: Field[]): VmDescription => structure(`cpu/${name}`, 1, fields);
const envs = (...names: string[]): Field[] => names.map((name) => u64(`env.${name}`));

const SUBSECTIONS: VmDescription[] = [
  subsection(
    'exception_info',
    u8('env.exception_pending'),
    u8('env.exception_injected'),
    u8('env.exception_has_payload'),
    u64('env.exception_payload'),
  ),
  subsection('async_pf_msr', ...envs('async_pf_en_msr')),
  subsection('async_pf_int_msr', ...envs('async_pf_int_msr')),
  subsection('async_pv_eoi_msr', ...envs('pv_eoi_en_msr')),
  subsection('steal_time_msr', ...envs('steal_time_msr')),
  subsection('poll_control_msr', ...envs('poll_control_msr')),
  subsection('fpop_ip_dp', u16('env.fpop'), ...envs('fpip', 'fpdp')),
  subsection('msr_tsc_adjust', ...envs('tsc_adjust')),
  subsection('msr_tscdeadline', ...envs('tsc_deadline')),
  subsection('msr_ia32_misc_enable', ...envs('msr_ia32_misc_enable')),
  subsection('msr_ia32_feature_control', ...envs('msr_ia32_feature_control')),
  subsection(
    'msr_architectural_pmu',
    ...envs('msr_fixed_ctr_ctrl', 'msr_global_ctrl', 'msr_global_status', 'msr_global_ovf_ctrl'),
    array(u64('env.msr_fixed_counters'), 3),
    array(u64('env.msr_gp_counters'), 18),
    array(u64('env.msr_gp_evtsel'), 18),
  ),
  subsection('mpx', array(struct('env.bnd_regs', BND_REGS), 4), ...envs('bndcs_regs.cfgu', 'bndcs_regs.sts', 'msr_bndcfgs')),
  subsection('msr_hyperv_hypercall', ...envs('msr_hv_guest_os_id', 'msr_hv_hypercall')),
  subsection('msr_hyperv_vapic', ...envs('msr_hv_vapic')),
  subsection('msr_hyperv_time', ...envs('msr_hv_tsc')),
  subsection('msr_hyperv_crash', array(u64('env.msr_hv_crash_params'), 5)),
  subsection('msr_hyperv_runtime', ...envs('msr_hv_runtime')),
  subsection(
    'msr_hyperv_synic',
    ...envs('msr_hv_synic_control', 'msr_hv_synic_evt_page', 'msr_hv_synic_msg_page'),
    array(u64('env.msr_hv_synic_sint'), 16),
  ),
  subsection('msr_hyperv_stimer', array(u64('env.msr_hv_stimer_config'), 4), array(u64('env.msr_hv_stimer_count'), 4)),
  subsection('msr_hyperv_reenlightenment', ...envs('msr_hv_reenlightenment_control', 'msr_hv_tsc_emulation_control', 'msr_hv_tsc_emulation_status')),
  subsection(
    'avx512',
    array(u64('env.opmask_regs'), 8),
    array(struct('env.xmm_regs[0]', ZMMH_REG), 16),
    array(struct('env.xmm_regs[1]', HI16_ZMM_REG), 16),
  ),
  subsection('xss', ...envs('xss')),
  subsection('umwait', u32('env.umwait')),
  subsection('tsc_khz', { name: 'env.tsc_khz', type: 'int64', size: 8 }),
  subsection('msr_smi_count', ...envs('msr_smi_count')),
  subsection('pkru', u32('env.pkru')),
  subsection('pkrs', u32('env.pkrs')),
  subsection('spec_ctrl', ...envs('spec_ctrl')),
  subsection('amd_tsc_scale_msr', ...envs('amd_tsc_scale_msr')),
  subsection('mcg_ext_ctl', ...envs('mcg_ext_ctl')),
  subsection(
    'intel_pt',
    ...envs('msr_rtit_ctrl', 'msr_rtit_status', 'msr_rtit_output_base', 'msr_rtit_output_mask', 'msr_rtit_cr3_match'),
    array(u64('env.msr_rtit_addrs'), 8),
  ),
  subsection('virt_ssbd', ...envs('virt_ssbd')),
  // QEMU spells it so.
  subsection('svn_npt', u64('env.nested_cr3'), u32('env.nested_pg_mode')),
  subsection('svm_guest', u32('env.int_ctl')),
  subsection('msr_tsx_ctrl', u32('env.tsx_ctrl')),
  subsection('intel_sgx', array(u64('env.msr_ia32_sgxlepubkeyhash'), 4)),
  subsection('pdptrs', array(u64('env.pdptrs'), 4)),
  subsection('msr_xfd', ...envs('msr_xfd', 'msr_xfd_err')),
  subsection('msr_hwcr', ...envs('msr_hwcr')),
  subsection('triple_fault', u8('env.triple_fault_pending')),
];

export const cpuDescription: VmDescription = { ...structure('cpu', 12, FIELDS), subsections: SUBSECTIONS };
