/** The threads of a dumped process as CPUs: their notes are those of a vmcore's CPUs, with the registers that a process sees. */
import type { Diagnostic, Fact } from '#shared/model/index.ts';
import type { CpuState } from '../../arch/cpu-state.ts';
import { findFamilyOfElf } from '../../arch/families.ts';
import { ARCHITECTURES } from '../../arch/index.ts';
import { cpusFromNotes } from '../cpu-notes.ts';
import { NT_PRFPREG, NT_PRSTATUS } from '../elf/layout.ts';
import type { FoundNote } from '../elf/notes.ts';
import { parseThread } from './core-notes.ts';
import type { ProcessCore } from './process-core.ts';
import { readFxsave } from './fxsave.ts';

export interface Threads {
  cpus: CpuState[];
  facts: Fact[];
  diagnostics: Diagnostic[];
}

/** Most threads that get a row of their own among the facts. */
const MOST_NAMED = 64;

export function threadsOf(core: ProcessCore): Threads {
  const { header, kind, notes, source } = core;
  const family = findFamilyOfElf(header.machine, kind.class.bits);
  const architecture = ARCHITECTURES.find(({ id }) => id === family?.id);
  const origin = { architecture, elfMachine: header.machine, littleEndian: kind.littleEndian, source: source.name };
  const { cpus, diagnostics } = cpusFromNotes(notes, origin);
  const threads = threadNotes(notes);
  if (family?.id === 'x86-64') for (const [index, { floats }] of threads.entries()) if (floats && cpus[index]) readFxsave(cpus[index], floats);
  const facts = threads.slice(0, MOST_NAMED).flatMap(({ status }, index): Fact[] => {
    const thread = parseThread(status.description, kind);
    if (!thread) return [];
    const signal = thread.signal === 0 ? '' : `, signal ${thread.signal}`;
    return [{ label: `Thread ${index}`, value: `id ${thread.id}${signal}`, source: `NT_PRSTATUS, ${status.source}` }];
  });
  return { cpus, facts, diagnostics };
}

function threadNotes(notes: readonly FoundNote[]): { status: FoundNote; floats?: FoundNote }[] {
  const threads: { status: FoundNote; floats?: FoundNote }[] = [];
  for (const note of notes) {
    if (note.owner !== 'CORE') continue;
    if (note.type === NT_PRSTATUS) threads.push({ status: note });
    const last = threads.at(-1);
    if (note.type === NT_PRFPREG && last) last.floats ??= note;
  }
  return threads;
}
