/**
 * The core of any process, as itself: its mappings as the memory map, its threads as CPUs, its memory by virtual address. Addresses of such a dump are host-virtual
 * ones (`space: 'hva'`). The guest inside a QEMU process: formats/qemu-core.
 *
 * Not shown: what lies above 52 bits (the vsyscall page).
 */
import { formatSize } from '#shared/address-text.ts';
import { counted } from '#shared/counted.ts';
import { WorkbenchError } from '#shared/errors.ts';
import type { Diagnostic, Fact } from '#shared/model/index.ts';
import { findFamilyOfElf } from '../../arch/families.ts';
import { ExtentBuilder } from '../../memory/extent-builder.ts';
import type { DumpFormat, OpenContext, OpenedDump } from '../format.ts';
import { executableOf } from './executable.ts';
import { ProcessCore } from './process-core.ts';
import { addHostMemory, mapOfProcess } from './segment-memory.ts';
import { threadsOf } from './threads.ts';

export const processCore: DumpFormat = {
  id: 'process-core',
  title: 'Core of a process',

  /** A core of a process is told from a vmcore by its notes, which may lie anywhere: the registry asks `isProcess`. */
  probe: () => 'no',

  open(source, context) {
    const core = new ProcessCore(source, context.start);
    if (!core.isProcess) {
      throw new WorkbenchError('unsupported', `${source.name}: this is no core of a process: it has neither an NT_FILE nor an NT_AUXV note`, {
        source: source.name,
      });
    }
    return openProcess(core, context);
  },
};

/** `reasons`: why it is the process that is shown, where its guest was wanted. */
export function openProcess(core: ProcessCore, context: OpenContext, reasons: readonly Diagnostic[] = []): OpenedDump {
  const { source, kind, header } = core;
  const family = findFamilyOfElf(header.machine, kind.class.bits);
  const threads = threadsOf(core);
  const stacks = threads.cpus.map(({ registers }) => (registers.rsp ? Number(registers.rsp.value) : undefined));
  const builder = new ExtentBuilder();
  const map = mapOfProcess(core, stacks);
  for (const { ram, length } of map.blocks) addHostMemory(builder, core, ram, length, ram);
  const total = map.blocks.reduce((sum, { length }) => sum + length, 0);
  const title = `ELF${kind.class.bits} core of a process`;
  const program = executableOf(core) ?? core.info?.name;
  const detail = `${counted(map.blocks.length, 'mapping')}, ${counted(core.notes.length, 'note')}`;
  return {
    format: 'process-core',
    space: 'hva',
    formatTitle: title,
    sentence: `The core of ${program === undefined ? 'a process' : `the process ${program}`}, with ${counted(threads.cpus.length, 'thread')} and ${formatSize(total)} of mapped memory.`,
    layers: [{ title, offset: context.start, length: source.size - context.start, detail }],
    architecture: family?.id,
    littleEndian: kind.littleEndian,
    ...map,
    extents: builder.finish().shared,
    cpus: threads.cpus,
    notes: core.notes.map(({ owner, type, description, source: found }) => ({ owner, type, description, source: found })),
    facts: [...processFacts(core), ...threads.facts],
    diagnostics: [...core.diagnostics, ...threads.diagnostics, ...lossesOf(core), ...reasons],
  };
}

export function processFacts(core: ProcessCore): Fact[] {
  const { info } = core;
  const executable = executableOf(core);
  const facts: Fact[] = [];
  if (info) {
    facts.push({ label: 'Process', value: `${info.name}, id ${info.pid}`, source: 'NT_PRPSINFO' });
    if (info.command !== '')
      facts.push({ label: 'Command line', value: `${info.command}${info.command.length >= 79 ? '…' : ''}`, source: 'NT_PRPSINFO' });
  }
  if (executable !== undefined) facts.push({ label: 'Executable', value: executable, source: 'NT_FILE, AT_PHDR' });
  return facts;
}

/** What the core itself lacks. */
export function lossesOf(core: ProcessCore): Diagnostic[] {
  const { missing, leftOut, source } = core;
  const found: Diagnostic[] = [];
  if (missing > 0) {
    found.push({
      severity: 'data-loss',
      code: 'file-truncated',
      message: `The file ends at 0x${source.size.toString(16)}; its segments go on for ${formatSize(missing)}.`,
      consequence: 'The memory beyond is shown as absent.',
      fileOffset: source.size,
    });
  }
  if (leftOut > 0) {
    found.push({
      severity: 'info',
      code: 'segments-rejected',
      message: `${counted(leftOut, 'segment')} left out: above 52 bits (such as the vsyscall page), overlapping another, or with impossible sizes.`,
      consequence: 'What it holds cannot be read here.',
    });
  }
  return found;
}
