/** The overview of an open dump. */
import path from 'node:path';
import type { CpuSummary, DumpSummary, MemoryMap } from '#shared/model/index.ts';
import type { Architecture } from '../arch/architecture.ts';
import type { CpuState } from '../arch/cpu-state.ts';
import { findFamily } from '../arch/families.ts';
import { countDevices } from '../formats/qemu-stream/device-tree.ts';
import { guestOsOf } from '../formats/vmcoreinfo.ts';
import type { DumpImage } from './dump-image.ts';
import { sumStates } from './memory-map.ts';
import { rootModesOf } from './translation-root.ts';

export function summarize(
  dumpId: string,
  { files, dump, options }: Omit<DumpImage, 'corrections'>,
  map: MemoryMap,
  architecture: Architecture | undefined,
): DumpSummary {
  const [file] = files as [DumpImage['files'][number]];
  const states = sumStates(map.regions.map((region) => region.states));
  return {
    dumpId,
    name: path.basename(file.path),
    path: file.path,
    files: files.map((each) => each.path),
    size: files.reduce((sum, each) => sum + each.size, 0),
    options,
    documents: dump.documents ?? [],
    snapshots: dump.snapshots ?? [],
    deviceCount: countDevices(dump.devices),
    format: dump.format,
    space: dump.space ?? 'gpa',
    hasHostAddresses: dump.space === 'hva' || dump.blocks.some(({ host }) => host !== undefined),
    formatTitle: dump.formatTitle,
    sentence: dump.sentence,
    layers: dump.layers,
    architecture: architecture?.title ?? undecoded(dump.architecture),
    rootModes: dump.space === 'hva' ? [] : rootModesOf(architecture),
    machine: dump.machine,
    guestName: dump.guestName,
    cpus: dump.cpus.map((cpu) => summarizeCpu(cpu, architecture)),
    memory: { total: map.regions.reduce((sum, { start, last }) => sum + last - start + 1, 0), states },
    guestOs: dump.vmcoreinfo && guestOsOf(dump.vmcoreinfo),
    facts: dump.facts,
    diagnostics: dump.diagnostics,
    access: file.access,
  };
}

/** Names a family that is known but not decoded. */
function undecoded(family: string | undefined): string {
  const title = findFamily(family)?.title;
  return title === undefined ? 'not known' : `${title} (registers not decoded yet)`;
}

function summarizeCpu(cpu: CpuState, architecture: Architecture | undefined): CpuSummary {
  if (!architecture) return { index: cpu.index, mode: '', instructionPointer: null, root: null, instructionRegister: '', rootRegister: '' };
  const { mode, paging, pointers, registers } = architecture.describeCpu(cpu);
  return {
    index: cpu.index,
    mode,
    instructionPointer: registers.find(({ name }) => name === pointers.instruction)?.value ?? null,
    // While paging is off, the register does not count, whatever it holds.
    root: paging.mode === 'off' ? null : paging.root,
    instructionRegister: pointers.instruction,
    rootRegister: paging.register,
  };
}
