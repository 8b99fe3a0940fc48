/**
 * Where a guest's page tables lead: guest-physical addresses of tables, found from CR3 through the tables in low memory. A table is in RAM, so its address
 * is one of RAM: evidence for the map that does not need the map.
 */
import type { VmField } from '../arch/vmstate.ts';
import type { MachineEvidence } from './machine-evidence.ts';

const PAGE = 4096;
const ENTRIES = PAGE / 8;
/** Tables that are read; a few hundred is what a kernel has at the upper levels. */
const MAX_TABLES = 512;
const ADDRESS_MASK = 0x000f_ffff_ffff_f000n;
const PRESENT = 1n;
const LARGE = 0x80n;
const PAGING = 0x8000_0000n;
const PAE = 0x20n;
const LONG_MODE_ACTIVE = 0x400n;

const number = (field: VmField | undefined) => (typeof field?.values[0] === 'bigint' ? field.values[0] : undefined);

/** The addresses of the first CPU's tables, the top one included; `readLow` reads RAM below `low`. Empty when the CPU does not use 64-bit tables. */
export function addressesOfTables(
  { field }: MachineEvidence,
  low: number,
  readLow: (address: number, length: number) => Uint8Array | undefined,
): number[] {
  const register = (name: string) => number(field('cpu', name)) ?? 0n;
  const paging = (register('env.cr[0]') & PAGING) !== 0n && (register('env.cr[4]') & PAE) !== 0n && (register('env.efer') & LONG_MODE_ACTIVE) !== 0n;
  if (!paging) return [];
  const found: { address: number; depth: number }[] = [{ address: Number(register('env.cr[3]') & ADDRESS_MASK), depth: 0 }];
  const seen = new Set(found.map(({ address }) => address));
  for (let next = 0; next < found.length && next < MAX_TABLES; next++) {
    const { address, depth } = found[next]!;
    // The last level's entries are pages, which can be anything; with four levels that is depth 3, with five one more that is not looked at.
    const table = depth < 3 && address + PAGE <= low ? readLow(address, PAGE) : undefined;
    if (!table) continue;
    const view = new DataView(table.buffer, table.byteOffset, table.length);
    for (let index = 0; index < ENTRIES && found.length < MAX_TABLES; index++) {
      const entry = view.getBigUint64(index * 8, true);
      if ((entry & PRESENT) === 0n || (entry & LARGE) !== 0n) continue;
      const child = Number(entry & ADDRESS_MASK);
      if (!seen.has(child)) found.push({ address: child, depth: depth + 1 });
      seen.add(child);
    }
  }
  return found.map(({ address }) => address);
}
