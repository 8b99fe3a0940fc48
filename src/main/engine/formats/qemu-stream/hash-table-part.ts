/**
 * Where a part of section `spapr/htab` ends: the hashed page table of a pseries guest, which is saved in steps between those of RAM and which nothing describes.
 *
 * ```
 * START       be32 log2 of the table's bytes; -1 for a guest without such a table
 * PART, END   be32 0 (-1: nothing follows), then chunks: be32 index, be16 valid entries, be16 invalid ones, 16 bytes for each valid one; the last is 8 bytes of 0
 * ```
 * Facts: QEMU hw/ppc/spapr.c, htab_save_setup, htab_save_iterate, htab_save_complete (1.6 to 9.0).
 */
import type { ByteSource } from '../../memory/byte-source.ts';
import type { DeviceSection } from '../format.ts';
import { Section } from './layout.ts';

export const HASH_TABLE_SECTION = 'spapr/htab';
const NO_TABLE = 0xffff_ffff;
const CHUNK_HEADER = 8;
const ENTRY_SIZE = 16;
/** Chunks that are passed over at most: those of a table of 2 GiB whose every second entry is in use. */
const MAX_CHUNKS = 2 ** 26;

/** Undefined where the file ends before the part does. */
export function endOfHashTablePart(source: ByteSource, { kind, start }: Pick<DeviceSection, 'kind' | 'start'>): number | undefined {
  const head = new Uint8Array(CHUNK_HEADER);
  const view = new DataView(head.buffer);
  if (source.read(start, head.subarray(0, 4)) < 4) return undefined;
  let at = start + 4;
  if (kind === Section.Start || view.getUint32(0) === NO_TABLE) return at;
  for (let chunk = 0; chunk < MAX_CHUNKS; chunk++) {
    if (source.read(at, head) < CHUNK_HEADER) return undefined;
    at += CHUNK_HEADER + view.getUint16(4) * ENTRY_SIZE;
    if (at > source.size) return undefined;
    if (view.getUint32(4) === 0) return at;
  }
  return undefined;
}
