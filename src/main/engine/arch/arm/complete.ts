/**
 * What VMCOREINFO tells of a 32-bit ARM CPU whose dump has no system registers: the kernel's own page tables. The notes of such a dump have no TTBR, whoever wrote them.
 *
 * Source: Linux arch/arm/kernel/machine_kexec.c (arch_crash_save_vmcoreinfo: CONFIG_ARM_LPAE), arch/arm/kernel/head.S (swapper_pg_dir lies below the kernel, in memory that is mapped in one
 * piece). Where that piece begins VMCOREINFO does not tell. It begins at a multiple of 2 MiB, and a table is the kernel's only if it maps swapper_pg_dir to itself.
 * What user programs have mapped stays unknown.
 */
import type { PhysicalMemory } from '#engine/memory/physical-memory.ts';
import { ENTRY_PAGE, ENTRY_TABLE, entryHigh, entryLow, indexOf, readEntry, type PagingMode } from '#engine/translate/paging-mode.ts';
import type { CpuEvidence } from '../architecture.ts';
import type { CpuState, RegisterValue } from '../cpu-state.ts';
import { pagingMode } from './paging-modes.ts';

const STEP = 2 ** 21;
const END = 2 ** 32;

/** Where a table leads; undefined where it maps nothing. */
function lookUp(memory: PhysicalMemory, mode: PagingMode, root: number, address: bigint): number | undefined {
  let table = root;
  for (const level of mode.levels) {
    const at = table + indexOf(level, address) * mode.entrySize;
    if (!readEntry(memory, mode, at)) return undefined;
    const [low, high] = [entryLow(memory, mode, at), entryHigh(memory, mode)];
    const kind = mode.format.kind(level.level, low, high, false);
    if (kind !== ENTRY_TABLE && kind !== ENTRY_PAGE) return undefined;
    const target = mode.format.target(level.level, low, high, kind);
    if (kind === ENTRY_PAGE) {
      const shift = mode.format.pageShift?.(level.level, low, high) ?? level.shift;
      return target + Number(BigInt.asUintN(shift, address));
    }
    table = target;
  }
  return undefined;
}

/** GPA of the table whose kernel address is `address`; undefined where no table maps it to itself. */
function findRoot(memory: PhysicalMemory, mode: PagingMode, address: bigint): number | undefined {
  const place = Number(address) % STEP;
  if (place % mode.tableAlignment !== 0) return undefined;
  for (let start = 0; start < END; start += STEP) if (lookUp(memory, mode, start + place, address) === start + place) return start + place;
  return undefined;
}

/** See Architecture.completeCpus. */
export function completeCpus(cpus: readonly CpuState[], { memory, vmcoreinfo }: CpuEvidence): CpuState[] {
  const symbol = vmcoreinfo?.get('SYMBOL(swapper_pg_dir)')?.trim();
  if (!vmcoreinfo || symbol === undefined || !/^[0-9a-f]{1,8}$/i.test(symbol)) return [...cpus];
  const long = vmcoreinfo.get('CONFIG_ARM_LPAE')?.trim() === 'y';
  const root = findRoot(memory, pagingMode(long ? 'arm-lpae-32' : 'arm-short'), BigInt(`0x${symbol}`));
  if (root === undefined) return [...cpus];
  const common = { width: 32, inferred: true } as const;
  const inferred: Record<string, RegisterValue> = {
    ttbr0: {
      ...common,
      value: BigInt(root),
      source:
        'inferred: VMCOREINFO, SYMBOL(swapper_pg_dir), the table that the kernel itself uses, found in memory by the address that it has for itself',
    },
    ttbcr: {
      ...common,
      value: long ? 1n << 31n : 0n,
      source: `inferred: VMCOREINFO ${long ? 'has' : 'does not have'} CONFIG_ARM_LPAE=y; one table for all addresses`,
    },
    sctlr: { ...common, value: 1n, knownBits: 1n, source: 'inferred: a kernel that writes VMCOREINFO runs with the MMU on' },
  };
  return cpus.map((cpu) =>
    cpu.registers.ttbr0 !== undefined || cpu.registers.ttbcr !== undefined ? cpu : { ...cpu, registers: { ...cpu.registers, ...inferred } },
  );
}
