/**
 * The kernel's address space where a CPU's state does not say: as VMCOREINFO names its top table.
 *
 * Facts: Linux arch/s390 (v6.1): SYMBOL(swapper_pg_dir) is the top table of init_mm, whose addresses are physical ones while the kernel is not moved apart from its identity mapping (before v6.10). It is a
 * region-third or a region-second table; its entries say which. Kernel code runs in the home space (since v5.10, CR13) or in the primary space (CR1).
 */
import type { PhysicalMemory } from '#engine/memory/physical-memory.ts';
import type { CpuEvidence } from '../architecture.ts';
import type { CpuState, RegisterValue } from '../cpu-state.ts';

const ENTRIES = 2048;
const INVALID = 0x20n;
const TABLE_ALIGNMENT = 4096n;
/** TL of a whole table. */
const WHOLE = 3n;

/** See Architecture.completeCpus. */
export function completeCpus(cpus: readonly CpuState[], { memory, vmcoreinfo }: CpuEvidence): CpuState[] {
  if (cpus.every(({ registers }) => registers['cr1'] ?? registers['cr13'])) return [...cpus];
  const symbol = vmcoreinfo?.get('SYMBOL(swapper_pg_dir)');
  const asce = symbol !== undefined && /^[0-9a-f]{1,16}$/i.test(symbol) ? asceOf(memory, BigInt(`0x${symbol}`)) : undefined;
  if (asce === undefined) return [...cpus];
  const source = `inferred: VMCOREINFO says that swapper_pg_dir is at ${symbol}, and its entries are of a region table`;
  const inferred: RegisterValue = { value: asce, width: 64, source, inferred: true };
  return cpus.map((cpu) =>
    (cpu.registers['cr1'] ?? cpu.registers['cr13']) ? cpu : { ...cpu, registers: { ...cpu.registers, cr1: inferred, cr13: inferred } },
  );
}

/** The ASCE of the region table at `address`; undefined where no region table is. */
function asceOf(memory: PhysicalMemory, address: bigint): bigint | undefined {
  if (address % TABLE_ALIGNMENT !== 0n || address >> 52n !== 0n) return undefined;
  const bytes = new Uint8Array(ENTRIES * 8);
  if (memory.read(Number(address), bytes).some(({ state }) => state !== 'present' && state !== 'zero')) return undefined;
  const view = new DataView(bytes.buffer);
  const valid = Array.from({ length: ENTRIES }, (_, n) => view.getBigUint64(n * 8)).filter((entry) => (entry & INVALID) === 0n);
  const types = new Set(valid.map((entry) => (entry >> 2n) & 3n));
  const [type] = types;
  return type === undefined || types.size > 1 || type === 0n ? undefined : address | (type << 2n) | WHOLE;
}
