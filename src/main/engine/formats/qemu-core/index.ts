/**
 * The guest inside the core of a QEMU process: RAM blocks, the guest-physical map, CPUs, VMCOREINFO, all from the process's own structures. No debug symbols are needed: what
 * differs between versions is told by the data (the comment of each file has the structures). 64-bit hosts.
 */
import { formatSize } from '#shared/address-text.ts';
import { counted } from '#shared/counted.ts';
import { WorkbenchError } from '#shared/errors.ts';
import type { Diagnostic, Fact } from '#shared/model/index.ts';
import { GuestMemory } from '../../memory/guest-memory.ts';
import { PhysicalRegions } from '../../memory/physical-regions.ts';
import type { DumpFormat, OpenContext, OpenedBlock, OpenedDump } from '../format.ts';
import { executableOf } from '../process-core/executable.ts';
import { lossesOf, openProcess, processFacts } from '../process-core/index.ts';
import { ProcessCore } from '../process-core/process-core.ts';
import { ProcessMemory } from '../process-core/process-memory.ts';
import { diagnoseRamFiles, ramFileFacts, takeRamFiles } from '../qemu-stream/ram-files.ts';
import { vmcoreinfoFacts } from '../vmcoreinfo.ts';
import { findRoots, type QemuRoots, type Readers } from './find-roots.ts';
import { FlatViewReader } from './flat-view.ts';
import { readGuestCpus } from './guest-cpus.ts';
import { extentsOf, joinRegions, lostMemory, placeBlocks, regionsOf } from './guest-map.ts';
import { RamBlockReader } from './host-ram-blocks.ts';
import { regionLayout } from './memory-regions.ts';
import { QemuObjects } from './objects.ts';
import { QemuProgram } from './qemu-program.ts';
import { findSavevmEntries } from './savevm-entries.ts';
import { vmcoreinfoOf } from './vmcoreinfo-device.ts';
import { NUMBERING_NEW, NUMBERING_OLD } from './x86-condition-codes.ts';

/** Bytes of a MachineState in which its accelerator is looked for. */
const MACHINE_STATE = 512;

export const qemuCore: DumpFormat = {
  id: 'qemu-core',
  title: 'Guest in the core of a QEMU process',
  takesRamFiles: true,

  /** See process-core. */
  probe: () => 'no',

  open(source, context) {
    return openGuest(new ProcessCore(source, context.start), context);
  },
};

/** What is shown of a process's core when nobody said: the guest, if it is QEMU's and a guest is found; else the process, and why. */
export function openBestView(core: ProcessCore, context: OpenContext): OpenedDump {
  if (context.view === 'process') return openProcess(core, context);
  if (context.view === 'guest') return openGuest(core, context);
  if (!isQemu(core)) return openProcess(core, context);
  try {
    return openGuest(core, context);
  } catch (error) {
    if (!(error instanceof WorkbenchError) || error.code !== 'unsupported') throw error;
    const consequence = 'The process is shown instead of its guest.';
    return openProcess(core, context, [{ severity: 'data-loss', code: 'no-guest', message: error.message, consequence }]);
  }
}

/** By its name, that of its file or its command line: programs are renamed (qemu-kvm, kvm), and the core may be of any thread. */
function isQemu(core: ProcessCore): boolean {
  const names = [executableOf(core), core.info?.command, core.info?.name, ...core.files.map(({ path }) => path)];
  // A core that was cut may have lost its notes: then it is looked into.
  if (core.notes.length === 0) return true;
  return names.some((name) => name !== undefined && /(^|[/ ])(qemu-(system-|kvm)|kvm$|kvm )/.test(name));
}

/** Throws WorkbenchError `unsupported` when there is no guest to be found; what opening the executable that was named throws. */
function openGuest(core: ProcessCore, context: OpenContext): OpenedDump {
  const memory = new ProcessMemory(core);
  if (memory.wordSize !== 8) throw noGuest(core, 'it is of a 32-bit process; QEMU structures are known on 64-bit hosts');
  const program = new QemuProgram(memory, context.executable, context.debug);
  try {
    return describeGuest(memory, program, context);
  } finally {
    program.close();
  }
}

function describeGuest(memory: ProcessMemory, program: QemuProgram, context: OpenContext): OpenedDump {
  const { core } = memory;
  const { source } = core;
  const objects = new QemuObjects(memory);
  const readers: Readers = { memory, objects, blocks: new RamBlockReader(memory, objects), views: new FlatViewReader(memory, objects) };
  context.progress.report('looking for the guest', 0, source.size);
  const roots = findRoots(readers, program);
  const list = roots.firstBlock === undefined ? undefined : readers.blocks.list(roots.firstBlock);
  if (!list) throw noGuest(core, 'no list of RAM blocks (ram_list) is found among its variables');
  const found = list.blocks;
  const blocks = placeBlocks(found);
  const { extents, taken } = takeRamFiles(extentsOf(memory, blocks, context.ramFiles), blocks, context.ramFiles ?? []);
  const { regions, diagnostics: ofMap } = mapOf(readers, roots, { found, blocks });
  const entries = findSavevmEntries(memory, program.data);
  const accelerator = roots.machine === undefined ? undefined : objects.pointedTo(roots.machine, MACHINE_STATE, '-accel')?.type;
  const pageSizeAt = readers.blocks.pageSizeOffset(found[0]!);
  const numbering = pageSizeAt === undefined ? undefined : pageSizeAt <= 40 ? NUMBERING_OLD : pageSizeAt >= 56 ? NUMBERING_NEW : undefined;
  const executable = executableOf(core);
  const cpus = readGuestCpus({ memory, objects, entries, accelerator, numbering, executable });
  const guest = new GuestMemory(context.memory ?? source, extents, new PhysicalRegions(regions));
  const vmcoreinfo = vmcoreinfoOf(memory, entries, guest);
  const machine = roots.machine === undefined ? undefined : objects.typeOf(roots.machine)?.replace(/-machine$/, '');
  const total = regions.reduce((sum, { start, last }) => sum + last - start + 1, 0);
  const title = 'Core of a QEMU process';
  return {
    format: 'qemu-core',
    formatTitle: title,
    sentence: `The core of a QEMU process with its guest: ${machine === undefined ? 'a machine' : `a ${machine} machine`} with ${counted(cpus.cpus.length, 'CPU')} and ${formatSize(total)} of memory.`,
    layers: [
      {
        title,
        offset: context.start,
        length: source.size - context.start,
        detail: `${counted(core.segments.length, 'mapping')}, ${counted(blocks.length, 'RAM block')}`,
      },
    ],
    machine,
    architecture: context.architecture ?? cpus.architecture,
    littleEndian: cpus.cpus[0]?.littleEndian,
    blocks,
    regions,
    extents: extents.shared,
    cpus: cpus.cpus,
    notes: [],
    vmcoreinfo: vmcoreinfo.note,
    facts: [
      ...factsOf(core, roots, accelerator),
      ...ramFileFacts(taken),
      ...program.facts,
      ...(vmcoreinfo.note ? vmcoreinfoFacts(vmcoreinfo.note) : []),
    ],
    diagnostics: [
      ...core.diagnostics,
      ...program.diagnostics,
      ...lossesOf(core),
      ...(list.damage === undefined ? [] : [damagedList(list.damage)]),
      ...ofMap,
      ...lostMemory(memory, blocks, extents),
      ...diagnoseRamFiles(taken),
      ...cpus.diagnostics,
      ...kvmNote(accelerator, cpus.cpus.length),
      ...vmcoreinfo.diagnostics,
    ],
  };
}

function mapOf({ memory, blocks: reader, views }: Readers, { addressSpace }: QemuRoots, found: Parameters<typeof regionsOf>[3]) {
  const ramBlock = reader.ramBlockOffset(found.found);
  const ranges = addressSpace === undefined ? undefined : views.ranges(addressSpace);
  if (ramBlock === undefined || !ranges) {
    const diagnostic: Diagnostic = {
      severity: 'suspect',
      code: 'no-map',
      message: `QEMU's memory map (${addressSpace === undefined ? 'address_space_memory' : 'its FlatView'}) is not found in the core.`,
      consequence: 'The largest block is shown from address 0. Correct the map before relying on any address.',
    };
    return { regions: largestAtZero(found.blocks), diagnostics: [diagnostic] };
  }
  const { regions, diagnostics } = regionsOf(memory, ranges, regionLayout(memory, ramBlock, found.found), found);
  return { regions: joinRegions(regions), diagnostics };
}

function largestAtZero(blocks: readonly OpenedBlock[]): OpenedDump['regions'] {
  const index = blocks.reduce((best, block, candidate) => (block.length > blocks[best]!.length ? candidate : best), 0);
  const { length, ram, name } = blocks[index]!;
  const evidence = { strength: 'guessed', text: `${name} is the largest RAM block.` } as const;
  return [{ start: 0, last: length - 1, block: index, blockOffset: 0, ram, readOnly: false, evidence }];
}

function factsOf(core: ProcessCore, { how }: QemuRoots, accelerator: string | undefined): Fact[] {
  return [
    ...processFacts(core),
    ...(accelerator === undefined
      ? []
      : [{ label: 'Accelerator', value: accelerator.replace(/-accel$/, '').toUpperCase(), source: "the machine's accelerator object" }]),
    { label: "QEMU's variables", value: how, source: 'address_space_memory, ram_list' },
  ];
}

function kvmNote(accelerator: string | undefined, cpus: number): Diagnostic[] {
  if (accelerator !== 'kvm-accel' || cpus === 0) return [];
  const message = "The guest ran under KVM, whose kernel held its CPUs' registers: those in the core are the last that QEMU asked for.";
  return [
    {
      severity: 'suspect',
      code: 'kvm-registers',
      message,
      consequence: 'Unless the guest was paused, registers and page tables may be older than memory.',
    },
  ];
}

function damagedList(damage: string): Diagnostic {
  return {
    severity: 'data-loss',
    code: 'ram-list-damaged',
    message: `QEMU's list of RAM blocks ends early: ${damage}.`,
    consequence: 'Blocks may be missing.',
  };
}

function noGuest({ source }: ProcessCore, reason: string): WorkbenchError {
  return new WorkbenchError('unsupported', `${source.name}: no guest is found in this core: ${reason}`, {
    source: source.name,
    hint: 'A core without the pages of the executable (as the kernel writes it) may need --executable FILE. The process itself opens with --view process.',
  });
}
