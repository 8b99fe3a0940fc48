/** The kernel's tables out of VMCOREINFO: lines of a real kernel (Debian's 6.12 under QEMU; its banner, at 0xffffffff81148b88, is at GPA 0x81348b88), and what others leave out. */
import { describe, expect, it } from 'vitest';
import type { CpuState } from '#engine/arch/cpu-state.ts';
import { riscv32 } from '#engine/arch/riscv32/index.ts';
import { riscv64 } from '#engine/arch/riscv64/index.ts';
import { BufferMemory } from '../../translate/buffer-memory.ts';

const KERNEL = {
  'SYMBOL(swapper_pg_dir)': 'ffffffff81dca000',
  'NUMBER(phys_ram_base)': '2147483648',
  'NUMBER(VA_BITS)': '57',
  'NUMBER(KERNEL_LINK_ADDR)': '0xffffffff80000000',
  'NUMBER(va_kernel_pa_offset)': '0xfffffffeffe00000',
};
const bare: CpuState = { index: 0, registers: {}, segments: {} };

function satpOf(lines: Record<string, string>, architecture = riscv64): string | undefined {
  const [cpu] = architecture.completeCpus!([bare], { memory: new BufferMemory([]), vmcoreinfo: new Map(Object.entries(lines)) });
  return cpu!.registers['satp']?.value.toString(16);
}

const without = (...names: string[]) => Object.fromEntries(Object.entries(KERNEL).filter(([name]) => !names.includes(name)));

describe('completeCpus', () => {
  it('puts swapper_pg_dir into satp, and says that it was worked out', () => {
    const [cpu] = riscv64.completeCpus!([bare], { memory: new BufferMemory([]), vmcoreinfo: new Map(Object.entries(KERNEL)) });
    expect(cpu!.registers['satp']).toMatchObject({ value: 0xa000_0000_0008_1fcan, width: 64, inferred: true });
    expect(riscv64.regimesOf(cpu!)).toMatchObject([{ id: 'satp', tables: [{ mode: 'sv57', root: 0x81fc_a000 }] }]);
    expect(riscv64.describeCpu(cpu!).paging.reason).toContain('(inferred)');
  });

  it('takes the place of a kernel that says nothing of its own for that of the boot protocol', () => {
    expect(satpOf(without('NUMBER(va_kernel_pa_offset)'))).toBe('a000000000081fca');
  });

  it('takes the register itself where the kernel gives it', () => {
    expect(satpOf({ 'NUMBER(satp)': '0x9000000000081234' })).toBe('9000000000081234');
    // A decimal number with its top bit set is negative.
    expect(satpOf({ 'NUMBER(satp)': '-8070450532247399884' })).toBe(BigInt.asUintN(64, -8070450532247399884n).toString(16));
  });

  it('leaves CPUs as they are where it is told too little, nonsense, or nothing new', () => {
    expect(satpOf(without('NUMBER(VA_BITS)'))).toBeUndefined();
    expect(satpOf(without('SYMBOL(swapper_pg_dir)'))).toBeUndefined();
    expect(satpOf({ ...KERNEL, 'NUMBER(VA_BITS)': '64' })).toBeUndefined();
    expect(satpOf({ ...KERNEL, 'NUMBER(va_kernel_pa_offset)': '0x123' })).toBeUndefined();
    const own: CpuState = { ...bare, registers: { satp: { value: 1n, width: 64, source: 'stream' } } };
    expect(riscv64.completeCpus!([own], { memory: new BufferMemory([]), vmcoreinfo: new Map(Object.entries(KERNEL)) })).toEqual([own]);
  });

  it('of a 32-bit kernel', () => {
    expect(satpOf({ 'SYMBOL(swapper_pg_dir)': 'c1400000', 'NUMBER(va_kernel_pa_offset)': '0x3fc00000' }, riscv32)).toBe('80081800');
  });
});
