/**
 * Which radix trees a CPU uses: from the partition's entry over the process table to the roots, as registers that no CPU has. And the hashed page table that a pseries machine
 * saves beside the guest's memory.
 *
 *   patb_entry   doubleword 1 of the partition table entry; on a pseries machine what the guest registered (QEMU hw/ppc/spapr.c, spapr_patb_entry)
 *   patb_tree    doubleword 0, where PTCR leads to a partition table
 *   prtb_entry   doubleword 0 of the process table entry of PIDR, for quadrant 0; prtb_entry0 that of process 0, for quadrant 3
 *
 * Source: Power ISA 3.0B, Book III, section 5.7.6. From VMCOREINFO, for dumps without these: swapper_pg_dir is the root of the kernel's tree (Linux arch/powerpc/mm/book3s64/radix_pgtable.c,
 * v6.1), in the linear mapping at 0xc000000000000000.
 * Not supported: the process table of a guest of a hypervisor that uses radix trees itself (LPIDR not 0 outside of a pseries machine).
 */
import type { CpuEvidence } from '../architecture.ts';
import type { CpuState, RegisterValue } from '../cpu-state.ts';
import type { PhysicalMemory } from '#engine/memory/physical-memory.ts';
import { readBigEndian, readHashTable } from './hashed/table.ts';
import { QUADRANT_3 } from './paging-modes.ts';
import { formatAddress } from '#shared/address-text.ts';

const TABLE = 0x0fff_ffff_ffff_f000n;
const RADIX = 1n << 63n;
const HV = 1n << 60n;
const ENTRY_SIZE = 16n;
/** A tree of 52 bits whose root has 2^13 entries, as all CPUs have them: RTS 21, RPDS 13. */
export const RADIX_TREE = (2n << 61n) | (5n << 5n) | 13n;
const VALID_HIGH = 0x8000_0000_0000_0000n;
const LEAF = 1n << 62n;

/** See Architecture.completeCpus. */
export function completeCpus(cpus: readonly CpuState[], evidence: CpuEvidence): CpuState[] {
  const parts = evidence.deviceBytes?.('spapr/htab') ?? [];
  const hashTable = parts.length > 0 ? readHashTable(parts) : undefined;
  const registered = evidence.deviceField?.('spapr', 'patb_entry');
  return cpus.map((cpu) => {
    const found = treeRegisters(cpu, registered, evidence);
    if (hashTable === undefined && Object.keys(found).length === 0) return cpu;
    return { ...cpu, ...(hashTable === undefined ? {} : { hashTable }), registers: { ...cpu.registers, ...found } };
  });
}

function treeRegisters(cpu: CpuState, registered: bigint | undefined, evidence: CpuEvidence): Record<string, RegisterValue> {
  const { memory } = evidence;
  const found: Record<string, RegisterValue> = {};
  const partition = registered === undefined ? partitionEntry(cpu, memory) : undefined;
  if (registered !== undefined) found.patb_entry = { value: registered, width: 64, source: 'section spapr, field patb_entry' };
  if (partition) {
    found.patb_tree = inferred(partition.tree, `partition table entry at ${formatAddress(partition.at)}`);
    found.patb_entry = inferred(partition.entry, `partition table entry at ${formatAddress(partition.at + 8)}`);
  }
  const entry = found.patb_entry?.value;
  if (entry !== undefined && (entry & RADIX) !== 0n) {
    const pid = cpu.registers.pidr?.value ?? 0n;
    add(found, 'prtb_entry', processEntry(memory, entry, pid), pid);
    add(found, 'prtb_entry0', processEntry(memory, entry, 0n), 0n);
  } else if (cpu.registers.lpcr === undefined) {
    const root = kernelRoot(evidence);
    if (root !== undefined) {
      found.prtb_entry0 = inferred(root | RADIX_TREE, 'VMCOREINFO says where swapper_pg_dir is, and it is a radix tree (SYMBOL(swapper_pg_dir))');
    }
  }
  return found;
}

function add(found: Record<string, RegisterValue>, name: string, entry: { value: bigint; at: number } | undefined, pid: bigint): void {
  if (entry !== undefined) found[name] = inferred(entry.value, `process table entry ${pid} at ${formatAddress(entry.at)}`);
}

const inferred = (value: bigint, why: string): RegisterValue => ({ value, width: 64, inferred: true, source: `inferred: ${why}` });

/** Of the hypervisor's own addresses. */
function partitionEntry({ registers }: CpuState, memory: PhysicalMemory): { tree: bigint; entry: bigint; at: number } | undefined {
  const { ptcr, msr } = registers;
  if (ptcr === undefined || ptcr.value === 0n || msr === undefined || (msr.value & HV) === 0n) return undefined;
  const at = Number(ptcr.value & TABLE);
  const tree = readBigEndian(memory, at);
  const entry = readBigEndian(memory, at + 8);
  return tree === undefined || entry === undefined ? undefined : { tree, entry, at };
}

function processEntry(memory: PhysicalMemory, partition: bigint, pid: bigint): { value: bigint; at: number } | undefined {
  if (pid * ENTRY_SIZE >= 1n << ((partition & 31n) + 12n)) return undefined;
  const at = Number((partition & TABLE) + pid * ENTRY_SIZE);
  const value = readBigEndian(memory, at);
  return value === undefined ? undefined : { value, at };
}

/** GPA of the kernel's root; undefined where VMCOREINFO does not say, or what is there is no radix tree (a kernel with a hashed page table has one of its own form). */
function kernelRoot({ vmcoreinfo, memory }: CpuEvidence): bigint | undefined {
  const text = vmcoreinfo?.get('SYMBOL(swapper_pg_dir)') ?? '';
  if (!/^[\da-f]{16}$/i.test(text)) return undefined;
  const virtual = BigInt(`0x${text}`);
  if (virtual < QUADRANT_3) return undefined;
  const root = virtual - QUADRANT_3;
  return isKernelRoot(memory, Number(root)) ? root : undefined;
}

/** How the kernel's root can be known: its first entry, which maps the first addresses of the linear mapping, leads to a table of 2^9 entries. */
export function isKernelRoot(memory: PhysicalMemory, root: number): boolean {
  if (root % 65536 !== 0) return false;
  const first = readBigEndian(memory, root);
  return first !== undefined && (first & VALID_HIGH) !== 0n && (first & LEAF) === 0n && (first & 31n) === 9n;
}
