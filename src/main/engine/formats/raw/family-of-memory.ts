/** The CPU family of memory that came without registers: as the user says, or by the page tables that are found in it. */
import { formatAddress } from '#shared/address-text.ts';
import { counted } from '#shared/counted.ts';
import { WorkbenchError } from '#shared/errors.ts';
import type { Diagnostic, Fact } from '#shared/model/index.ts';
import { CPU_FAMILIES, findFamily } from '../../arch/families.ts';
import { x86_64 } from '../../arch/x86-64/index.ts';
import type { ByteSource } from '../../memory/byte-source.ts';
import type { ExtentTable } from '../../memory/extent-table.ts';
import { GuestMemory } from '../../memory/guest-memory.ts';
import { PhysicalRegions } from '../../memory/physical-regions.ts';
import { decoderOf, type Coding } from '../coding.ts';
import type { OpenContext, OpenedRegion } from '../format.ts';
import { findRoots, type FoundRoot } from '../../translate/find-roots.ts';

/** Roots that are shown. */
const SHOWN = 4;

export interface FamilyOfMemory {
  /** Undefined where neither the user nor the memory tells. */
  architecture: string | undefined;
  facts: Fact[];
  diagnostics: Diagnostic[];
}

interface MemoryParts {
  regions: readonly OpenedRegion[];
  extents: ExtentTable;
  coding?: Coding;
}

/** Throws WorkbenchError `bad-request` for a family that nobody knows. */
export function familyOfMemory(source: ByteSource, { regions, extents, coding }: MemoryParts, context: OpenContext): FamilyOfMemory {
  const named = context.architecture;
  if (named !== undefined && !findFamily(named)) {
    throw new WorkbenchError('bad-request', `there is no CPU family ${JSON.stringify(named)}`, {
      expected: CPU_FAMILIES.map(({ id }) => id).join(', '),
      found: named,
    });
  }
  if (named !== undefined && named !== x86_64.id) return { architecture: named, facts: [], diagnostics: [] };
  const memory = new GuestMemory(source, extents, new PhysicalRegions(regions), coding && decoderOf(coding, source));
  const modes = (['x86-64-5level', 'x86-64-4level'] as const).map((id) => x86_64.pagingMode(id));
  const roots = findRoots(memory, regions, modes, (phase, done, total) => context.progress.report(phase, done, total));
  const facts = roots.slice(0, SHOWN).map(factOf);
  if (named !== undefined) return { architecture: named, facts, diagnostics: [] };
  return { architecture: roots.length > 0 ? x86_64.id : undefined, facts, diagnostics: [roots.length > 0 ? guessed(roots) : unknown()] };
}

function factOf({ root, mode, kernelEntries, userEntries, tables, pages }: FoundRoot): Fact {
  return {
    label: `Page table root found at ${formatAddress(root)}`,
    value: `${x86_64.pagingMode(mode).title}; ${counted(kernelEntries, 'entry', 'entries')} for the upper half of virtual addresses (kernels), ${userEntries} for the lower (processes)`,
    source: `guessed: ${counted(tables, 'table')} below it were read and make sense on every level; they map ${counted(pages, 'page')}`,
  };
}

function guessed([first]: readonly FoundRoot[]): Diagnostic {
  return {
    severity: 'info',
    code: 'architecture-guessed',
    message: `The CPU family, ${x86_64.title}, is guessed: page tables of it were found in memory.`,
    consequence: `There are no registers; translate with a root typed in${first ? `, such as ${formatAddress(first.root)}` : ''}.`,
  };
}

function unknown(): Diagnostic {
  return {
    severity: 'info',
    code: 'architecture-unknown',
    message: 'Nothing tells the CPU family: the file does not say, and no x86-64 page tables were found in what was searched.',
    consequence: 'Memory can be read; to translate addresses, open it again with the CPU family.',
  };
}
