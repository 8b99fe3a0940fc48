/** The reverse: which guests hold a host page, and at which of their addresses. */
import type { GuestOwner, GuestOwnerList, LinuxArea } from '#shared/model/index.ts';
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
): GuestOwnerList {
  const { id: vm, pid, name } = machine;
  const { addresses, problems } = addressesOf(machine, hostMemory, physical);
  const owners = addresses.flatMap((hva): GuestOwner[] => {
    const owner = { vm, pid, name, hva: BigInt(hva), area: areaOf(BigInt(hva)) };
    const shown = gpasOf(machine, hva);
    return shown.length === 0 ? [{ ...owner, gpa: null, memslot: null }] : shown.map(({ gpa, slot }) => ({ ...owner, gpa, memslot: slot }));
  });
  return { owners, problems };
}

function addressesOf({ id, processSpace }: KvmMachine, hostMemory: PhysicalMemory, physical: number): { addresses: number[]; problems: string[] } {
  const addresses: number[] = [];
  // Processes have the lower half of the addresses.
  const table = processSpace?.tables.tableFor(0n);
  if (!table || table.root === null || table.mode.levels.length === 0)
    return { addresses, problems: [`Whether virtual machine ${id} holds it is not known: the page tables of its process are not in the dump.`] };
  let visited = 0;
  let more = false;
  const { missingTables, cut } = visitPages(hostMemory, table.mode, table.root, table.options, (virtualPage, start, size) => {
    if (virtualPage < 0) return false;
    if (physical >= start && physical < start + size) {
      more = addresses.length === MAX_ADDRESSES;
      if (!more) addresses.push(virtualPage * PAGE_SIZE + (physical - start));
    }
    return !more && ++visited < MAX_PAGES;
  });
  const problems: string[] = [];
  if (more) problems.push(`The process of virtual machine ${id} has it at more addresses: the first ${MAX_ADDRESSES} are listed.`);
  if (cut || visited >= MAX_PAGES)
    problems.push(`The page tables of the process of virtual machine ${id} have no end: not all of them were looked through.`);
  if (missingTables > 0)
    problems.push(
      `${missingTables === 1 ? 'A page table' : `${missingTables} page tables`} of the process of virtual machine ${id} ${missingTables === 1 ? 'is' : 'are'} not in the dump: it may have more addresses for it.`,
    );
  return { addresses, problems };
}

/** Of the usual address space; else of System Management Mode's, which shows more. */
function gpasOf({ memslots }: KvmMachine, hva: number): ReturnType<MemslotMap['gpasOf']> {
  for (const addressSpace of new Set(memslots.map((slot) => slot.addressSpace))) {
    const shown = new MemslotMap(memslots, addressSpace).gpasOf(hva);
    if (shown.length > 0) return shown;
  }
  return [];
}
