/**
 * QEMU's `cpu` section of a RISC-V target as the JSON at the end of a stream would describe it, version 5 (QEMU 7.2): for streams that have none, which only a user who asks for it gets (`suppress-vmdesc`).
 * RISC-V's section was born with streams that describe themselves, so no other version is needed.
 *
 * Facts: QEMU target/riscv/machine.c (v7.2), and the JSON in a stream of it (tests/engine/arch/riscv64/vmstate.test.ts).
 */
import type { VmDescription, VmFieldDescription } from '../vmstate.ts';

type Field = VmFieldDescription;
const number = (name: string, size: number): Field => ({ name, type: `uint${8 * size}`, size });
const many = (field: Field, array_len: number): Field => ({ ...field, array_len });

const CORE = ['pc', 'load_res', 'load_val', 'frm', 'badaddr', 'guest_phys_fault_addr', 'priv_ver', 'vext_ver'];
const WORDS = ['misa_mxl', 'misa_ext', 'misa_mxl_max', 'misa_ext_mask', 'features'];
/** Those of target_ulong, and those that are wider on a 32-bit target. */
const SYSTEM = [
  'priv',
  'virt',
  ':resetvec',
  'mhartid',
  ':mstatus',
  ':mip',
  ':miclaim',
  ':mie',
  ':mideleg',
  'satp',
  'stval',
  'medeleg',
  'stvec',
  'sepc',
  'scause',
  'mtvec',
  'mepc',
  'mcause',
  'mtval',
  'miselect',
  'siselect',
  'scounteren',
  'mcounteren',
  'mcountinhibit',
];
const HYPER = ['hstatus', 'hedeleg', ':hideleg', 'hcounteren', 'htval', 'htinst', 'hgatp', 'hgeie', 'hgeip', ':htimedelta', ':vstimecmp', 'hvictl'];
const HYPER_END = [
  ':vsstatus',
  'vstvec',
  'vsscratch',
  'vsepc',
  'vscause',
  'vstval',
  'vsatp',
  'vsiselect',
  'mtval2',
  'mtinst',
  'stvec_hs',
  'sscratch_hs',
  'sepc_hs',
  'scause_hs',
  'stval_hs',
  'satp_hs',
  ':mstatus_hs',
];

/** `long`: bytes of a target_ulong. */
export function cpuDescriptionOf(long: 4 | 8): VmDescription {
  const env = (name: string): Field => (name.startsWith(':') ? number(`env.${name.slice(1)}`, 8) : number(`env.${name}`, long));
  const counter: VmDescription = {
    vmsd_name: 'cpu/pmu',
    version: 1,
    fields: [
      ...['mhpmcounter_val', 'mhpmcounterh_val', 'mhpmcounter_prev', 'mhpmcounterh_prev'].map((name) => number(name, long)),
      { name: 'started', type: 'bool', size: 1 },
    ],
  };
  const rule: VmDescription = { vmsd_name: 'cpu/pmp/entry', version: 1, fields: [number('addr_reg', long), number('cfg_reg', 1)] };
  const bytes = (name: string): Field => many(number(`env.${name}`, 1), 64);
  const part = (name: string, version: number, fields: Field[]): VmDescription => ({ vmsd_name: `cpu/${name}`, version, fields });
  return {
    vmsd_name: 'cpu',
    version: 5,
    fields: [
      many(env('gpr'), 32),
      many(env(':fpr'), 32),
      bytes('miprio'),
      bytes('siprio'),
      ...CORE.map(env),
      ...WORDS.map((name) => number(`env.${name}`, 4)),
      ...SYSTEM.map(env),
      many({ name: 'env.pmu_ctrs', type: 'struct', size: 4 * long + 1, struct: counter }, 32),
      many(env('mhpmevent_val'), 32),
      many(env('mhpmeventh_val'), 32),
      ...['sscratch', 'mscratch', ':mfromhost', ':mtohost', ':stimecmp'].map(env),
    ],
    subsections: [
      part('pmp', 1, [many({ name: 'env.pmp_state.pmp', type: 'struct', size: long + 1, struct: rule }, 16)]),
      part('hyper', 2, [...HYPER.map(env), bytes('hviprio'), ...HYPER_END.map(env)]),
      part('vector', 2, [
        many(env(':vreg'), 512),
        ...['vxrm', 'vxsat', 'vl', 'vstart', 'vtype'].map(env),
        { name: 'env.vill', type: 'bool', size: 1 },
      ]),
      part('pointer_masking', 1, ['mmte', 'mpmmask', 'mpmbase', 'spmmask', 'spmbase', 'upmmask', 'upmbase'].map(env)),
      part('rv128', 1, [many(env('gprh'), 32), env(':mscratchh'), env(':sscratchh')]),
      part('kvmtimer', 1, [':kvm_timer_time', ':kvm_timer_compare', ':kvm_timer_state'].map(env)),
      part('envcfg', 1, [env(':menvcfg'), env('senvcfg'), env(':henvcfg')]),
      part('debug', 2, [env('trigger_cur'), ...['tdata1', 'tdata2', 'tdata3'].map((name) => many(env(name), 2))]),
      part(
        'smtateen',
        1,
        ['mstateen', 'hstateen', 'sstateen'].map((name) => many(env(`:${name}`), 4)),
      ),
    ],
  };
}
