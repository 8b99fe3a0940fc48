/** Modules as rows of the table: filtered and sorted. */
import type { LinuxModule } from '#shared/model/index.ts';
import type { Sorting } from '../../composables/use-sorting.ts';

export type ModuleColumn = 'name' | 'address' | 'size' | 'references' | 'usedBy' | 'taints';

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const ORDER: Record<ModuleColumn, (a: LinuxModule, b: LinuxModule) => number> = {
  name: (a, b) => byText(a.name, b.name),
  address: (a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0),
  size: (a, b) => a.size - b.size,
  references: (a, b) => (a.references ?? -1) - (b.references ?? -1),
  usedBy: (a, b) => a.usedBy.length - b.usedBy.length,
  // Modules with taints first.
  taints: (a, b) => Number(a.taints === '') - Number(b.taints === '') || byText(a.taints, b.taints),
};

/** Modules with `text` in their name, or in that of one that uses them. */
export function moduleRows(modules: readonly LinuxModule[], text: string, { column, descending }: Sorting<ModuleColumn>): LinuxModule[] {
  // lsmod writes underscores; modprobe takes either.
  const wanted = text.trim().toLowerCase().replaceAll('-', '_');
  const sign = descending ? -1 : 1;
  return modules
    .filter(({ name, usedBy }) => [name, ...usedBy].some((word) => word.toLowerCase().includes(wanted)))
    .sort((a, b) => sign * ORDER[column](a, b) || byText(a.name, b.name));
}
