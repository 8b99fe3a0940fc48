/** Places of RAM blocks that no machine's rules give: from the stream alone. */
import type { OpenedBlock, OpenedRegion } from '../format.ts';
import type { StreamBlock } from './ram-blocks.ts';

/** Where memory below 4 GiB ended at most on a PC up to QEMU 0.12, and the rest went on (hw/pc.c, v0.12, pc_init1). */
const BELOW_4G = 0xe000_0000;
const ABOVE_4G = 2 ** 32;

/**
 * The map of a stream with flat addresses (QEMU up to 0.12, a PC): main memory comes first, ROMs and video memory after it in the same numbering; the stream
 * does not say where it ends.
 */
export function placeFlat(block: OpenedBlock): OpenedRegion[] {
  const text =
    'QEMU up to 0.12 numbered main memory from 0, with ROMs and video memory behind it: what the highest addresses show is not main memory, and the stream does not say where it ends.';
  const region = (start: number, blockOffset: number, length: number): OpenedRegion => ({
    start,
    last: start + length - 1,
    block: 0,
    blockOffset,
    ram: block.ram + blockOffset,
    readOnly: false,
    evidence: { strength: 'guessed', text },
  });
  const low = region(0, 0, Math.min(block.length, BELOW_4G));
  return block.length <= BELOW_4G ? [low] : [low, region(ABOVE_4G, BELOW_4G, block.length - BELOW_4G)];
}

/** The map when nothing is known of the machine. */
export function placeLargest(blocks: readonly OpenedBlock[]): OpenedRegion[] {
  const block = blocks.reduce((best, { length }, index) => (length > blocks[best]!.length ? index : best), 0);
  const { length, ram } = blocks[block]!;
  const evidence = { strength: 'guessed', text: 'The largest RAM block, put at 0 because nothing is known of this machine type.' } as const;
  return [{ start: 0, last: length - 1, block, blockOffset: 0, ram, readOnly: false, evidence }];
}

/**
 * Marks regions as proven whose place the stream confirms (x-ignore-shared): a block's offset in the region that contains it is its address when that is
 * system memory, and then agrees with what the machine's rules say. An offset of 0 proves nothing: main memory of a PC has it because aliases of it are mapped.
 */
export function confirmPlaces(regions: readonly OpenedRegion[], blocks: readonly StreamBlock[]): OpenedRegion[] {
  return regions.map((region) => {
    const offset = blocks[region.block]?.containerOffset ?? 0;
    if (offset === 0 || region.start - region.blockOffset !== offset || region.evidence.strength === 'proven') return region;
    const text = `${region.evidence.text} The stream gives the same address for the block (mr->addr, which x-ignore-shared adds).`;
    return { ...region, evidence: { strength: 'proven', text } };
  });
}
