/**
 * The guest-physical map of QEMU's `virt` machine for RISC-V.
 *
 * Facts: QEMU hw/riscv/virt.c virt_memmap (v4.2 to v10.0): RAM from 0x80000000 on in one piece, two flash chips of 32 MiB at 0x20000000, a ROM with the
 * reset vector at 0x1000. The machine type has no version; the ROM's block tells it from the `virt` of other CPUs.
 */
import { mapLinear } from './linear-map.ts';
import type { MachineEvidence, MachineMap } from './machine-evidence.ts';

/** 64-bit unless the CPU's registers are saved in 4 bytes, or misa says 32 bits: since QEMU 10.2 all are saved in 8. */
export function riscvFamily({ field }: MachineEvidence): string {
  return field('cpu', 'env.gpr')?.size === 4 || field('cpu', 'env.misa_mxl')?.values[0] === 1n ? 'riscv32' : 'riscv64';
}

export function mapRiscvVirt(evidence: MachineEvidence): MachineMap | undefined {
  const { machine, blocks } = evidence;
  const rom = blocks.find(({ name }) => /^riscv_virt_board\.(mrom|ram)$/.test(name));
  if (!rom || (machine !== undefined && machine !== 'virt')) return undefined;
  return mapLinear(evidence, {
    title: 'virt (RISC-V)',
    architecture: riscvFamily(evidence),
    start: 0x8000_0000,
    firmware: { 'riscv_virt_board.mrom': 0x1000, 'virt.flash0': 0x2000_0000, 'virt.flash1': 0x2200_0000 },
    proof: `block ${rom.name}`,
  });
}
