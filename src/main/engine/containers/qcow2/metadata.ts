/** Where an image's own tables lie: places in which no machine state can be. Disk contents and other snapshots' tables are not followed. */
import type { ImageHeader } from './header.ts';
import { WordTable, type Image, type Place } from './image.ts';
import { HEADER_V2_SIZE, tableOffset } from './layout.ts';
import type { Snapshot } from './snapshot-table.ts';

/** QEMU's limit of a refcount table (block/qcow2.h, 7.2), in entries. */
const MAX_REFCOUNT_BLOCKS = 2 ** 20;

/** Parts of the image, as offsets in it. */
export function metadataPlaces(image: Image, header: ImageHeader, { place, l1Offset, l1Size }: Snapshot): Place[] {
  const { clusterBits, activeL1, refcountTable } = header;
  const clusterSize = 2 ** clusterBits;
  const entries = Math.min((refcountTable.clusters * clusterSize) / 8, MAX_REFCOUNT_BLOCKS);
  const places = [
    { start: 0, end: HEADER_V2_SIZE },
    { start: activeL1.offset, end: activeL1.offset + activeL1.size * 8 },
    { start: refcountTable.offset, end: refcountTable.offset + entries * 8 },
    { start: place, end: place + 1 },
    { start: l1Offset, end: l1Offset + l1Size * 8 },
  ];
  const blocks = new WordTable(image, refcountTable.offset, entries);
  for (let entry = 0; entry < entries && blocks.load(entry); entry++) {
    const start = tableOffset(blocks.high, blocks.low);
    if (start > 0) places.push({ start, end: start + clusterSize });
  }
  return places;
}
