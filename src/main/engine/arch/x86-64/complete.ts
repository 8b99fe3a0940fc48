/**
 * What VMCOREINFO tells of CPUs: the kernel's page tables for those whose notes hold no CR3 (a kdump of a crashed kernel, which has NT_PRSTATUS alone), and which bit of entries marks encrypted memory.
 *
 * Source: Linux arch/x86/kernel/machine_kexec_64.c, arch_crash_save_vmcoreinfo (v6.1): phys_base, swapper_pg_dir, pgtable_l5_enabled, sme_mask; mm.rst: __START_KERNEL_map. The tables are the kernel's own: of a CPU that ran a
 * program they have the upper half.
 */
import { encryptionBitOf } from '#engine/translate/encryption-bit.ts';
import type { CpuEvidence } from '../architecture.ts';
import type { CpuState, RegisterValue } from '../cpu-state.ts';

/** __START_KERNEL_map, and the bytes from there to where modules begin. */
const KERNEL_MAP = 0xffff_ffff_8000_0000n;
const KERNEL_SIZE = 0x4000_0000n;
const PG = 1n << 31n;
const PAE = 1n << 5n;
const LA57 = 1n << 12n;
const LONG_MODE = (1n << 8n) | (1n << 10n);

/** See Architecture.completeCpus. */
export function completeCpus(cpus: readonly CpuState[], { vmcoreinfo }: CpuEvidence): CpuState[] {
  const mask = vmcoreinfo?.get('NUMBER(sme_mask)') ?? '';
  const encryptionBit = /^\d{1,20}$/.test(mask) ? encryptionBitOf(BigInt(mask)) : undefined;
  const rooted = withRoots(cpus, vmcoreinfo);
  return encryptionBit === undefined ? rooted : rooted.map((cpu) => ({ ...cpu, encryptionBit }));
}

function withRoots(cpus: readonly CpuState[], vmcoreinfo: CpuEvidence['vmcoreinfo']): CpuState[] {
  const root = vmcoreinfo && kernelRoot(vmcoreinfo);
  if (!vmcoreinfo || root === undefined) return [...cpus];
  const levels = vmcoreinfo.get('NUMBER(pgtable_l5_enabled)') === '1' ? 5 : 4;
  const inferred = (value: bigint, width: number, source: string, knownBits?: bigint): RegisterValue => ({
    value,
    width,
    source: `inferred: ${source}`,
    inferred: true,
    ...(knownBits === undefined ? {} : { knownBits }),
  });
  return cpus.map((cpu) => {
    const { registers } = cpu;
    if (registers.cr3 !== undefined) return cpu;
    const runs = 'Linux for x86-64 runs with 64-bit paging';
    const added = {
      cr0: inferred(PG, 64, runs, PG),
      cr3: inferred(root, 64, 'swapper_pg_dir, the tables of the kernel itself, as VMCOREINFO says (SYMBOL(swapper_pg_dir), NUMBER(phys_base))'),
      cr4: inferred(PAE | (levels === 5 ? LA57 : 0n), 64, `VMCOREINFO says ${levels} levels (NUMBER(pgtable_l5_enabled))`, PAE | LA57),
      efer: inferred(LONG_MODE, 64, runs, LONG_MODE),
    };
    return { ...cpu, registers: { ...added, ...registers } };
  });
}

/** GPA of swapper_pg_dir; undefined where VMCOREINFO is not of an x86-64 kernel, or too old to say. */
function kernelRoot(vmcoreinfo: ReadonlyMap<string, string>): bigint | undefined {
  const symbol = vmcoreinfo.get('SYMBOL(swapper_pg_dir)') ?? '';
  const base = vmcoreinfo.get('NUMBER(phys_base)') ?? '';
  if (!/^[\da-f]{16}$/.test(symbol) || !/^-?\d{1,16}$/.test(base)) return undefined;
  const offset = BigInt(`0x${symbol}`) - KERNEL_MAP;
  const root = offset + BigInt(base);
  return offset >= 0n && offset < KERNEL_SIZE && root >= 0n ? root : undefined;
}
