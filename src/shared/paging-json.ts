/** A translation regime as JSON has it, on the command line and in what the window copies. */
import { formatAddress } from './address-text.ts';
import type { CpuPaging } from './model/index.ts';

const hexOrNull = (value: number | null): string | null => (value === null ? null : formatAddress(value));

export function pagingJson({ id, register, mode, title, root, reason, tables }: CpuPaging) {
  return {
    id,
    register,
    mode,
    title,
    root: hexOrNull(root),
    reason,
    tables: tables.map((table) => ({
      register: table.register,
      mode: table.mode,
      root: hexOrNull(table.root),
      first: formatAddress(table.first),
      last: formatAddress(table.last),
    })),
  };
}
