/**
 * What VMCOREINFO tells of an AArch64 CPU whose dump has no system registers: the kernel's half of the address space. The notes of such a dump have no TTBR and no TCR, whoever wrote them.
 *
 * Source: Linux Documentation/admin-guide/kdump/vmcoreinfo.rst ("arm64") and arch/arm64/kernel/vmcore_info.c (before v6.9 crash_core.c); the kernel runs with TTBR1 at swapper_pg_dir
 * (arch/arm64/mm/mmu.c, paging_init). With KPTI a CPU in user mode has the trampoline's table in TTBR1 instead; swapper_pg_dir is what the kernel itself uses.
 * The user half stays unknown: its root is in the process that ran.
 */
import type { CpuEvidence } from '../architecture.ts';
import type { CpuState, RegisterValue } from '../cpu-state.ts';
import { exceptionLevel } from './cpu-mode.ts';
import { GRANULE_SHIFT, type GranuleSize } from './descriptor.ts';

/** VMCOREINFO prints some numbers with 0x and some without. */
function numberOf(text: string | undefined, radix: 10 | 16 = 10): bigint | undefined {
  const digits = text?.trim();
  if (digits === undefined || !/^(0x[0-9a-f]+|[0-9a-f]+)$/i.test(digits)) return undefined;
  if (radix === 10 && !/^(0x[0-9a-f]+|\d+)$/i.test(digits)) return undefined;
  return BigInt(radix === 16 && !/^0x/i.test(digits) ? `0x${digits}` : digits);
}

/** TG1 by granule in KiB. */
const UPPER_GRANULE: Readonly<Record<GranuleSize, bigint>> = { 4: 2n, 16: 1n, 64: 3n };

/** HCR_EL2.E2H and TGE. */
const HOST = (1n << 34n) | (1n << 27n);

interface KernelHalf {
  root: bigint;
  granule: GranuleSize;
  /** 64 minus the width of a kernel address. */
  size: bigint;
  width: string;
}

/** Undefined where a line is missing, or says what cannot be. */
function kernelHalf(lines: ReadonlyMap<string, string>): KernelHalf | undefined {
  const table = numberOf(lines.get('SYMBOL(swapper_pg_dir)'), 16);
  const offset = numberOf(lines.get('NUMBER(kimage_voffset)'), 16);
  const page = numberOf(lines.get('PAGESIZE'));
  const granule = ([4, 16, 64] as const).find((size) => page === 1n << BigInt(GRANULE_SHIFT[size]));
  const told = numberOf(lines.get('NUMBER(TCR_EL1_T1SZ)') ?? lines.get('NUMBER(tcr_el1_t1sz)'), 16);
  const bits = numberOf(lines.get('NUMBER(VA_BITS)'));
  const size = told ?? (bits === undefined ? undefined : 64n - bits);
  if (table === undefined || offset === undefined || granule === undefined || size === undefined) return undefined;
  const root = BigInt.asUintN(64, table - offset);
  if (size < 12n || size > 39n || root >= 1n << 52n || root % 64n !== 0n) return undefined;
  return { root, granule, size, width: told === undefined ? 'NUMBER(VA_BITS)' : 'NUMBER(TCR_EL1_T1SZ)' };
}

/** See Architecture.completeCpus. */
export function completeCpus(cpus: readonly CpuState[], { vmcoreinfo }: CpuEvidence): CpuState[] {
  const half = vmcoreinfo && kernelHalf(vmcoreinfo);
  if (!half) return [...cpus];
  // A kernel that runs at EL2 is a host with VHE, and its programs run under the same tables.
  const level = cpus.some((cpu) => exceptionLevel(cpu) === 2) ? 2 : 1;
  return cpus.map((cpu) => {
    if (cpu.registers.tcr_el1 !== undefined || cpu.registers.ttbr1_el1 !== undefined) return cpu;
    return { ...cpu, registers: { ...cpu.registers, ...inferred(half, level) } };
  });
}

function inferred({ root, granule, size, width }: KernelHalf, level: 1 | 2): Record<string, RegisterValue> {
  const wide = granule !== 64 && size < 16n;
  // Bits 52 and up of an address of 52 bits are at 2 to 5 of a TTBR.
  const high = root >> 48n;
  const common = { width: 64, inferred: true } as const;
  return {
    [`ttbr1_el${level}`]: {
      ...common,
      value: (root & 0xffff_ffff_ffffn) | (high << 2n),
      knownBits: 0xffff_ffff_fffen,
      source: 'inferred: VMCOREINFO, SYMBOL(swapper_pg_dir) - NUMBER(kimage_voffset), the table that the kernel itself uses',
    },
    [`tcr_el${level}`]: {
      ...common,
      value: (size << 16n) | (UPPER_GRANULE[granule] << 30n) | (wide ? 1n << 59n : 0n) | (high !== 0n ? 6n << 32n : 0n),
      knownBits: (0x3fn << 16n) | (3n << 30n) | (wide ? 1n << 59n : 0n) | (high !== 0n ? 7n << 32n : 0n),
      source: `inferred: VMCOREINFO, ${width} and PAGESIZE`,
    },
    [`sctlr_el${level}`]: { ...common, value: 1n, knownBits: 1n, source: 'inferred: a kernel that writes VMCOREINFO runs with the MMU on' },
    ...(level === 2 ? { hcr_el2: { ...common, value: HOST, knownBits: HOST, source: 'inferred: a kernel that runs at EL2 is a VHE host' } } : {}),
  };
}
