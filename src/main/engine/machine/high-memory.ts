/**
 * Where a PC's memory above the hole starts: at 4 GiB, or at 1 TiB when the CPU is an AMD and the highest guest-physical address in use would reach the
 * HyperTransport range below 1 TiB. In use are also the area for plugged-in memory (so maxmem decides, and not only the memory there is) and the 64-bit
 * PCI hole after it.
 *
 * Facts: QEMU hw/i386/pc.c pc_memory_init, pc_max_used_gpa, pc_pci_hole64_start (v7.1 and later, machine types since 7.1: enforce_amd_1tb_hole);
 * pci-hole64-size: 2 GiB in hw/pci-host/i440fx.c, 32 GiB in hw/pci-host/q35.c.
 *
 * The stream does not name the CPU's vendor. What proves one or the other is, in this order: the ACPI table SRAT, the guest's own page tables (a table is
 * in RAM wherever it is), libvirt's XML. Not known here: pci-hole64-size and CXL or SGX memory given on the command line.
 */
import type { Diagnostic } from '#shared/model/diagnostic.ts';
import type { Evidence } from '#shared/model/memory.ts';
import { formatAddress, formatSize } from '#shared/address-text.ts';
import type { LibvirtDomain } from '../libvirt/domain.ts';
import type { Srat } from './acpi-srat.ts';
import { machineVersion, type MachineEvidence } from './machine-evidence.ts';
import { addressesOfTables } from './table-addresses.ts';

const GiB = 2 ** 30;
export const FOUR_GIB = 4 * GiB;
const ONE_TIB = 2 ** 40;
const HYPERTRANSPORT = 0xfd_0000_0000;
const FIRST_VERSION = 7.01;
const AMD_MODELS = /^(EPYC|Opteron|phenom|athlon)/i;

export interface HighMemory {
  start: number;
  strength: Evidence['strength'];
  /** A sentence; empty where 4 GiB is the rule. */
  text: string;
  diagnostics: Diagnostic[];
}

export interface HighMemoryQuestion {
  /** Bytes of main memory below and above the hole. */
  low: number;
  high: number;
  /** Size of the 64-bit PCI hole. */
  pciHole: number;
  srat: Srat | undefined;
  /** Block and offset of a RAM offset below `low`. */
  readLow: (address: number, length: number) => Uint8Array | undefined;
}

const AT_4_GIB: HighMemory = { start: FOUR_GIB, strength: 'proven', text: '', diagnostics: [] };

export function placeHighMemory(evidence: MachineEvidence, question: HighMemoryQuestion): HighMemory {
  const { high, low, srat } = question;
  const version = machineVersion(evidence.machine);
  if (high === 0 || (version !== undefined && version < FIRST_VERSION)) return AT_4_GIB;
  const ranges = srat?.memory.map(({ start }) => start).filter((start) => start >= FOUR_GIB) ?? [];
  if (ranges.length > 0) return ranges.some((start) => start >= ONE_TIB) ? atOneTiB('proven', 'the ACPI table SRAT has it there') : AT_4_GIB;

  const tables = addressesOfTables(evidence, low, question.readLow);
  const within = (start: number) => tables.find((address) => address >= start && address < start + high);
  const [above, below] = [within(ONE_TIB), within(FOUR_GIB)];
  if (above !== undefined && below === undefined) return atOneTiB('proven', `the guest's page tables lead to a table at ${formatAddress(above)}`);
  if (below !== undefined && above === undefined) return AT_4_GIB;

  const { domain } = evidence;
  const reaches = topAddress(question, domain) >= HYPERTRANSPORT;
  if (!reaches) return AT_4_GIB;
  const amd = domain?.cpu.vendor === undefined ? (AMD_MODELS.test(domain?.cpu.model ?? '') ? true : undefined) : domain.cpu.vendor === 'AMD';
  if (amd === false) return AT_4_GIB;
  if (amd)
    return atOneTiB(
      'derived',
      `libvirt's XML names an AMD CPU (${domain?.cpu.model ?? domain?.cpu.vendor}), and addresses would reach the HyperTransport range`,
    );
  return { ...AT_4_GIB, strength: 'guessed', diagnostics: [unknownVendor(high)] };
}

function atOneTiB(strength: Evidence['strength'], why: string): HighMemory {
  return { start: ONE_TIB, strength, text: `Memory above 4 GiB is at 1 TiB, as for AMD CPUs since QEMU 7.1: ${why}.`, diagnostics: [] };
}

/** The highest address that QEMU reckons with; the area for plugged-in memory has a GiB for each slot on top. */
function topAddress({ low, high, pciHole }: HighMemoryQuestion, domain: LibvirtDomain | undefined): number {
  const room = Math.max(0, (domain?.maxMemory ?? 0) - low - high);
  const pluggable = room > 0 ? Math.ceil((FOUR_GIB + high) / GiB) * GiB + room + (domain?.slots ?? 0) * GiB : FOUR_GIB + high;
  return Math.ceil(pluggable / GiB) * GiB + pciHole - 1;
}

function unknownVendor(high: number): Diagnostic {
  return {
    severity: 'suspect',
    code: 'amd-relocation',
    message: `With memory above 4 GiB (${formatSize(high)}), addresses in use reach ${formatAddress(HYPERTRANSPORT)}, the HyperTransport range of AMD CPUs.`,
    consequence:
      'For an AMD CPU QEMU 7.1 and later put it at 1 TiB instead; nothing in the dump tells the CPU. Correct the map if walks end in missing tables.',
  };
}
