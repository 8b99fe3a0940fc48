/**
 * QEMU's `cpu` section of an s390x target, described as the JSON at the end of a stream would describe it: for streams that have none.
 *
 * Facts: QEMU target/s390x/machine.c (vmstate_s390_cpu; version 3 since 2.3, version 4 with the interrupts that KVM holds since 2.4; subsections as of 10.0).
 * Not described: interrupts that KVM holds (irqstate, whose length stands before it): where there are some, only the stream's own description decodes the section.
 */
import type { VmDescription, VmFieldDescription } from '../vmstate.ts';

type Field = VmFieldDescription;

const sized =
  (type: string, size: number) =>
  (name: string): Field => ({ name, type, size });
const u8 = sized('uint8', 1);
const u32 = sized('uint32', 4);
const u64 = sized('uint64', 8);
const array = (field: Field, length: number): Field => ({ ...field, array_len: length });
const range = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, n) => first + n);

const subsection = (name: string, ...fields: Field[]): VmDescription => ({ vmsd_name: `cpu/${name}`, version: 1, fields });

/** Half 0 of a vector register is the upper one, and of the first 16 the floating-point register. */
const half = (n: number, which: 0 | 1): Field => u64(`env.vregs[${n}][${which}]`);

const FIELDS: Field[] = [
  array(u64('env.regs'), 16),
  u64('env.psw.mask'),
  u64('env.psw.addr'),
  u64('env.psa'),
  u32('env.todpr'),
  ...['pfault_token', 'pfault_compare', 'pfault_select', 'cputm', 'ckc', 'gbea', 'pp'].map((name) => u64(`env.${name}`)),
  array(u32('env.aregs'), 16),
  array(u64('env.cregs'), 16),
  u8('env.cpu_state'),
  u8('env.sigp_order'),
];

const SUBSECTIONS: VmDescription[] = [
  subsection('fpu', ...range(0, 15).map((n) => half(n, 0)), u32('env.fpc')),
  subsection('vregs', ...range(16, 31).map((n) => half(n, 0)), ...range(0, 31).map((n) => half(n, 1))),
  subsection('riccb', array(u8('env.riccb'), 64)),
  subsection('exval', u64('env.ex_value')),
  subsection('gscb', array(u64('env.gscb'), 4)),
  subsection('bpbc', { name: 'env.bpbc', type: 'bool', size: 1 }),
  subsection('etoken', u64('env.etoken'), u64('env.etoken_extension')),
  subsection('diag318', u64('env.diag318_info')),
];

export const cpuDescription: VmDescription = {
  vmsd_name: 'cpu',
  version: 4,
  fields: [...FIELDS, u32('irqstate_saved_size'), { name: 'irqstate', type: 'buffer', size: 0 }],
  subsections: SUBSECTIONS,
};

export const cpuLayouts: readonly VmDescription[] = [cpuDescription, { ...cpuDescription, version: 3, fields: FIELDS }];
