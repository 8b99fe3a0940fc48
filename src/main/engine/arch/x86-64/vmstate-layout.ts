/**
 * QEMU's `cpu` section of an x86 target, version 12, described as the JSON at the end of a stream would describe it: for streams that have none. 1817
 * bytes on a 64-bit target, then the subsections that the stream holds, in any order, found by name.
 *
 * Facts: QEMU target/i386/machine.c (vmstate_x86_cpu; version 12 since 0.13; subsections as of 9.0). tests/lab/translate.lab.test.ts
 * compares it with the JSON in streams of QEMU 5.2, 7.2 and 10. Other versions: vmstate-history.ts.
 * Not described: subsections of nested VMs, Xen guests, AMX tiles and branch records (their sizes vary).
 */
import type { VmDescription } from '../vmstate.ts';
import {
  array,
  core,
  EVENTS,
  KVM,
  KVM_CLOCK,
  MCE,
  MTRRS,
  quads,
  SMBASE,
  struct,
  structure,
  svm,
  TSC_AUX,
  u16,
  u32,
  u64,
  u64s,
  u8,
  xsave,
  type CoreForm,
  type Field,
  type TargetBits,
} from './vmstate-parts.ts';

const ZMMH_REG = structure('zmmh_reg', 1, quads(4, 4));
const HI16_ZMM_REG = structure('hi16_zmm_reg', 1, quads(0, 8));
const BND_REGS = structure('bnd_regs', 1, [u64('lb'), u64('ub')]);

/** Versions 11 and 12 up to XSAVE's part. */
export function fieldsBeforeXsave(form: CoreForm): Field[] {
  return [...core(form), ...SMBASE, ...svm(), ...MTRRS, ...KVM, ...EVENTS, ...MCE, ...TSC_AUX, ...KVM_CLOCK];
}

const subsection = (name: string, ...fields: Field[]): VmDescription => structure(`cpu/${name}`, 1, fields);

const subsectionsOf = (target: TargetBits): VmDescription[] => [
  subsection(
    'exception_info',
    u8('env.exception_pending'),
    u8('env.exception_injected'),
    u8('env.exception_has_payload'),
    u64('env.exception_payload'),
  ),
  subsection('async_pf_msr', ...u64s('async_pf_en_msr')),
  subsection('async_pf_int_msr', ...u64s('async_pf_int_msr')),
  subsection('async_pv_eoi_msr', ...u64s('pv_eoi_en_msr')),
  subsection('steal_time_msr', ...u64s('steal_time_msr')),
  subsection('poll_control_msr', ...u64s('poll_control_msr')),
  subsection('fpop_ip_dp', u16('env.fpop'), ...u64s('fpip', 'fpdp')),
  subsection('msr_tsc_adjust', ...u64s('tsc_adjust')),
  subsection('msr_tscdeadline', ...u64s('tsc_deadline')),
  subsection('msr_ia32_misc_enable', ...u64s('msr_ia32_misc_enable')),
  subsection('msr_ia32_feature_control', ...u64s('msr_ia32_feature_control')),
  subsection(
    'msr_architectural_pmu',
    ...u64s('msr_fixed_ctr_ctrl', 'msr_global_ctrl', 'msr_global_status', 'msr_global_ovf_ctrl'),
    array(u64('env.msr_fixed_counters'), 3),
    array(u64('env.msr_gp_counters'), 18),
    array(u64('env.msr_gp_evtsel'), 18),
  ),
  subsection('mpx', array(struct('env.bnd_regs', BND_REGS), 4), ...u64s('bndcs_regs.cfgu', 'bndcs_regs.sts', 'msr_bndcfgs')),
  subsection('msr_hyperv_hypercall', ...u64s('msr_hv_guest_os_id', 'msr_hv_hypercall')),
  subsection('msr_hyperv_vapic', ...u64s('msr_hv_vapic')),
  subsection('msr_hyperv_time', ...u64s('msr_hv_tsc')),
  subsection('msr_hyperv_crash', array(u64('env.msr_hv_crash_params'), 5)),
  subsection('msr_hyperv_runtime', ...u64s('msr_hv_runtime')),
  subsection(
    'msr_hyperv_synic',
    ...u64s('msr_hv_synic_control', 'msr_hv_synic_evt_page', 'msr_hv_synic_msg_page'),
    array(u64('env.msr_hv_synic_sint'), 16),
  ),
  subsection('msr_hyperv_stimer', array(u64('env.msr_hv_stimer_config'), 4), array(u64('env.msr_hv_stimer_count'), 4)),
  subsection('msr_hyperv_reenlightenment', ...u64s('msr_hv_reenlightenment_control', 'msr_hv_tsc_emulation_control', 'msr_hv_tsc_emulation_status')),
  subsection(
    'avx512',
    array(u64('env.opmask_regs'), 8),
    array(struct('env.xmm_regs[0]', ZMMH_REG), target / 4),
    ...(target === 64 ? [array(struct('env.xmm_regs[1]', HI16_ZMM_REG), 16)] : []),
  ),
  subsection('xss', ...u64s('xss')),
  subsection('umwait', u32('env.umwait')),
  subsection('tsc_khz', { name: 'env.tsc_khz', type: 'int64', size: 8 }),
  subsection('msr_smi_count', ...u64s('msr_smi_count')),
  subsection('pkru', u32('env.pkru')),
  subsection('pkrs', u32('env.pkrs')),
  subsection('spec_ctrl', ...u64s('spec_ctrl')),
  subsection('amd_tsc_scale_msr', ...u64s('amd_tsc_scale_msr')),
  subsection('mcg_ext_ctl', ...u64s('mcg_ext_ctl')),
  subsection(
    'intel_pt',
    ...u64s('msr_rtit_ctrl', 'msr_rtit_status', 'msr_rtit_output_base', 'msr_rtit_output_mask', 'msr_rtit_cr3_match'),
    array(u64('env.msr_rtit_addrs'), 8),
  ),
  subsection('virt_ssbd', ...u64s('virt_ssbd')),
  // QEMU spells it so.
  subsection('svn_npt', u64('env.nested_cr3'), u32('env.nested_pg_mode')),
  subsection('svm_guest', u32('env.int_ctl')),
  subsection('msr_tsx_ctrl', u32('env.tsx_ctrl')),
  subsection('intel_sgx', array(u64('env.msr_ia32_sgxlepubkeyhash'), 4)),
  subsection('pdptrs', array(u64('env.pdptrs'), 4)),
  subsection('msr_xfd', ...u64s('msr_xfd', 'msr_xfd_err')),
  subsection('msr_hwcr', ...u64s('msr_hwcr')),
  subsection('triple_fault', u8('env.triple_fault_pending')),
];

/** Version 12; RHEL 6's first had none of XSAVE's part. */
export function cpuVersion12(form: CoreForm, hasXsave = true): VmDescription {
  const fields = [...fieldsBeforeXsave(form), ...(hasXsave ? xsave(form.target) : [])];
  return { ...structure('cpu', 12, fields), subsections: subsectionsOf(form.target) };
}

export const cpuDescription: VmDescription = cpuVersion12({ target: 64 });
export const cpuDescription32: VmDescription = cpuVersion12({ target: 32 });
