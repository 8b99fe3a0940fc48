import { describe, expect, it } from 'vitest';
import { dumpOf, snapshotKey } from '../../../src/renderer/src/features/overview/other-snapshots.ts';
import type { DumpSummary, SnapshotInfo } from '../../../src/shared/model/index.ts';

const snapshot = (id: string, name: string, open = false): SnapshotInfo => ({ id, name, takenAt: '2026-01-01T00:00:00.000Z', stateSize: 1, open });

describe('naming a snapshot', () => {
  it('is by id, because two may have the same name', () => {
    expect(snapshotKey([snapshot('1', 'daily'), snapshot('2', 'daily')], snapshot('2', 'daily'))).toBe('2');
  });
  it('is by name where another is named like its id', () => {
    expect(snapshotKey([snapshot('1', 'first'), snapshot('2', '1')], snapshot('1', 'first'))).toBe('first');
    expect(snapshotKey([snapshot('1', '1'), snapshot('2', 'x')], snapshot('1', '1'))).toBe('1');
  });
});

describe('the dump of a snapshot', () => {
  const dump = (dumpId: string, files: string[], open: string): DumpSummary =>
    ({ dumpId, files, snapshots: [snapshot('1', 'a', open === '1'), snapshot('2', 'b', open === '2')] }) as DumpSummary;
  it('is found also where it was opened without naming it, and only for the same files', () => {
    const dumps = [dump('other', ['/y'], '1'), dump('newest', ['/x'], '2')];
    expect(dumpOf(dumps, ['/x'], snapshot('2', 'b'))?.dumpId).toBe('newest');
    expect(dumpOf(dumps, ['/x'], snapshot('1', 'a'))).toBeUndefined();
  });
});
