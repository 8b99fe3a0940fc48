/**
 * From memslots to RAM blocks and a guest-physical map. A block is a stretch of the process's memory that slots show: QEMU cuts one RAM block into several slots (around the firmware below 1 MiB), and shows one place twice
 * (the end of the firmware), so blocks are made by HVA.
 */
import { formatAddress } from '#shared/address-text.ts';
import { PHYSICAL_LIMIT } from '#shared/units.ts';
import type { Memslot } from '#shared/model/index.ts';
import type { OpenedBlock, OpenedRegion } from '../formats/format.ts';

const PAGE_SIZE = 4096;

export interface SlotLayout {
  /** With their HVA as `host`. */
  blocks: OpenedBlock[];
  regions: OpenedRegion[];
  /** Slots that cannot be, in sentences. */
  problems: string[];
}

/** A slot by addresses; `start` is the GPA, `host` the HVA. */
interface PlacedSlot {
  slot: Memslot;
  start: number;
  length: number;
  host: number;
}

/** `memslots`: of one address space. */
export function layOutSlots(memslots: readonly Memslot[]): SlotLayout {
  const problems: string[] = [];
  const placed = placeSlots(memslots, problems);
  const blocks: OpenedBlock[] = [];
  const ids: number[][] = [];
  for (const { slot, host, length } of placed.toSorted((a, b) => a.host - b.host)) {
    const last = blocks.at(-1);
    if (last && host <= last.host! + last.length) {
      last.length = Math.max(last.length, host + length - last.host!);
      ids.at(-1)!.push(slot.id);
      continue;
    }
    blocks.push({ name: '', length, ram: last ? last.ram + last.length : 0, host });
    ids.push([slot.id]);
  }
  for (const [index, block] of blocks.entries()) block.name = nameOf(ids[index]!);
  const regions = placed.map(({ slot, start, length, host }) => regionOf(blocks, slot, { start, length, host }));
  return { blocks, regions, problems };
}

/** By GPA, without those that are impossible or overlap one before them. */
function placeSlots(memslots: readonly Memslot[], problems: string[]): PlacedSlot[] {
  const placed: PlacedSlot[] = [];
  let end = 0;
  for (const slot of memslots.toSorted((a, b) => a.baseGfn - b.baseGfn)) {
    const { id, baseGfn, npages, userspaceAddr } = slot;
    const start = baseGfn * PAGE_SIZE;
    const length = npages * PAGE_SIZE;
    const host = Number(userspaceAddr);
    if (npages <= 0 || start < end || start + length > PHYSICAL_LIMIT || host + length > PHYSICAL_LIMIT || host % PAGE_SIZE !== 0) {
      const what = `GPA ${formatAddress(start)}, ${npages} pages, HVA ${formatAddress(userspaceAddr)}`;
      problems.push(`Memslot ${id} (${what}) cannot be, or overlaps another: it is left out.`);
      continue;
    }
    end = start + length;
    placed.push({ slot, start, length, host });
  }
  return placed;
}

function regionOf(blocks: readonly OpenedBlock[], slot: Memslot, { start, length, host }: Omit<PlacedSlot, 'slot'>): OpenedRegion {
  const index = blocks.findIndex((block) => host >= block.host! && host < block.host! + block.length);
  const block = blocks[index]!;
  const blockOffset = host - block.host!;
  const text = `Memslot ${slot.id} of KVM shows HVA ${formatAddress(slot.userspaceAddr)} here.`;
  return {
    start,
    last: start + length - 1,
    block: index,
    blockOffset,
    ram: block.ram + blockOffset,
    readOnly: slot.flags.includes('readonly'),
    evidence: { strength: 'proven', text },
  };
}

/** "memslot 1", "memslots 0, 2-5" */
function nameOf(ids: readonly number[]): string {
  const sorted = ids.toSorted((a, b) => a - b);
  const runs: [first: number, last: number][] = [];
  for (const id of sorted) {
    const run = runs.at(-1);
    if (run && id <= run[1] + 1) run[1] = id;
    else runs.push([id, id]);
  }
  const words = runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`));
  return `memslot${ids.length === 1 ? '' : 's'} ${words.join(', ')}`;
}
