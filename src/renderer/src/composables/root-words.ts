/** What a choice of page tables means on the active dump: its regime, the table that translates an address, and how the root is known. */
import type { CpuPaging, CpuView, PagingTable, RootChoice } from '#shared/model/index.ts';

/** Undefined for a root typed in, and for a CPU or a regime that is not there. */
export function regimeOf(root: RootChoice, cpus: readonly CpuView[]): CpuPaging | undefined {
  const cpu = root.kind === 'cpu' ? cpus.find(({ index }) => index === root.cpu) : undefined;
  if (root.kind !== 'cpu' || root.regime === undefined) return cpu?.paging;
  return cpu?.regimes.find(({ id }) => id === root.regime);
}

/** The table of `regime` that translates `address`; the kernel's without an address, or where none does. */
export function tableFor(regime: CpuPaging, address?: bigint): PagingTable {
  const { tables, register, mode, title, root } = regime;
  const found = address === undefined ? undefined : tables.find(({ first, last }) => address >= first && address <= last);
  return found ?? tables.at(-1) ?? { register, mode, title, root, first: 0n, last: 0n };
}

/** The choice of a CPU's regime; the one that it executes under is the CPU's own. */
export function choiceOf(cpu: CpuView, regime?: string): RootChoice {
  return { kind: 'cpu', cpu: cpu.index, ...(regime === undefined || regime === cpu.paging.id ? {} : { regime }) };
}

/** False for a hashed page table, which is searched and not walked down: there is no top table whose address could be followed. */
export const hasTopTable = ({ mode }: Pick<PagingTable, 'mode'>): boolean => !/hashed/.test(mode);

/** A regime in a few words; among others of its CPU its name, since their tables may be of one form: "Home: DAT from a region-third table". */
export function regimeWords(cpu: Pick<CpuView, 'regimes'>, { id, register, title }: Pick<CpuPaging, 'id' | 'register' | 'title'>): string {
  if (cpu.regimes.length < 2) return title;
  if (id === register.toLowerCase()) return `${register}: ${title}`;
  const abbreviated = /\d/.test(id) || id.length <= 2;
  return `${abbreviated ? id.toUpperCase() : id.charAt(0).toUpperCase() + id.slice(1)}: ${title}`;
}

/** Where a root was worked out that the CPU's own state in the dump does not hold: how. */
export function inferredFrom(cpu: CpuView, register: string): string | undefined {
  const name = register.toLowerCase();
  const found = cpu.registers.find((candidate) => candidate.name === name);
  return found?.inferred === true ? found.source : undefined;
}

/** Registers that the dump would have to hold for the regime to be walked, each once; empty where it can be. */
export function missingRoots({ tables }: CpuPaging): string[] {
  if (tables.some(({ root, mode }) => root !== null || mode === 'off')) return [];
  return [...new Set(tables.map(({ register }) => register))];
}
