/** A dump opened as a user's is: from a file, out of whatever wraps it. */
import { decoderOf } from '#engine/formats/coding.ts';
import type { OpenedDump } from '#engine/formats/format.ts';
import type { OpenSource } from '#engine/io/open-source.ts';
import { ExtentTable } from '#engine/memory/extent-table.ts';
import { GuestMemory } from '#engine/memory/guest-memory.ts';
import { PhysicalRegions } from '#engine/memory/physical-regions.ts';
import { openImage } from '#engine/session/open-image.ts';
import { SILENT } from '../formats/open-bytes.ts';

/** The caller closes the source. */
export async function openFile(file: string): Promise<{ dump: OpenedDump; memory: GuestMemory; source: OpenSource }> {
  const { source, image } = await openImage({ paths: [file], mapping: true, options: {} }, SILENT);
  const { dump } = image;
  const decoder = dump.coding && decoderOf(dump.coding, source);
  return { dump, source, memory: new GuestMemory(source, new ExtentTable(dump.extents), new PhysicalRegions(dump.regions), decoder) };
}
