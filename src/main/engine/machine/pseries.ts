/**
 * The guest-physical map of pseries (PAPR guests of 64-bit POWER).
 *
 * Facts: QEMU hw/ppc/spapr.c spapr_machine_init (v2.4 to v10.0): RAM from 0 on in one piece, of which the first is the real mode area; device memory at the
 * next GiB after it (SPAPR_DEVICE_MEM_ALIGN). The hash page table is QEMU's own and not in RAM: section spapr/htab.
 */
import { mapLinear } from './linear-map.ts';
import type { MachineEvidence, MachineMap } from './machine-evidence.ts';

export function mapPseries(evidence: MachineEvidence): MachineMap | undefined {
  const { machine, blocks } = evidence;
  const own = machine === undefined && blocks.some(({ name }) => name === 'ppc_spapr.ram');
  if (!own && !/^pseries\b/.test(machine ?? '')) return undefined;
  return mapLinear(evidence, {
    title: 'pseries',
    architecture: 'ppc64',
    start: 0,
    plugAlignment: 2 ** 30,
    proof: machine === undefined ? 'block ppc_spapr.ram' : `machine type ${machine}`,
  });
}
