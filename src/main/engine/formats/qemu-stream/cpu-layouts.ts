/** The layouts of `cpu` sections that no JSON describes, of every CPU family. */
import { ARCHITECTURES, type Architecture } from '../../arch/index.ts';
import type { VmDescription, VmStruct } from '../../arch/vmstate.ts';

export const CPU_LAYOUTS: readonly VmDescription[] = ARCHITECTURES.flatMap(({ cpuLayouts, cpuDescription }) => cpuLayouts ?? [cpuDescription]);

/** The family that a decoded `cpu` section is of; undefined where its fields do not tell. */
export function findArchitectureOfCpu(cpu: VmStruct): Architecture | undefined {
  return ARCHITECTURES.find((architecture) => architecture.ownsVmstate(cpu));
}
