/** What is odd about an image that opens all the same. */
import { counted, grouped } from '#shared/counted.ts';
import type { DumpFormatError } from '#shared/errors.ts';
import type { Diagnostic } from '#shared/model/diagnostic.ts';
import { titleOf } from './choose-snapshot.ts';
import type { ImageHeader } from './header.ts';
import type { Image } from './image.ts';
import { metadataPlaces } from './metadata.ts';
import { findOverlaps } from './overlaps.ts';
import { isoDate, type Snapshot } from './snapshot-table.ts';
import type { StateMap } from './state-map.ts';

/** For the user who did not choose: that there was a choice. */
export function otherSnapshots(snapshots: readonly Snapshot[], chosen: Snapshot, wanted: string | undefined): Diagnostic[] {
  const count = snapshots.filter(({ stateSize }) => stateSize > 0).length;
  if (wanted !== undefined || count < 2) return [];
  return [
    {
      severity: 'info',
      code: 'qcow2-newest-snapshot',
      message: `The image holds ${count} snapshots with machine state; this is the newest, ${titleOf(chosen)} of ${isoDate(chosen)}.`,
      consequence: 'The others open when they are asked for by name.',
    },
  ];
}

/** `read` of the table's `count` entries could be read before `damage`. */
export function tableDamage(damage: DumpFormatError, read: number, count: number): Diagnostic {
  return {
    severity: 'data-loss',
    code: 'qcow2-snapshot-table',
    message: `The snapshot table is damaged after ${read} of ${counted(count, 'entry', 'entries')}: ${damage.message}.`,
    consequence: 'The snapshots behind cannot be listed or opened.',
    fileOffset: damage.details.fileOffset,
  };
}

/** What the image's own flags say. */
export function flagDiagnostics({ dirty, corrupt }: ImageHeader): Diagnostic[] {
  const found: Diagnostic[] = [];
  if (corrupt) {
    found.push({
      severity: 'suspect',
      code: 'qcow2-corrupt',
      message: 'The image is marked as corrupt: QEMU found its tables to contradict each other.',
      consequence: 'Memory and registers may be those of another moment or no memory at all; qemu-img check says more.',
    });
  }
  if (dirty) {
    found.push({
      severity: 'info',
      code: 'qcow2-dirty',
      message: 'The image is marked as dirty: it was not closed properly.',
      consequence: 'Reference counts may be wrong, which reading does not depend on.',
    });
  }
  return found;
}

/** What is odd about the opened snapshot's own state. */
export function stateDiagnostics(image: Image, header: ImageHeader, snapshot: Snapshot, state: StateMap): Diagnostic[] {
  const found: Diagnostic[] = [];
  const { size, cut, unwritten, odd, extents, tables } = state;
  if (cut) {
    found.push({
      severity: 'data-loss',
      code: 'qcow2-state-cut',
      message: `Of the snapshot's ${grouped(snapshot.stateSize)} bytes the first ${grouped(size)} can be read: ${cut.reason}.`,
      consequence: 'What was saved behind is missing.',
      fileOffset: image.start + cut.place,
    });
  }
  if (unwritten > 0) {
    found.push({
      severity: 'suspect',
      code: 'qcow2-unwritten-state',
      message: `${grouped(unwritten)} bytes of the snapshot's state were never written, or are marked as zeros: they read as zeros.`,
      consequence: 'QEMU writes all of a state: the image was changed by another tool or is damaged.',
    });
  }
  if (odd.count > 0) {
    found.push({
      severity: 'suspect',
      code: 'qcow2-reserved-bits',
      message: `${counted(odd.count, 'table entry has', 'table entries have')} bits set that must be clear.`,
      consequence: 'The tables are damaged or follow a newer format: memory may be that of other places.',
      fileOffset: image.start + odd.place,
    });
  }
  const l2Tables = Array.from(tables, (start) => ({ start, end: start + 2 ** header.clusterBits }));
  // Compressed clusters share sectors, but none starts where another does or in what is not compressed.
  const starts = state.compressed.map((start) => ({ start, end: start + 1 }));
  const others = [...metadataPlaces(image, header, snapshot), ...l2Tables, ...starts];
  const { bytes, first } = findOverlaps(
    extents,
    others.map(({ start, end }) => ({ start: image.start + start, end: image.start + end })),
  );
  if (bytes > 0) {
    found.push({
      severity: 'suspect',
      code: 'qcow2-overlap',
      message: `${grouped(bytes)} bytes of the image serve two purposes: its tables contradict each other.`,
      consequence: 'The tables are damaged: memory may be that of other places.',
      fileOffset: first,
    });
  }
  return found;
}
