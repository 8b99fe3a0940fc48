/**
 * The host-virtual addresses that a dump knows: those of the process that ran the guest, or all addresses of a dump that is of a process. They are the third name of a byte, beside its
 * guest-physical address and its place in the file.
 */
import { formatAddress, groupedHex } from '#shared/address-text.ts';
import type { AddressDescription, FormatId, HostPlace, MemoryChunk } from '#shared/model/index.ts';
import { PHYSICAL_LIMIT, type AddressSpace } from '#shared/units.ts';
import type { OpenedDump, OpenedRegion } from '../formats/format.ts';
import { GuestMemory } from '../memory/guest-memory.ts';
import { PhysicalRegions, type PlacedRegion } from '../memory/physical-regions.ts';
import { STATE_LABELS } from './describe-address.ts';
import { readPhysical } from './read-memory.ts';

/** What is said of the process's own memory, by where it can be seen. */
const NO_GUEST_MEMORY: Partial<Record<FormatId, string>> = { 'qemu-core': "no guest memory: the process's own memory is in its process view" };

export class HostSpace {
  readonly #dump: OpenedDump;
  /** Memory by host-virtual address. */
  readonly #memory: GuestMemory;

  private constructor(dump: OpenedDump, memory: GuestMemory) {
    this.#dump = dump;
    this.#memory = memory;
  }

  /** Undefined for a dump without host addresses. `memory`: the dump's own. */
  static of(dump: OpenedDump, memory: GuestMemory): HostSpace | undefined {
    if (dump.space === 'hva') return new HostSpace(dump, memory);
    const placed = placedBlocks(dump);
    return placed.length === 0
      ? undefined
      : new HostSpace(dump, new GuestMemory(memory.source, memory.extents, new PhysicalRegions(placed), memory.decoder));
  }

  /** Where a guest-physical address lay; undefined for one that no region shows. */
  placeOf(regions: readonly OpenedRegion[], physical: number): HostPlace | undefined {
    const region = regions[regionAt(regions, physical)];
    const block = region && this.#dump.blocks[region.block];
    if (region === undefined || block?.host === undefined) return undefined;
    const address = block.host + region.blockOffset + physical - region.start;
    const { fileOffset } = this.#memory.stretchAt(address, 1);
    return { address: BigInt(address), block: block.name, fileOffset };
  }

  read(address: bigint, length: number): MemoryChunk {
    if (address + BigInt(length) <= BigInt(PHYSICAL_LIMIT)) return readPhysical(this.#memory, address, length);
    return { address, bytes: new Uint8Array(length), spans: [{ start: 0, end: length, state: 'absent', reason: 'above 52 bits' }] };
  }

  /** `space`: in which the address was asked for. `regions`: of the guest-physical map, to say where the guest sees it. */
  describe(regions: readonly OpenedRegion[], address: bigint, space: AddressSpace = 'hva'): AddressDescription {
    const nowhere = { space, address, physical: null, fileOffset: null, state: 'absent' } as const;
    if (address >= BigInt(PHYSICAL_LIMIT)) return { ...nowhere, label: 'not in the dump' };
    const host = Number(address);
    const block = this.#dump.blocks.find(({ host: start, length }) => start !== undefined && host >= start && host < start + length);
    const ofProcess = this.#dump.space === 'hva';
    if (!block)
      return { ...nowhere, label: ofProcess ? 'not mapped' : (NO_GUEST_MEMORY[this.#dump.format] ?? "no guest memory: QEMU's own, or nothing") };
    const { state, fileOffset, reason } = this.#memory.stretchAt(host, 1);
    const label = [`${block.name} + ${formatAddress(host - block.host!)}`, reason ?? STATE_LABELS[state]].filter(Boolean).join(', ');
    if (ofProcess) return { space, address, label, physical: null, fileOffset, state };
    const ram = block.ram + host - block.host!;
    const region = regions.find((candidate) => ram >= candidate.ram && ram - candidate.ram <= candidate.last - candidate.start);
    if (!region) return { space, address, label: `${label}, not mapped by the guest`, physical: null, fileOffset, state };
    const physical = region.start + ram - region.ram;
    return { space, address, label, translation: `→ GPA ${groupedHex(physical, 12)}`, physical, fileOffset, state };
  }
}

/** Blocks by host address. Of two that overlap, only the first is there: only a damaged core has such. */
function placedBlocks({ blocks }: OpenedDump): PlacedRegion[] {
  const sorted = blocks.flatMap(({ host, length, ram }) => (host === undefined ? [] : [{ start: host, last: host + length - 1, ram }]));
  sorted.sort((a, b) => a.start - b.start);
  let end = -1;
  return sorted.filter(({ start, last }) => {
    if (start <= end) return false;
    end = last;
    return true;
  });
}

/** Index of the region that holds the address, -1 when none does. Regions are sorted and disjoint. */
function regionAt(regions: readonly OpenedRegion[], physical: number): number {
  let low = 0;
  let high = regions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (regions[middle]!.last < physical) low = middle + 1;
    else high = middle;
  }
  return low < regions.length && regions[low]!.start <= physical ? low : -1;
}
