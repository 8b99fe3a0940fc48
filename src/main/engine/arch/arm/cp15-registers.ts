/**
 * Names of AArch32 system registers by their encoding, and the ids under which QEMU's `cpu` section lists them.
 *
 * Encodings and names: Arm Architecture Reference Manual for A-profile (DDI 0487J), G7.2 "System register encodings"; of ARMv7: DDI 0406C, B3.17. Ids: Linux Documentation/virt/kvm/api.rst,
 * KVM_SET_ONE_REG, "ARM 32-bit CP15 registers", and bit 29 for the non-secure bank (QEMU target/arm/cpregs.h, CP_REG_NS_SHIFT, v7.2).
 */

/** By `cn_op1_cm`: names for op2 = 0, 1, …; `-` where there is none. */
const CP15: Readonly<Record<string, string>> = {
  c0_0_c0: 'midr ctr tcmtr tlbtr - mpidr revidr',
  c0_0_c1: 'id_pfr0 id_pfr1 id_dfr0 id_afr0 id_mmfr0 id_mmfr1 id_mmfr2 id_mmfr3',
  c0_0_c2: 'id_isar0 id_isar1 id_isar2 id_isar3 id_isar4 id_isar5 id_mmfr4 id_isar6',
  c0_0_c3: '- - - - id_pfr2 id_dfr1 id_mmfr5',
  c0_1_c0: 'ccsidr clidr ccsidr2 - - - - aidr',
  c0_2_c0: 'csselr',
  c0_4_c0: 'vpidr - - - - vmpidr',
  c1_0_c0: 'sctlr actlr cpacr actlr2',
  c1_0_c1: 'scr sder nsacr',
  c1_0_c2: '- trfcr',
  c1_0_c3: '- sdcr',
  c1_4_c0: 'hsctlr hactlr - hactlr2',
  c1_4_c1: 'hcr hdcr hcptr hstr hcr2 - - hacr',
  c2_0_c0: 'ttbr0 ttbr1 ttbcr ttbcr2',
  c2_4_c0: '- - htcr',
  c2_4_c1: '- - vtcr',
  c3_0_c0: 'dacr',
  c5_0_c0: 'dfsr ifsr',
  c5_0_c1: 'adfsr aifsr',
  c5_4_c1: 'hadfsr haifsr',
  c5_4_c2: 'hsr',
  c6_0_c0: 'dfar - ifar',
  c6_4_c0: 'hdfar - hifar - hpfar',
  c7_0_c4: 'par',
  c9_0_c12: 'pmcr pmcntenset pmcntenclr pmovsr pmswinc pmselr pmceid0 pmceid1',
  c9_0_c13: 'pmccntr pmxevtyper pmxevcntr',
  c9_0_c14: 'pmuserenr pmintenset pmintenclr pmovsset pmceid2 pmceid3',
  c9_1_c0: '- - l2ctlr l2ectlr',
  c10_0_c2: 'prrr nmrr',
  c10_0_c3: 'amair0 amair1',
  c10_4_c2: 'hmair0 hmair1',
  c10_4_c3: 'hamair0 hamair1',
  c12_0_c0: 'vbar mvbar',
  c12_0_c1: 'isr',
  c12_4_c0: 'hvbar',
  c13_0_c0: 'fcseidr contextidr tpidrurw tpidruro tpidrprw',
  c13_4_c0: '- - htpidr',
  c14_0_c0: 'cntfrq',
  c14_0_c1: 'cntkctl',
  c14_0_c2: 'cntp_tval cntp_ctl',
  c14_0_c3: 'cntv_tval cntv_ctl',
  c14_4_c1: 'cnthctl',
  c14_4_c2: 'cnthp_tval cnthp_ctl',
  c14_0_c8: 'pmevcntr0 pmevcntr1 pmevcntr2 pmevcntr3 pmevcntr4 pmevcntr5 pmevcntr6 pmevcntr7',
  c14_0_c12: 'pmevtyper0 pmevtyper1 pmevtyper2 pmevtyper3 pmevtyper4 pmevtyper5 pmevtyper6 pmevtyper7',
  c14_0_c15: '- - - - - - - pmccfiltr',
  c15_4_c0: 'cbar',
};

/** Registers of 64 bits, by `cm_op1`. */
const CP15_LONG: Readonly<Record<string, string>> = {
  c2_0: 'ttbr0_64',
  c2_1: 'ttbr1_64',
  c2_4: 'httbr',
  c2_6: 'vttbr',
  c7_0: 'par_64',
  c9_0: 'pmccntr_64',
  c14_0: 'cntpct',
  c14_1: 'cntvct',
  c14_2: 'cntp_cval',
  c14_3: 'cntv_cval',
  c14_4: 'cntvoff',
  c14_6: 'cnthp_cval',
};

/** Debug and trace: coprocessor 14, opcode 1 = 0, by `cm`; 16 of each, but for those that CP14 names. */
const DEBUG = ['-', '-', '-', '-', 'dbgbvr', 'dbgbcr', 'dbgwvr', 'dbgwcr'];
const CP14: Readonly<Record<string, string>> = {
  c0_0_c0_0: 'dbgdidr',
  c0_0_c1_0: 'dbgdscrint',
  c0_0_c2_0: 'dbgdccint',
  c0_0_c2_2: 'dbgdscrext',
  c0_0_c7_0: 'dbgvcr',
  c1_0_c0_0: 'dbgdrar',
  c1_0_c1_4: 'dbgoslsr',
  c1_0_c3_4: 'dbgosdlr',
  c2_0_c0_0: 'dbgdsar',
  c0_6_c0_0: 'teecr',
  c1_6_c0_0: 'teehbr',
};

const ARM = 0x4n;
const NON_SECURE = 1n << 29n;
const LONG = 3n;

/** The name of the coprocessor register with this id; undefined for an id of another kind. Those of the secure bank end in `_s`; one without a name is called `p15_c1_0_c0_3`: coprocessor, cn, op1, cm, op2. */
export function coprocessorRegisterName(id: bigint): string | undefined {
  if (id >> 60n !== ARM) return undefined;
  const coprocessor = Number((id >> 16n) & 0xfffn);
  const low = Number(id & 0xffffn);
  const [cn, cm, op1, op2] = [(low >> 11) & 15, (low >> 7) & 15, (low >> 3) & 15, low & 7];
  const long = ((id >> 52n) & 0xfn) === LONG;
  const key = long ? `c${cm}_${op1}` : `c${cn}_${op1}_c${cm}`;
  const bank = coprocessor === 15 && (id & NON_SECURE) === 0n ? '_s' : '';
  const named =
    coprocessor === 15 ? (long ? CP15_LONG[key] : CP15[key]?.split(' ')[op2]) : coprocessor === 14 && !long ? debugName(key, cm, op2) : undefined;
  return `${named === undefined || named === '-' ? `p${coprocessor}_${key}${long ? '_64' : `_${op2}`}` : named}${bank}`;
}

function debugName(key: string, cm: number, op2: number): string | undefined {
  const named = CP14[`${key}_${op2}`];
  if (named !== undefined || !key.startsWith('c0_0_')) return named;
  const prefix = DEBUG[op2];
  return prefix === undefined || prefix === '-' ? undefined : `${prefix}${cm}`;
}
