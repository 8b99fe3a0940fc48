/** The reverse: which guests hold a host page, and at which of their addresses. */
import type { GuestOwner, LinuxArea } from '#shared/model/index.ts';
import { visitPages } from '../translate/page-visitor.ts';
import { MemslotMap } from './memslot-map.ts';
import type { KvmMachine } from './machine.ts';
import type { PhysicalMemory } from '../memory/physical-memory.ts';

/** Addresses of one process for one page: a shared page may have many. */
const MAX_ADDRESSES = 64;
/** Pages of one process that are looked at: half a TiB of small ones. Tables that lead into themselves have more than anybody could visit. */
const MAX_PAGES = 2 ** 27;
const PAGE_SIZE = 4096;

/** Every HVA at which the machine's process has the byte at `physical`, ascending, with the GPAs that show it; memory of QEMU's own has none. `areaOf`: of the process. */
export function findOwners(
  machine: KvmMachine,
  hostMemory: PhysicalMemory,
  physical: number,
  areaOf: (hva: bigint) => LinuxArea | null,
): GuestOwner[] {
  const { id: vm, pid, name } = machine;
  return addressesOf(machine, hostMemory, physical).flatMap((hva): GuestOwner[] => {
    const owner = { vm, pid, name, hva: BigInt(hva), area: areaOf(BigInt(hva)) };
    const shown = gpasOf(machine, hva);
    return shown.length === 0 ? [{ ...owner, gpa: null, memslot: null }] : shown.map(({ gpa, slot }) => ({ ...owner, gpa, memslot: slot }));
  });
}

function addressesOf({ processSpace }: KvmMachine, hostMemory: PhysicalMemory, physical: number): number[] {
  const found: number[] = [];
  // Processes have the lower half of the addresses.
  const table = processSpace?.tables.tableFor(0n);
  if (!table || table.root === null || table.mode.levels.length === 0) return found;
  let visited = 0;
  visitPages(hostMemory, table.mode, table.root, table.options, (virtualPage, start, size) => {
    if (virtualPage < 0) return false;
    if (physical >= start && physical < start + size) found.push(virtualPage * PAGE_SIZE + (physical - start));
    return found.length < MAX_ADDRESSES && ++visited < MAX_PAGES;
  });
  return found;
}

/** Of the usual address space; else of System Management Mode's, which shows more. */
function gpasOf({ memslots }: KvmMachine, hva: number): ReturnType<MemslotMap['gpasOf']> {
  for (const addressSpace of new Set(memslots.map((slot) => slot.addressSpace))) {
    const shown = new MemslotMap(memslots, addressSpace).gpasOf(hva);
    if (shown.length > 0) return shown;
  }
  return [];
}
