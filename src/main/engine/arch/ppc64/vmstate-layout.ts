/**
 * QEMU's `cpu` section of a ppc64 target, version 5, described as the JSON at the end of a stream would describe it: for streams that have none.
 *
 * Facts: QEMU target/ppc/machine.c, vmstate_ppc_cpu (version 5 since 1.5). Machine types up to 2.7 saved four more numbers, those up to 2.12 the number of
 * SLB entries before the entries. Not described: version 4, and the translation look-aside buffers of embedded CPUs, whose sizes vary.
 */
import type { VmDescription } from '../vmstate.ts';

type Field = NonNullable<VmDescription['fields']>[number];

const u64 = (name: string): Field => ({ name, type: 'uint64', size: 8 });
const u32 = (name: string): Field => ({ name, type: 'uint32', size: 4 });
const u64s = (name: string, array_len: number): Field => ({ ...u64(name), array_len });
const wide = (name: string, type: string, array_len: number): Field => ({ name, type, size: 16, array_len });
const subsection = (name: string, ...fields: Field[]): VmDescription => ({ vmsd_name: `cpu/${name}`, version: 1, fields });

const FIELDS: readonly Field[] = [
  { name: 'unused', type: 'unused_buffer', size: 8 },
  u64s('env.gpr', 32),
  { ...u32('env.crf'), array_len: 8 },
  u64('env.nip'),
  u64s('env.spr', 1024),
  u64('env.spe_acc'),
  u64('env.reserve_addr'),
  u64('env.msr'),
  u64('env.hflags_compat_nmsr'),
];

/** Of machine types up to 2.7. */
const CHECKS: readonly Field[] = [u64('mig_msr_mask'), u64('mig_insns_flags'), u64('mig_insns_flags2'), u32('mig_nb_BATs')];

const TRANSACTION = ['cr', 'lr', 'ctr', 'fpscr', 'amr', 'ppr', 'vrsave'];

function layout(fields: readonly Field[], slbCount: readonly Field[]): VmDescription {
  return {
    vmsd_name: 'cpu',
    version: 5,
    fields: [...fields],
    subsections: [
      subsection('fpu', u64s('env.vsr', 32), u64('env.fpscr')),
      subsection('altivec', wide('env.vsr', 'avr', 32), { ...u32('vscr'), type: 'cpu/altivec/vscr' }),
      subsection('vsx', u64s('env.vsr', 32)),
      subsection('sr', u64s('env.sr', 32)),
      subsection(
        'tm',
        u64s('env.tm_gpr', 32),
        wide('env.tm_vsr', 'avr', 64),
        ...TRANSACTION.map((name) => u64(`env.tm_${name}`)),
        u32('env.tm_vscr'),
        u64('env.tm_dscr'),
        u64('env.tm_tar'),
      ),
      subsection('slb', ...slbCount, wide('env.slb', 'slbe', 64)),
      subsection('compat', u32('compat_pvr')),
    ],
  };
}

export const cpuDescription: VmDescription = layout(FIELDS, []);

/** All layouts of version 5, the likeliest first. */
export const cpuLayouts: readonly VmDescription[] = [
  cpuDescription,
  layout(FIELDS, [u32('mig_slb_nr')]),
  layout([...FIELDS, ...CHECKS], [u32('mig_slb_nr')]),
];
