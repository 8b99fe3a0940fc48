/**
 * The kernel's page tables for CPUs whose notes hold no satp, which is all that vmcores have: as VMCOREINFO names them.
 *
 * Facts: Linux arch/riscv (kernel/vmcore_info.c, before v6.9 kernel/crash_core.c): NUMBER(VA_BITS) since v6.0; NUMBER(va_kernel_pa_offset) since v6.3, a hexadecimal number, is what lies between the kernel's virtual
 * addresses and its physical ones; NUMBER(KERNEL_LINK_ADDR) and NUMBER(phys_ram_base) since v6.0. Newer ones have NUMBER(satp), the register itself. SYMBOL(swapper_pg_dir) is the kernel's top table.
 */
import type { CpuEvidence } from '../architecture.ts';
import type { CpuState, RegisterValue } from '../cpu-state.ts';

const MODES: Record<string, bigint> = { '39': 8n, '48': 9n, '57': 10n };
const PPN_BITS: Record<32 | 64, bigint> = { 32: 22n, 64: 44n };

/** See Architecture.completeCpus. */
export function completeCpusOf(bits: 32 | 64) {
  return (cpus: readonly CpuState[], { vmcoreinfo }: CpuEvidence): CpuState[] => {
    const satp = vmcoreinfo && kernelSatp(vmcoreinfo, bits);
    if (!satp) return [...cpus];
    return cpus.map((cpu) => (cpu.registers['satp'] ? cpu : { ...cpu, registers: { ...cpu.registers, satp } }));
  };
}

function kernelSatp(values: ReadonlyMap<string, string>, bits: 32 | 64): RegisterValue | undefined {
  const inferred = (value: bigint, what: string): RegisterValue => ({
    value,
    width: bits,
    inferred: true,
    source: `inferred: the kernel's own tables, as VMCOREINFO says (${what})`,
  });
  const satp = numberOf(values.get('NUMBER(satp)'));
  if (satp !== undefined && satp !== 0n) return inferred(BigInt.asUintN(bits, satp), 'NUMBER(satp)');
  const symbol = values.get('SYMBOL(swapper_pg_dir)');
  const mode = bits === 32 ? 1n : MODES[values.get('NUMBER(VA_BITS)') ?? ''];
  if (symbol === undefined || !/^[\da-f]{1,16}$/i.test(symbol) || mode === undefined) return undefined;
  const offset = numberOf(values.get('NUMBER(va_kernel_pa_offset)'));
  const link = numberOf(values.get('NUMBER(KERNEL_LINK_ADDR)'));
  if (offset === undefined && link === undefined) return undefined;
  // Without the offset: a kernel that is loaded where memory begins, after 2 MiB for the firmware, as the boot protocol has it (4 MiB with 32 bits).
  const ram = numberOf(values.get('NUMBER(phys_ram_base)')) ?? 0n;
  const distance = offset ?? link! - (ram + (bits === 64 ? 0x20_0000n : 0x40_0000n));
  const root = BigInt.asUintN(bits, BigInt(`0x${symbol}`) - distance);
  if (root % 4096n !== 0n || (root >> 12n) >> PPN_BITS[bits] !== 0n) return undefined;
  const how =
    offset === undefined
      ? 'SYMBOL(swapper_pg_dir), NUMBER(KERNEL_LINK_ADDR), and where the boot protocol puts a kernel'
      : 'SYMBOL(swapper_pg_dir), NUMBER(va_kernel_pa_offset)';
  return inferred((mode << (bits === 64 ? 60n : 31n)) | (root >> 12n), `${how}${bits === 64 ? ', NUMBER(VA_BITS)' : ''}`);
}

/** Decimal, negative where the number's top bit is set, or hexadecimal. */
function numberOf(text: string | undefined): bigint | undefined {
  if (text === undefined || !/^(-?\d{1,20}|0x[\da-f]{1,16})$/i.test(text)) return undefined;
  return BigInt.asUintN(64, BigInt(text));
}
