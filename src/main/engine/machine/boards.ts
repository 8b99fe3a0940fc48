/**
 * Machines whose whole map is a line of a table: main memory from one address on. Places as `info mtree -f` of QEMU 7.2 shows them; sources: hw/arm/sbsa-ref.c,
 * hw/riscv/spike.c, hw/riscv/sifive_u.c, hw/ppc/pnv.c, hw/ppc/mac_newworld.c, hw/ppc/mac_oldworld.c, hw/core/null-machine.c.
 *
 * Blocks of ROM and flash that are not named here have no place in the map. Left out: boards with holes for devices in the middle of RAM (raspi), or RAM at several places that depends on its size (malta, vexpress, xlnx-zcu102).
 */
import { mapLinear } from './linear-map.ts';
import type { MachineEvidence, MachineMap } from './machine-evidence.ts';
import { riscvFamily } from './riscv-virt.ts';

interface Board {
  machine: RegExp;
  title: string;
  start: number;
  family?: string | ((evidence: MachineEvidence) => string);
  firmware?: Readonly<Record<string, number>>;
}

const BOARDS: readonly Board[] = [
  // Flash 0 is in the secure world alone.
  { machine: /^sbsa-ref$/, title: 'sbsa-ref', start: 0x100_0000_0000, family: 'arm64', firmware: { 'sbsa.flash1': 0x1000_0000 } },
  { machine: /^spike$/, title: 'spike', start: 0x8000_0000, family: riscvFamily, firmware: { 'riscv.spike.mrom': 0x1000 } },
  { machine: /^sifive_u$/, title: 'sifive_u', start: 0x8000_0000, family: riscvFamily, firmware: { 'riscv.sifive.u.mrom': 0x1000 } },
  { machine: /^powernv(8|9|10|$)/, title: 'powernv', start: 0, family: 'ppc64' },
  { machine: /^mac99$/, title: 'mac99', start: 0, family: powerFamily },
  { machine: /^g3beige$/, title: 'g3beige', start: 0, family: powerFamily },
  { machine: /^none$/, title: 'none', start: 0 },
];

function powerFamily({ field }: MachineEvidence): string {
  return field('cpu', 'env.gpr')?.size === 4 ? 'ppc' : 'ppc64';
}

export function mapBoard(evidence: MachineEvidence): MachineMap | undefined {
  const { machine } = evidence;
  const board = machine === undefined ? undefined : BOARDS.find((candidate) => candidate.machine.test(machine));
  if (!board) return undefined;
  const { title, start, family, firmware } = board;
  const architecture = typeof family === 'function' ? family(evidence) : family;
  return mapLinear(evidence, { title, architecture, start, firmware, proof: `machine type ${machine}` });
}
