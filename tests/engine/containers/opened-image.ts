/** A dump opened as a user's is: from a file, out of whatever wraps it. */
import type { OpenedDump } from '#engine/formats/format.ts';
import type { OpenSource } from '#engine/io/open-source.ts';
import type { GuestMemory } from '#engine/memory/guest-memory.ts';
import { memoryOfDump } from '#engine/formats/dump-memory.ts';
import { openImage } from '#engine/session/open-image.ts';
import { SILENT } from '../formats/open-bytes.ts';

/** The caller closes the source. */
export async function openFile(file: string): Promise<{ dump: OpenedDump; memory: GuestMemory; source: OpenSource }> {
  const { source, image } = await openImage({ paths: [file], mapping: true, options: {} }, SILENT);
  const { dump } = image;
  return { dump, source, memory: memoryOfDump(dump, source) };
}
