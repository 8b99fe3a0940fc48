/** The way from one snapshot of an image to another: each is a dump of its own in the switcher. */
import { locationOf } from '#shared/dump-location.ts';
import type { DumpSummary, SnapshotInfo } from '#shared/model/index.ts';
import { useDumpsStore } from '../../stores/dumps.store.ts';
import { useShellStore } from '../../stores/shell.store.ts';

/** What names this snapshot and no other: its id, or its name where another snapshot is named like its id. Both may be asked for. */
export function snapshotKey(snapshots: readonly SnapshotInfo[], { id, name }: SnapshotInfo): string {
  return snapshots.some((other) => other.id !== id && other.name === id) ? name : id;
}

/** The open dump that shows this snapshot of these files; it may have been opened without naming it, as the newest. */
export function dumpOf(dumps: readonly DumpSummary[], files: readonly string[], { id }: SnapshotInfo): DumpSummary | undefined {
  return dumps.find(
    (dump) =>
      dump.files.length === files.length && files.every((file) => dump.files.includes(file)) && dump.snapshots.find(({ open }) => open)?.id === id,
  );
}

export function useOtherSnapshots(): { openSnapshot: (dump: DumpSummary, snapshot: SnapshotInfo) => void } {
  const dumps = useDumpsStore();
  const shell = useShellStore();

  function openSnapshot({ files, options, snapshots }: DumpSummary, snapshot: SnapshotInfo): void {
    const known = dumpOf(dumps.dumps, files, snapshot);
    const location = locationOf(files);
    if (known) dumps.select(known.dumpId);
    else if (location) void shell.openDump(location, { ...options, snapshot: snapshotKey(snapshots, snapshot) });
  }

  return { openSnapshot };
}
