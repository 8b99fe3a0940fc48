/** From what the user chose (a CPU, a root typed in) to the tables that a walk needs, and where they come from. */
import { formatAddress } from '#shared/address-text.ts';
import { assert, WorkbenchError } from '#shared/errors.ts';
import type { PagingModeId, PagingModeView, RootChoice } from '#shared/model/index.ts';
import { VIRTUAL_LAST } from '#shared/units.ts';
import type { Architecture, Regime, RegimeTable } from '../arch/architecture.ts';
import type { CpuState } from '../arch/cpu-state.ts';
import type { SpaceTable } from '../translate/translation-space.ts';
import { withEncryptionBit } from '../translate/encryption-bit.ts';
import { viewOfMode } from '../translate/paging-mode.ts';
import { tablesOfRegime } from '../translate/regime-tables.ts';

/** Throws WorkbenchError `bad-request` for a CPU, a regime or a mode that is not there, `unsupported` for a CPU family without page walks. */
export function translationTables(architecture: Architecture | undefined, cpus: readonly CpuState[], choice: RootChoice): SpaceTable[] {
  if (!architecture) throw new WorkbenchError('unsupported', 'page tables of this CPU family are not walked yet');
  if (choice.kind === 'root') return typedTables(architecture, cpus[0], choice);
  const cpu = cpus.find(({ index }) => index === choice.cpu);
  if (!cpu) {
    const [first, last] = [cpus[0]?.index, cpus.at(-1)?.index];
    const known =
      first === undefined ? 'the dump holds no CPU state' : first === last ? `there is only CPU ${first}` : `there are CPUs ${first} to ${last}`;
    throw new WorkbenchError('bad-request', `there is no CPU ${choice.cpu}: ${known}`, {
      hint: 'Give the GPA of the top table as the root instead.',
    });
  }
  return tablesOfRegime(architecture, regimeOf(architecture, cpu, choice.regime), cpu.index);
}

/** Without an id the one that the CPU executes under. */
function regimeOf(architecture: Architecture, cpu: CpuState, wanted: string | undefined): Regime {
  const regimes = architecture.regimesOf(cpu);
  const regime = wanted === undefined ? regimes[0] : regimes.find(({ id }) => id === wanted);
  if (!regime) {
    throw new WorkbenchError('bad-request', `CPU ${cpu.index} has no page tables named ${wanted}`, {
      expected: regimes.map(({ id }) => id).join(', '),
    });
  }
  return regime;
}

function typedTables(architecture: Architecture, first: CpuState | undefined, choice: RootChoice & { kind: 'root' }): SpaceTable[] {
  if (choice.regime !== undefined) return typedTableOverStage(architecture, first, { ...choice, regime: choice.regime });
  const mode = choice.mode ?? usualMode(architecture, first);
  const { root } = choice;
  const source = `typed in: ${formatAddress(root)}`;
  const options = first && architecture.regimesOf(first)[0].tables.at(-1)?.options;
  const one: RegimeTable = { register: source, mode, root, first: 0n, last: VIRTUAL_LAST, options };
  const tables = architecture.tablesOfRoot?.(mode, root, first) ?? [one];
  return tables.map(({ options: own = {}, ...table }) => ({
    ...table,
    mode: withEncryptionBit(architecture.pagingMode(table.mode), own.encryptionBit),
    source,
    options: own,
  }));
}

/** A root whose tables' addresses go through the second stage of a regime of the first CPU. */
function typedTableOverStage(
  architecture: Architecture,
  first: CpuState | undefined,
  { root, mode, regime: wanted }: RootChoice & { kind: 'root'; regime: string },
): SpaceTable[] {
  if (!first) throw new WorkbenchError('bad-request', `the dump holds no CPU state, so it has no regime ${wanted}`);
  const regime = regimeOf(architecture, first, wanted);
  const own = tablesOfRegime(architecture, regime, first.index).at(-1);
  if (!own?.options.below)
    throw new WorkbenchError('bad-request', `${wanted} of CPU ${first.index} has one stage of translation, so a root needs no regime`);
  const source = `typed in: ${formatAddress(root)}, through ${own.options.below.source}`;
  return [
    {
      ...own,
      root,
      source,
      mode: mode === undefined ? own.mode : withEncryptionBit(architecture.pagingMode(mode), own.options.encryptionBit),
      first: 0n,
      last: VIRTUAL_LAST,
    },
  ];
}

/** That of the first CPU; the family's usual one where there is no CPU, or it has paging off. */
function usualMode(architecture: Architecture, first: CpuState | undefined): PagingModeId {
  const mode = first && architecture.regimesOf(first)[0].tables.at(-1)?.mode;
  if (mode !== undefined && mode !== 'off') return mode;
  const [usual] = architecture.rootModes;
  assert(usual, `${architecture.title} has a paging mode`);
  return usual;
}

/** See DumpSummary.rootModes. */
export function rootModesOf(architecture: Architecture | undefined): PagingModeView[] {
  return architecture?.rootModes.map((id) => viewOfMode(architecture.pagingMode(id))) ?? [];
}
