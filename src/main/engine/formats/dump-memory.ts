/** The memory of an opened dump, for a thread to read. */
import { ExtentTable } from '../memory/extent-table.ts';
import { GuestMemory } from '../memory/guest-memory.ts';
import { PhysicalRegions, type PlacedRegion } from '../memory/physical-regions.ts';
import type { ByteSource } from '../memory/byte-source.ts';
import { decoderOf } from './coding.ts';
import type { OpenedDump } from './format.ts';

/** `source`: what the offsets in the dump's extents lead to. `regions`: as the user corrected them; the dump's own without. */
export function memoryOfDump(
  { extents, coding, regions: own }: Pick<OpenedDump, 'extents' | 'coding' | 'regions'>,
  source: ByteSource,
  regions: readonly PlacedRegion[] = own,
): GuestMemory {
  return new GuestMemory(source, new ExtentTable(extents), new PhysicalRegions(regions), coding && decoderOf(coding, source));
}
