/**
 * The guest-physical map of QEMU's `virt` machine for ARM, 32- and 64-bit.
 *
 * Facts: QEMU hw/arm/virt.c base_memmap, virt_flash_create, virt_set_memmap (v2.6 to v10.0): RAM from 1 GiB on in one piece, whatever its size; two
 * flash chips of 64 MiB from 0 on; device memory at the next GiB after RAM. The CPU's width: target/arm/helper.c (ARM_FEATURE_AARCH64),
 * ids of registers as in target/arm/kvm-consts.h.
 *
 * Not known here: flash and RAM of the secure world (-machine secure=on), which are other address spaces.
 */
import { mapLinear } from './linear-map.ts';
import type { MachineEvidence, MachineMap } from './machine-evidence.ts';

const GiB = 2 ** 30;
const MiB = 2 ** 20;
/** ID_AA64PFR0_EL1 and the 31 identification registers after it, which only a CPU has that can run AArch64; all others have names in either state. */
const FIRST_AARCH64_ID = 0x6030_0000_0013_c020n;
const LAST_AARCH64_ID = 0x6030_0000_0013_c03fn;

/** Whether the CPU can run AArch64, by the system registers that it saves. One that is not described counts as 64-bit. */
export function armFamily({ field }: MachineEvidence): string {
  const ids = field('cpu', 'cpreg_vmstate_indexes')?.values ?? [];
  const is64 = ids.some((id) => typeof id === 'bigint' && id >= FIRST_AARCH64_ID && id <= LAST_AARCH64_ID);
  return is64 || ids.length === 0 ? 'arm64' : 'arm';
}

export function mapArmVirt(evidence: MachineEvidence): MachineMap | undefined {
  const { machine, blocks, devices } = evidence;
  const own = blocks.find(({ name }) => name === 'mach-virt.ram');
  const named = machine !== undefined && /^virt(-\d|-rhel|$)/.test(machine);
  const gic = devices.find((name) => /^arm_gic/.test(name));
  if (!(named || machine === undefined) || !(own ?? gic)) return undefined;
  const architecture = armFamily(evidence);
  return mapLinear(evidence, {
    title: architecture === 'arm' ? 'virt (ARM, 32-bit)' : 'virt (ARM)',
    architecture,
    start: GiB,
    firmware: { 'virt.flash0': 0, 'virt.flash1': 64 * MiB },
    plugAlignment: GiB,
    proof: named ? `machine type ${machine}, ${own ? `block ${own.name}` : `section ${gic}`}` : `${own ? `block ${own.name}` : `section ${gic}`}`,
  });
}
