/** Translation regimes: their simplest form, and how they are shown. */
import type { CpuPaging, PagingModeId } from '#shared/model/index.ts';
import { VIRTUAL_LAST } from '#shared/units.ts';
import type { PagingOptions } from '#engine/translate/paging-mode.ts';
import type { Architecture, Regime } from './architecture.ts';
import type { CpuState } from './cpu-state.ts';

/** A regime with one table for all addresses. */
export function wholeRegime(
  named: Pick<Regime, 'id' | 'title' | 'reason'>,
  table: { register: string; mode: PagingModeId; root: number | null; options?: PagingOptions },
): Regime {
  return { ...named, tables: [{ ...table, first: 0n, last: VIRTUAL_LAST }] };
}

/** As the user sees it. */
export function viewOfRegime(architecture: Pick<Architecture, 'pagingMode'>, { id, reason, tables, below }: Regime): CpuPaging {
  const titleOf = (mode: PagingModeId) => architecture.pagingMode(mode).title;
  const shown = tables.map(({ register, mode, root, first, last }) => ({ register, mode, title: titleOf(mode), root, first, last }));
  const main = shown.at(-1);
  if (main === undefined) throw new Error(`assertion failed: regime ${id} has no table`);
  const { register, mode, title, root } = main;
  return { id, register, mode, title, root, tables: shown, reason, ...(below ? { below: viewOfRegime(architecture, below) } : {}) };
}

/** The two parts of a CpuView that tell of its tables. */
export function describeRegimes(
  architecture: Pick<Architecture, 'pagingMode' | 'regimesOf'>,
  state: CpuState,
): { paging: CpuPaging; regimes: CpuPaging[] } {
  const [first, ...others] = architecture.regimesOf(state);
  const paging = viewOfRegime(architecture, first);
  return { paging, regimes: [paging, ...others.map((regime) => viewOfRegime(architecture, regime))] };
}

/** The regime that the CPU executes under, as the user sees it. */
export function pagingOf(architecture: Pick<Architecture, 'pagingMode' | 'regimesOf'>, state: CpuState): CpuPaging {
  return viewOfRegime(architecture, architecture.regimesOf(state)[0]);
}
