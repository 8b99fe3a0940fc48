/** The registers of all CPUs side by side: one row a register, and whether the CPUs agree. */
import type { BitField, CpuView } from '#shared/model/index.ts';
import { sectionsOf, type RegisterRow, type SectionId } from './register-rows.ts';

export interface ComparedRow {
  id: string;
  name: string;
  /** One per CPU, in their order; undefined where that CPU does not hold the register. */
  cells: (RegisterRow | undefined)[];
  differs: boolean;
  /** Names of the bit fields that are not the same on all CPUs; empty for registers without fields. */
  differingFields: string[];
}

export interface ComparedSection {
  id: SectionId;
  title: string;
  rows: ComparedRow[];
}

function valueOf(row: RegisterRow | undefined): string {
  if (row?.register) return row.register.value.toString(16);
  const segment = row?.segment;
  return segment ? [segment.selector, segment.base, segment.limit, segment.flags].map((part) => part.toString(16)).join(' ') : 'absent';
}

function differingFields(cells: readonly (RegisterRow | undefined)[]): string[] {
  const key = ({ bit, width }: BitField) => `${bit}:${width}`;
  const names = new Map<string, string>();
  const values = new Map<string, Set<bigint>>();
  for (const field of cells.flatMap((cell) => cell?.fields ?? [])) {
    names.set(key(field), field.name);
    values.set(key(field), (values.get(key(field)) ?? new Set()).add(field.value));
  }
  return [...values].filter(([, seen]) => seen.size > 1).map(([at]) => names.get(at) ?? '');
}

/** Sections in the order of a single CPU's; a register that only some CPUs hold is listed, and differs. */
export function compareCpus(cpus: readonly CpuView[]): ComparedSection[] {
  const perCpu = cpus.map((cpu) => new Map(sectionsOf(cpu).map((section) => [section.id, section])));
  const ids = [...new Set(cpus.flatMap((cpu) => sectionsOf(cpu).map(({ id }) => id)))];
  return ids.map((id) => {
    const sections = perCpu.map((byId) => byId.get(id));
    const rowIds = [...new Set(sections.flatMap((section) => section?.rows.map((row) => row.id) ?? []))];
    const rows = rowIds.map((rowId): ComparedRow => {
      const cells = sections.map((section) => section?.rows.find((row) => row.id === rowId));
      const differs = new Set(cells.map(valueOf)).size > 1;
      return { id: rowId, name: cells.find(Boolean)?.name ?? rowId, cells, differs, differingFields: differs ? differingFields(cells) : [] };
    });
    return { id, title: sections.find(Boolean)?.title ?? id, rows };
  });
}

/** Only rows that differ, and sections that have one. */
export function onlyDifferences(sections: readonly ComparedSection[]): ComparedSection[] {
  return sections.map((section) => ({ ...section, rows: section.rows.filter(({ differs }) => differs) })).filter(({ rows }) => rows.length > 0);
}
