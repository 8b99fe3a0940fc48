/** Layouts of QEMU's `cpu` section other than that of the fixtures, and registers that name no table that can be walked. */
import { describe, expect, it } from 'vitest';
import { ARCHITECTURES } from '#engine/arch/index.ts';
import { riscv32 } from '#engine/arch/riscv32/index.ts';
import { riscv64 } from '#engine/arch/riscv64/index.ts';
import type { VmField, VmStruct } from '#engine/arch/vmstate.ts';

const number = (name: string, size: number, ...values: bigint[]): VmField => ({
  name: `env.${name}`,
  type: `uint${8 * size}`,
  fileOffset: 0,
  size,
  values,
});
const struct = (name: string, fields: VmField[], subsections: VmStruct[] = []): VmStruct => ({
  name,
  version: 11,
  fileOffset: 0,
  size: 0,
  fields,
  subsections,
});
const general = Array.from({ length: 32 }, (_, n) => BigInt(n));

/** As QEMU 10.2 saves it (target/riscv/machine.c, version 11): all in 8 bytes, `priv` in one, `virt_enabled`, no `features`. */
function newest(length: bigint, satp: bigint, virtual: bigint): VmStruct {
  const hyper = struct('cpu/hyper', [
    number('hgatp', 8, 0x8000_0000_0008_0208n),
    number('vsatp', 8, 0n),
    number('satp_hs', 8, 0x8000_0000_0008_0205n),
  ]);
  return struct(
    'cpu',
    [
      number('gpr', 8, ...general),
      number('pc', 8, 0x8000_0000n),
      number('misa_mxl', 4, length),
      number('misa_ext', 4, 0x14_11adn),
      number('priv', 1, 1n),
      number('virt_enabled', 1, virtual),
      number('mstatus', 8, 0x6000n),
      number('satp', 8, satp),
      number('mhpmevent_val', 8, 0n, 5n),
    ],
    [hyper],
  );
}

describe('a cpu section', () => {
  it('of QEMU 10.2 is read, with V under its new name', () => {
    const section = newest(2n, 0x9000_0000_0008_0201n, 1n);
    expect(ARCHITECTURES.filter((architecture) => architecture.ownsVmstate(section)).map(({ id }) => id)).toEqual(['riscv64']);
    const cpu = riscv64.cpuFromVmstate(section, undefined, 'section cpu (instance 0)', 0);
    expect(cpu.registers).toMatchObject({ t6: { value: 31n, width: 64 }, misa: { value: (2n << 62n) | 0x14_11adn }, mhpmevent1: { value: 5n } });
    expect(cpu.registers).not.toHaveProperty('zero');
    expect(cpu.halted).toBeUndefined();
    expect(riscv64.regimesOf(cpu)).toMatchObject([
      { id: 'vs', tables: [{ mode: 'sv48', root: 0x8020_1000 }], below: { tables: [{ mode: 'sv39x4', root: 0x8020_8000 }] } },
      { id: 'g' },
      { id: 'satp', tables: [{ mode: 'sv39', root: 0x8020_5000 }] },
    ]);
  });

  it('of a 32-bit CPU that is saved in 8 bytes is of one', () => {
    const section = newest(1n, 0x8008_0200n, 0n);
    expect(ARCHITECTURES.filter((architecture) => architecture.ownsVmstate(section)).map(({ id }) => id)).toEqual(['riscv32']);
    const cpu = riscv32.cpuFromVmstate(section, undefined, 'section cpu (instance 0)', 0);
    expect(cpu.registers).toMatchObject({
      t6: { width: 32 },
      satp: { value: 0x8008_0200n, width: 32 },
      misa: { value: 0x4014_11adn, width: 32 },
      mstatus: { value: 0x8000_6000n, width: 64 },
    });
    expect(riscv32.regimesOf(cpu)[0]).toMatchObject({ id: 'satp', tables: [{ mode: 'sv32', root: 0x8020_0000 }] });
  });

  it('of QEMU 5.2 to 6.1 has misa whole', () => {
    const section = struct('cpu', [
      number('gpr', 8, ...general),
      number('misa', 8, 0x8000_0000_0014_1105n),
      number('satp', 8, 0n),
      number('virt', 8, 0n),
    ]);
    const cpu = riscv64.cpuFromVmstate(section, struct('cpu_common', [{ ...number('halted', 4, 1n), name: 'halted' }]), 'section cpu', 0);
    expect(cpu).toMatchObject({ halted: true, registers: { misa: { value: 0x8000_0000_0014_1105n } } });
    expect(riscv64.describeCpu(cpu)).toMatchObject({ mode: '64-bit, mode unknown, Bare, halted' });
  });
});

describe('satp', () => {
  const regime = (satp: bigint) => {
    const [first] = riscv64.regimesOf({ index: 0, segments: {}, registers: { satp: { value: satp, width: 64, source: 'test' } } });
    return { ...first.tables[0]!, reason: first.reason };
  };

  it('of a reserved mode is walked as the usual one, and says so', () => {
    expect(regime(0xb000_0000_0008_0201n)).toMatchObject({
      mode: 'sv39',
      root: 0x8020_1000,
      reason: expect.stringContaining('MODE 11 is reserved; sv39 is assumed') as string,
    });
  });

  it('that leads to where no dump holds memory has no root, and says so', () => {
    expect(regime(0x8000_0100_0000_0000n)).toMatchObject({ root: null, reason: expect.stringContaining('beyond what a dump can hold') as string });
    expect(regime(0x8000_00ff_ffff_ffffn).root).toBe(2 ** 52 - 4096);
  });
});
