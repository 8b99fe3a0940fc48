/** Machines that are no PC: where QEMU's sources put their memory, and which CPU family follows. Judges that run: tests/lab/machines.lab.test.ts. */
import { describe, expect, it } from 'vitest';
import { mapMachine } from '#engine/machine/machine-map.ts';
import { evidenceOf, mapOf, readerOf, tablesOf, type Parts } from './evidence.ts';

const MiB = 2 ** 20;
const GiB = 2 ** 30;

const cases: [what: string, parts: Parts, family: string | undefined, ranges: unknown[]][] = [
  [
    'microvm with 5 GiB',
    {
      machine: 'microvm',
      blocks: [
        ['microvm.ram', 5 * GiB],
        ['pc.bios', 65536],
      ],
    },
    'x86-64',
    [
      ['microvm.ram', 0, 0xf0000, 0],
      ['pc.bios', 0xf0000, 0x100000, 0],
      ['microvm.ram', 0x100000, 3 * GiB, 0x100000],
      ['pc.bios', 4 * GiB - 65536, 4 * GiB, 0],
      ['microvm.ram', 4 * GiB, 6 * GiB, 3 * GiB],
    ],
  ],
  [
    'virt of ARM, 300 GiB',
    {
      machine: 'virt-9.0',
      blocks: [
        ['mach-virt.ram', 300 * GiB],
        ['virt.flash0', 64 * MiB],
        ['virt.flash1', 64 * MiB],
      ],
    },
    'arm64',
    [
      ['virt.flash0', 0, 64 * MiB, 0],
      ['virt.flash1', 64 * MiB, 128 * MiB, 0],
      ['mach-virt.ram', GiB, 301 * GiB, 0],
    ],
  ],
  [
    'virt of ARM with a backend and a DIMM',
    {
      machine: 'virt-9.0',
      devices: ['arm_gicv3'],
      blocks: [
        ['ram-node0', GiB + 2 * MiB],
        ['stick', 512 * MiB],
      ],
    },
    'arm64',
    [
      ['ram-node0', GiB, 2 * GiB + 2 * MiB, 0],
      ['stick', 3 * GiB, 3 * GiB + 512 * MiB, 0],
    ],
  ],
  [
    'virt of RISC-V',
    {
      machine: 'virt',
      blocks: [
        ['foo', 4 * GiB],
        ['virt.flash0', 32 * MiB],
        ['virt.flash1', 32 * MiB],
        ['riscv_virt_board.mrom', 0xf000],
      ],
    },
    'riscv64',
    [
      ['riscv_virt_board.mrom', 0x1000, 0x10000, 0],
      ['virt.flash0', 0x20000000, 0x22000000, 0],
      ['virt.flash1', 0x22000000, 0x24000000, 0],
      ['foo', 0x80000000, 0x180000000, 0],
    ],
  ],
  [
    '32-bit RISC-V',
    { machine: 'virt', blocks: [['riscv_virt_board.ram', GiB]], fields: { 'cpu env.gpr': { size: 4, values: [] } } },
    'riscv32',
    [['riscv_virt_board.ram', 0x80000000, 0xc0000000, 0]],
  ],
  ['s390-ccw-virtio', { machine: 's390-ccw-virtio-8.2', blocks: [['s390.ram', 5 * GiB]] }, 's390x', [['s390.ram', 0, 5 * GiB, 0]]],
  ['pseries', { machine: 'pseries-rhel9.0.0', blocks: [['ppc_spapr.ram', 5 * GiB]] }, 'ppc64', [['ppc_spapr.ram', 0, 5 * GiB, 0]]],
  ['virt of LoongArch, small', { machine: 'virt', blocks: [['loongarch.ram', 128 * MiB]] }, 'loongarch64', [['loongarch.ram', 0, 128 * MiB, 0]]],
  [
    'virt of LoongArch',
    { machine: 'virt', blocks: [['loongarch.ram', 4 * GiB]] },
    'loongarch64',
    [
      ['loongarch.ram', 0, 256 * MiB, 0],
      ['loongarch.ram', 0x80000000, 0x80000000 + 3.75 * GiB, 256 * MiB],
    ],
  ],
  [
    'isapc',
    {
      machine: 'isapc',
      blocks: [
        ['pc.ram', 64 * MiB],
        ['pc.rom', 128 * 1024],
        ['pc.bios', 128 * 1024],
      ],
    },
    'x86-64',
    [
      ['pc.ram', 0, 0xc0000, 0],
      ['pc.rom', 0xc0000, 0xe0000, 0],
      ['pc.bios', 0xe0000, 0x100000, 0],
      ['pc.ram', 0x100000, 64 * MiB, 0x100000],
      ['pc.bios', 4 * GiB - 128 * 1024, 4 * GiB, 0],
    ],
  ],
  [
    'a 32-bit PC',
    { machine: 'pc-i440fx-7.2', blocks: [['pc.ram', GiB]], fields: { 'cpu env.regs': { size: 4, values: [] } } },
    'i386',
    [['pc.ram', 0, GiB, 0]],
  ],
  ['none', { machine: 'none', blocks: [['ram', GiB]] }, undefined, [['ram', 0, GiB, 0]]],
];

describe('machines', () => {
  it.each(cases)('%s', (_what, parts, family, ranges) => {
    const map = mapOf(parts);
    expect(map.ranges).toEqual(ranges);
    expect(map.architecture).toBe(family);
    for (const { evidence } of map.regions) expect(evidence.text).toMatch(/\.$/);
  });

  it.each(cases)('%s is known without its name, or not at all, but never for another', (_what, parts) => {
    const map = mapMachine(evidenceOf({ ...parts, machine: undefined }));
    if (map?.architecture) expect(map.architecture).toBe(mapOf(parts).architecture);
  });

  it('a machine that is not known has no map', () => {
    for (const machine of ['raspi3b', 'malta', 'virt-7.2', 'xyz', '']) {
      expect(mapMachine(evidenceOf({ machine, blocks: [['foo', GiB]] })), machine).toBeUndefined();
    }
  });

  it('high memory of LoongArch is where the ACPI table SRAT has it, else a guess that names the other place', () => {
    const tables = tablesOf([
      [0, 0, 0x10000000],
      [0, 0x90000000, GiB],
    ]);
    const blocks: [string, number][] = [
      ['loongarch.ram', GiB + 0x10000000],
      ['/rom@etc/acpi/tables', 4096],
    ];
    const proven = mapOf({ machine: 'virt', blocks, memory: { '/rom@etc/acpi/tables': readerOf(tables) } });
    expect([proven.ranges[1], proven.regions[1]!.evidence.strength]).toEqual([['loongarch.ram', 0x90000000, 0xd0000000, 0x10000000], 'proven']);
    const guessed = mapOf({ machine: 'virt', blocks });
    expect([guessed.ranges[1]![1], guessed.regions[1]!.evidence.strength, guessed.codes]).toEqual([0x80000000, 'guessed', ['loongarch-high-memory']]);
  });
});
