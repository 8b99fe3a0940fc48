/** The guest-physical map for people: regions and blocks with their states, and the user's corrections painted over. */
import { WorkbenchError } from '#shared/errors.ts';
import { formatAddress } from '#shared/address-text.ts';
import type { MemoryMap, MemoryState, RegionCorrection } from '#shared/model/memory.ts';
import type { OpenedDump, OpenedRegion } from '../formats/format.ts';
import { PAGE_SIZE, stateOfExtent, type ExtentTable } from '../memory/extent-table.ts';
import { MapPainter } from '../memory/map-painter.ts';

type States = Partial<Record<MemoryState, number>>;

function addState(states: States, state: MemoryState, bytes: number): void {
  if (bytes > 0) states[state] = (states[state] ?? 0) + bytes;
}

/** Bytes by state of a stretch of the dump's RAM space. */
function statesOf(extents: ExtentTable, ram: number, length: number): States {
  const states: States = {};
  let known = 0;
  extents.forEachIn(ram, length, (kind, place, _start, bytes) => {
    addState(states, stateOfExtent(kind, place), bytes);
    known += bytes;
  });
  addState(states, 'absent', length - known);
  return states;
}

export function sumStates(all: readonly States[]): States {
  const total: States = {};
  for (const states of all) for (const [state, bytes] of Object.entries(states)) addState(total, state as MemoryState, bytes);
  return total;
}

export function describeMap(dump: OpenedDump, regions: readonly OpenedRegion[], extents: ExtentTable, corrections: RegionCorrection[]): MemoryMap {
  return {
    regions: regions.map((region) => ({
      start: region.start,
      last: region.last,
      block: dump.blocks[region.block]?.name ?? null,
      blockOffset: region.blockOffset,
      readOnly: region.readOnly,
      evidence: region.evidence,
      states: statesOf(extents, region.ram, region.last - region.start + 1),
    })),
    blocks: dump.blocks.map((block, index) => ({
      name: block.name,
      length: block.length,
      role: block.role,
      ...(block.host === undefined ? {} : { host: block.host }),
      mappedAt: regions.filter((region) => region.block === index).map(({ start }) => start),
      states: statesOf(extents, block.ram, block.length),
    })),
    corrections,
  };
}

/**
 * The dump's regions with the corrections on top. A vmcore has no named blocks to put anywhere: there, memory can only be taken away. Throws
 * WorkbenchError `bad-request` for a correction that makes no sense.
 */
export function correctRegions(dump: OpenedDump, corrections: readonly RegionCorrection[]): OpenedRegion[] {
  if (corrections.length === 0) return dump.regions;
  const named = dump.blocks.length > 0;
  const painter = new MapPainter();
  // Without blocks the RAM space is the physical one, so that a piece of a region still knows where its bytes are.
  for (const region of dump.regions) painter.paint(named ? region : { ...region, blockOffset: region.ram });
  for (const correction of corrections) {
    const { start, last, block, blockOffset } = correction;
    checkRange(correction);
    if (block === null) {
      painter.erase(start, last);
      continue;
    }
    const index = dump.blocks.findIndex(({ name }) => name === block);
    checkBlock(dump, index, correction);
    const evidence = { strength: 'user', text: 'Put here by a correction.' } as const;
    painter.paint({ start, last, block: index, blockOffset, readOnly: false, evidence });
  }
  return painter.regions().map((region) => ({
    ...region,
    ram: (dump.blocks[region.block]?.ram ?? 0) + region.blockOffset,
    blockOffset: named ? region.blockOffset : 0,
  }));
}

function checkRange({ start, last, blockOffset }: RegionCorrection): void {
  if (last < start) throw refuse(`a region cannot end (${formatAddress(last)}) before it starts (${formatAddress(start)})`);
  for (const [what, value] of [
    ['start', start],
    ['end', last + 1],
    ['block offset', blockOffset],
  ] as const) {
    if (value % PAGE_SIZE !== 0) throw refuse(`the ${what} ${formatAddress(value)} is not a multiple of 0x1000`);
  }
}

function checkBlock(dump: OpenedDump, index: number, { start, last, block, blockOffset }: RegionCorrection): void {
  const found = dump.blocks[index];
  if (!found) throw refuse(`there is no RAM block named ${JSON.stringify(block)}`);
  const end = blockOffset + (last - start + 1);
  if (end > found.length)
    throw refuse(`the region would end at ${formatAddress(end)} of ${found.name}, which is ${formatAddress(found.length)} bytes long`);
}

function refuse(reason: string): WorkbenchError {
  return new WorkbenchError('bad-request', `memory map correction: ${reason}`);
}
