/** A virtual machine of a host's dump as a dump of its own: its memory lies where the host's does, in the same file. */
import { formatAddress, formatSize } from '#shared/address-text.ts';
import { counted } from '#shared/counted.ts';
import { WorkbenchError } from '#shared/errors.ts';
import type { Diagnostic, Fact, Layer, LinuxArea } from '#shared/model/index.ts';
import type { OpenedDump, Progress } from '../formats/format.ts';
import type { KvmMachine } from '../kvm/machine.ts';
import { registersOfVcpu } from '../kvm/vcpu-registers/index.ts';
import { areasOf } from '../linux/areas.ts';
import type { LinuxKernel } from '../linux/kernel.ts';
import { ExtentTable } from '../memory/extent-table.ts';
import { PhysicalRegions } from '../memory/physical-regions.ts';
import { encryptionOf } from './encryption.ts';
import { guestExtents, type GuestExtents } from './guest-memory-extents.ts';
import { layOutSlots } from './slot-layout.ts';

const FAMILY = 'x86-64';

export interface HostDump {
  /** With the user's corrections in its regions. */
  dump: OpenedDump;
  kernel: LinuxKernel;
}

/** Throws WorkbenchError `unsupported` for a host of a CPU family other than x86-64, and where the page tables of the process are not in the dump; what `progress` throws. */
export function guestDump({ dump: host, kernel }: HostDump, machine: KvmMachine, progress: Progress): OpenedDump {
  if (host.architecture !== FAMILY)
    throw new WorkbenchError(
      'unsupported',
      `guests are opened out of hosts of ${FAMILY} alone; this one is of ${host.architecture ?? 'an unknown CPU family'}`,
    );
  const tables = machine.processSpace?.tables;
  if (!tables) throw new WorkbenchError('unsupported', `the page tables of the process of virtual machine ${machine.id} are not in the dump`);
  const { blocks, regions, problems } = layOutSlots(machine.memslots.filter(({ addressSpace }) => addressSpace === 0));
  const areas = areasOfProcess(kernel, machine);
  const composed = guestExtents(
    {
      regions: new PhysicalRegions(host.regions),
      extents: new ExtentTable(host.extents),
      // Processes have the lower half of the addresses.
      translator: tables.translatorFor(0n),
      mode: tables.tableFor(0n).mode,
      areas: areas.areas,
      swapAreas: swapAreasOf(kernel),
    },
    blocks,
    progress,
  );
  const cpus = machine.vcpus.map((vcpu, index) => registersOfVcpu(machine.kvm, vcpu, index));
  const total = regions.reduce((sum, { start, last }) => sum + last - start + 1, 0);
  const size = `${counted(cpus.length, 'vCPU')} and ${formatSize(total)}`;
  const { coding } = host;
  return {
    format: host.format,
    formatTitle: 'Guest in the memory of a KVM host',
    sentence: `A guest with ${size} in the memory of a KVM host (QEMU process ${machine.pid ?? 'unknown'}).`,
    layers: [...host.layers, layerOf(host, machine, size)],
    architecture: FAMILY,
    guestName: machine.guestName,
    littleEndian: true,
    blocks,
    regions,
    extents: composed.extents,
    coding: coding && composed.parts ? { kind: 'parts', of: coding, parts: composed.parts } : coding,
    cpus: cpus.map(({ cpu }) => cpu),
    notes: [],
    facts: factsOf(host, kernel, machine, composed),
    diagnostics: [
      ...host.diagnostics,
      ...[...machine.problems, ...problems, ...areas.problems].map(odd),
      ...encryptionOf(machine),
      ...cpus.flatMap(({ problems: ofCpu }, index) => ofCpu.map((problem) => registerProblem(index, problem))),
      ...lossesOf(composed),
    ],
    documents: host.documents,
    snapshots: host.snapshots,
  };
}

/** By name, what the guest's memory is read by. */
function areasOfProcess(kernel: LinuxKernel, { task, id }: KvmMachine): { areas: LinuxArea[] | undefined; problems: string[] } {
  const consequence = 'memory that its page tables have nothing for counts as absent, though most of it was never touched and is zero';
  try {
    const list = task && areasOf(kernel, task);
    return list ?? { areas: undefined, problems: [`The areas of the process of virtual machine ${id} are not in the dump: ${consequence}.`] };
  } catch (error) {
    if (!(error instanceof WorkbenchError)) throw error;
    return {
      areas: undefined,
      problems: [`The areas of the process of virtual machine ${id} could not be read (${error.message}): ${consequence}.`],
    };
  }
}

/** nr_swapfiles of mm/swapfile.c: swap types from there on are not of swap areas. */
function swapAreasOf(kernel: LinuxKernel): number | undefined {
  const address = kernel.address('nr_swapfiles');
  return address === undefined ? undefined : kernel.space.u32(address);
}

function layerOf(host: OpenedDump, machine: KvmMachine, detail: string): Layer {
  const { length = 0 } = host.layers.at(-1) ?? {};
  const name = machine.guestName ?? machine.name;
  return { title: `Guest ${name} (QEMU process ${machine.pid ?? 'unknown'}) in the memory of a KVM host`, offset: 0, length, detail };
}

function factsOf(host: OpenedDump, kernel: LinuxKernel, machine: KvmMachine, { untouched }: GuestExtents): Fact[] {
  const { struct, task, pid, name, commandLine, guestName, summaries, nested, memslots, foundBy } = machine;
  const threads = summaries.flatMap(({ thread }) => (thread === null ? [] : [thread]));
  const release = kernel.vmcoreinfo.get('OSRELEASE');
  const ways = foundBy.map((way) => (way === 'vm-list' ? "KVM's list of machines (vm_list)" : 'a file of the process (anon_inode:kvm-vm)'));
  const fact = (label: string, value: string | undefined, source: string): Fact[] => (value === undefined ? [] : [{ label, value, source }]);
  return [
    ...fact('Guest', guestName, "-name of the process's command line"),
    ...fact(
      'QEMU process',
      `${name}, PID ${pid ?? 'unknown'}`,
      task ? `task_struct at ${formatAddress(task.address)}` : "struct kvm's userspace_pid",
    ),
    ...fact('Command line', commandLine?.join(' '), "the process's memory"),
    ...fact('Virtual machine', `struct kvm at ${formatAddress(struct.address)}`, ways.join(', ')),
    ...fact('vCPU threads', threads.length > 0 ? threads.join(', ') : undefined, 'kvm_vcpu.pid'),
    ...fact('Memslots', `${memslots.filter(({ addressSpace }) => addressSpace === 0).length}`, 'struct kvm, address space 0'),
    ...nested.flatMap(({ kind, root, levels }) =>
      fact('Nested page tables', `${kind.toUpperCase()}, ${levels} levels, at HPA ${formatAddress(root)}`, 'kvm_vcpu.arch.root_mmu'),
    ),
    ...fact('Never touched', untouched > 0 ? `${formatSize(untouched)}, which reads as zero` : undefined, "the process's page tables"),
    ...fact('Host', host.sentence, 'the file'),
    ...fact('Kernel of the host', release, 'VMCOREINFO of the host'),
    ...host.facts.map(({ label, value, source }) => ({ label: `${label} (host)`, value, source })),
  ];
}

function odd(message: string): Diagnostic {
  return { severity: 'suspect', code: 'guest-structures', message };
}

function registerProblem(cpu: number, problem: string): Diagnostic {
  return { severity: 'suspect', code: 'vcpu-registers', message: `vCPU ${cpu}: ${problem}` };
}

function lossesOf({ absent }: GuestExtents): Diagnostic[] {
  return Array.from(absent, ([reason, bytes]) => ({
    severity: 'data-loss',
    code: 'guest-memory-absent',
    message: `${formatSize(bytes)} of the guest's memory: ${reason.replace(/( offset|: HPA)$/, '')}.`,
    consequence: 'It is absent: reading it names the place.',
  }));
}
