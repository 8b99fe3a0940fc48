/** The image's list of snapshots. Byte map: layout.ts. */
import type { DumpFormatError } from '#shared/errors.ts';
import type { ImageHeader } from './header.ts';
import type { Image } from './image.ts';
import { MAX_EXTRA_DATA, MAX_SNAPSHOTS, SNAPSHOT_ENTRY_SIZE, u64 } from './layout.ts';

export interface Snapshot {
  id: string;
  name: string;
  /** Milliseconds since the epoch, UTC; nanoseconds rounded down to them. */
  takenAt: number;
  /** Nanoseconds for which the guest had been running. */
  clock: bigint;
  /** Bytes of machine state; 0 for a snapshot of the disk alone. */
  stateSize: number;
  /** Bytes of the disk at that time: the machine state lies behind it. */
  diskSize: number;
  l1Offset: number;
  l1Size: number;
  /** Offset of its entry in the image. */
  place: number;
}

/** As many names as 64 MiB hold, QEMU's own limit, would be too much here; a real table has a few KiB. */
const MAX_TABLE_SIZE = 8 * 1024 * 1024;

/**
 * The snapshots in the table's order. The entries have no fixed length, so a broken one hides those behind it: `damage` then says what was wrong.
 * Throws DumpFormatError when the table is not in the file.
 */
export function readSnapshots(image: Image, header: ImageHeader): { snapshots: Snapshot[]; damage?: DumpFormatError } {
  const { snapshotCount, snapshotsOffset, clusterBits } = header;
  if (snapshotCount === 0) return { snapshots: [] };
  if (snapshotCount > MAX_SNAPSHOTS) throw image.problem('header', 60, 'nb_snapshots', `at most ${MAX_SNAPSHOTS}`, String(snapshotCount));
  if (snapshotsOffset === 0 || snapshotsOffset % 2 ** clusterBits !== 0 || snapshotsOffset + SNAPSHOT_ENTRY_SIZE > image.size) {
    const expected = `a multiple of ${2 ** clusterBits} inside the file's ${image.size} bytes`;
    throw image.problem('header', 64, 'snapshots_offset', expected, `0x${snapshotsOffset.toString(16)}`);
  }
  const snapshots: Snapshot[] = [];
  for (let at = snapshotsOffset; snapshots.length < snapshotCount;) {
    const { snapshot, end, damage } = readEntry(image, header, at);
    if (damage) return { snapshots, damage };
    if (end - snapshotsOffset > MAX_TABLE_SIZE) {
      return { snapshots, damage: image.problem('snapshot table', at, 'length', `at most ${MAX_TABLE_SIZE} bytes`, String(end - snapshotsOffset)) };
    }
    snapshots.push(snapshot);
    at = Math.ceil(end / 8) * 8;
  }
  return { snapshots };
}

type Entry = { snapshot: Snapshot; end: number; damage?: undefined } | { snapshot?: undefined; end?: undefined; damage: DumpFormatError };

function readEntry(image: Image, header: ImageHeader, at: number): Entry {
  const damaged = (field: string, offset: number, expected: string, found: number): Entry => ({
    damage: image.problem('snapshot table', at + offset, field, expected, String(found)),
  });
  const fixed = image.bytes(at, SNAPSHOT_ENTRY_SIZE);
  if (fixed.length < SNAPSHOT_ENTRY_SIZE) return damaged('entry', 0, `${SNAPSHOT_ENTRY_SIZE} bytes`, fixed.length);
  const view = new DataView(fixed.buffer);
  const idSize = view.getUint16(12);
  const nameSize = view.getUint16(14);
  const extraSize = view.getUint32(36);
  if (idSize === 0) return damaged('id_str_size', 12, 'an id, as every snapshot has one', 0);
  if (extraSize > MAX_EXTRA_DATA) return damaged('extra_data_size', 36, `at most ${MAX_EXTRA_DATA}`, extraSize);
  const variable = image.bytes(at + SNAPSHOT_ENTRY_SIZE, extraSize + idSize + nameSize);
  if (variable.length < extraSize + idSize + nameSize) return damaged('entry', 0, 'an id and a name before the end of the file', variable.length);
  const extra = new DataView(variable.buffer, 0, extraSize);
  const text = (from: number, length: number) => new TextDecoder().decode(variable.subarray(from, from + length));
  const nanoseconds = Math.min(view.getUint32(20), 999_999_999);
  const snapshot: Snapshot = {
    id: text(extraSize, idSize),
    name: text(extraSize + idSize, nameSize),
    takenAt: view.getUint32(16) * 1000 + Math.floor(nanoseconds / 1e6),
    clock: view.getBigUint64(24),
    stateSize: extraSize >= 8 ? u64(extra, 0) : view.getUint32(32),
    diskSize: extraSize >= 16 ? u64(extra, 8) : header.diskSize,
    l1Offset: u64(view, 0),
    l1Size: view.getUint32(8),
    place: at,
  };
  return { snapshot, end: at + SNAPSHOT_ENTRY_SIZE + variable.length };
}

/** When it was taken, in UTC. */
export function isoDate({ takenAt }: Snapshot): string {
  return new Date(takenAt).toISOString();
}
