/**
 * QEMU's `cpu` section of an ARM CPU, of 32 or of 64 bits, version 22, described as the JSON at the end of a stream would describe it: for streams that have none.
 *
 * Facts: QEMU target/arm/machine.c (vmstate_arm_cpu; version 22 since 2.3; subsections as of 9.0), compared with the JSON in streams of QEMU 7.2.
 * Not described: subsections of M-profile and R-profile CPUs, and of SME, whose storage is as long as its vectors.
 */
import type { VmDescription, VmFieldDescription } from '../vmstate.ts';

type Field = VmFieldDescription;

const SIZES = { uint8: 1, uint32: 4, uint64: 8 } as const;
const one = (type: keyof typeof SIZES, name: string): Field => ({ name, type, size: SIZES[type] });
const many = (type: keyof typeof SIZES, name: string, array_len: number): Field => ({ ...one(type, name), array_len });
const listed = (name: string): Field => ({ ...one('uint64', name), array_len_field: 'cpreg_vmstate_array_len' });

const subsection = (name: string, version: number, ...fields: Field[]): VmDescription => ({ vmsd_name: `cpu/${name}`, version, fields });
const structures = (name: string, array_len: number, part: VmDescription, size: number): Field => ({
  name,
  type: 'struct',
  size,
  array_len,
  struct: part,
});

const ZREG_HI: VmDescription = { vmsd_name: 'cpu/sve/zreg_hi', version: 1, fields: [many('uint64', 'd', 14)] };
const PREG: VmDescription = { vmsd_name: 'cpu/sve/preg', version: 1, fields: [many('uint64', 'p', 4)] };

export const cpuDescription: VmDescription = {
  vmsd_name: 'cpu',
  version: 22,
  fields: [
    many('uint32', 'env.regs', 16),
    many('uint64', 'env.xregs', 32),
    one('uint64', 'env.pc'),
    one('uint32', 'cpsr'),
    one('uint32', 'env.spsr'),
    many('uint64', 'env.banked_spsr', 8),
    many('uint32', 'env.banked_r13', 8),
    many('uint32', 'env.banked_r14', 8),
    many('uint32', 'env.usr_regs', 5),
    many('uint32', 'env.fiq_regs', 5),
    many('uint64', 'env.elr_el', 4),
    many('uint64', 'env.sp_el', 4),
    one('uint32', 'cpreg_vmstate_array_len'),
    listed('cpreg_vmstate_indexes'),
    listed('cpreg_vmstate_values'),
    one('uint64', 'env.exclusive_addr'),
    one('uint64', 'env.exclusive_val'),
    one('uint64', 'env.exclusive_high'),
    one('uint64', 'unused'),
    one('uint32', 'env.exception.syndrome'),
    one('uint32', 'env.exception.fsr'),
    one('uint64', 'env.exception.vaddress'),
    one('uint64', 'gt_timer[0]'),
    one('uint64', 'gt_timer[1]'),
    one('uint8', 'power_state'),
  ],
  subsections: [
    subsection(
      'vfp',
      3,
      ...Array.from({ length: 32 }, (_, n) => many('uint64', `env.vfp.zregs[${n}].d`, 2)),
      one('uint32', 'env.vfp.xregs[0]'),
      many('uint32', 'env.vfp.xregs', 14),
      one('uint32', 'fpscr'),
    ),
    subsection('iwmmxt', 1, many('uint64', 'env.iwmmxt.regs', 16), many('uint32', 'env.iwmmxt.cregs', 16)),
    subsection('thumb2ee', 1, one('uint32', 'env.teecr'), one('uint32', 'env.teehbr')),
    subsection('sve', 1, structures('env.vfp.zregs', 32, ZREG_HI, 112), structures('env.vfp.pregs', 17, PREG, 32)),
    subsection('serror', 1, one('uint8', 'env.serror.pending'), one('uint8', 'env.serror.has_esr'), one('uint64', 'env.serror.esr')),
    subsection('irq-line-state', 1, one('uint32', 'env.irq_line_state')),
  ],
};
