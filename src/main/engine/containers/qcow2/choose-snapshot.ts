/** Which of an image's snapshots to open. */
import { WorkbenchError } from '#shared/errors.ts';
import type { Snapshot } from './snapshot-table.ts';

/** Snapshots that an error names at most. */
const NAMED = 20;
/** Characters of a name in messages and titles at most. */
const LONGEST = 80;

/**
 * The one that `wanted` names, by id or name; without it the newest that holds machine state. Throws WorkbenchError: `unsupported` when none holds
 * any, `bad-request` when `wanted` fits none or several.
 */
export function chooseSnapshot(snapshots: readonly Snapshot[], wanted: string | undefined, source: string): Snapshot {
  const withState = snapshots.filter(({ stateSize }) => stateSize > 0);
  if (withState.length === 0) throw noState(snapshots, source);
  if (wanted === undefined) return withState.reduce((newest, snapshot) => (snapshot.takenAt >= newest.takenAt ? snapshot : newest));
  const matches = snapshots.filter(({ id, name }) => id === wanted || name === wanted);
  const [match] = matches;
  if (!match) throw refused(`${source}: the image has no snapshot '${wanted}'; it has ${listOf(snapshots)}`);
  if (matches.length > 1) throw refused(`${source}: '${wanted}' may be any of ${listOf(matches)}; the image has ${listOf(snapshots)}`);
  if (match.stateSize > 0) return match;
  throw refused(
    `${source}: the snapshot ${titleOf(match)} holds the disk alone, no machine state; those with machine state are ${listOf(withState)}`,
  );

  function refused(message: string): WorkbenchError {
    return new WorkbenchError('bad-request', message, { source, found: wanted });
  }
}

function noState(snapshots: readonly Snapshot[], source: string): WorkbenchError {
  const found =
    snapshots.length === 0 ? 'this disk image has no internal snapshots' : `the snapshots of this image hold the disk alone: ${listOf(snapshots)}`;
  return new WorkbenchError('unsupported', `${source}: ${found}, so it holds no saved machine state`, {
    source,
    format: 'qcow2',
    hint: "QEMU's savevm or virsh snapshot-create puts one there. A machine with several disks has it in one of them: try the others.",
  });
}

/** `1 'lab'` */
export function titleOf(snapshot: Snapshot): string {
  return `${shorten(snapshot.id)} ${quotedName(snapshot)}`;
}

/** `'lab'`; names may be 64 KiB long, and the table may be anybody's. */
export function quotedName({ name }: Snapshot): string {
  return `'${shorten(name)}'`;
}

function shorten(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

function listOf(snapshots: readonly Snapshot[]): string {
  const more = snapshots.length - NAMED;
  return snapshots.slice(0, NAMED).map(titleOf).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
