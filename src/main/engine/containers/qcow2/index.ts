/**
 * qcow2 disk images with internal snapshots (savevm, virsh snapshot-create): the machine state that a snapshot holds is a migration stream.
 *
 * Reads versions 2 and 3, all cluster sizes, extended L2 entries, deflate and zstd clusters. Structures: layout.ts. Not supported: encrypted images,
 * and the disk's own contents.
 */
import { formatSize } from '#shared/address-text.ts';
import { counted, grouped } from '#shared/counted.ts';
import type { DumpFormatError } from '#shared/errors.ts';
import { RemappedSource } from '../../io/remapped-source.ts';
import type { Container } from '../container.ts';
import { chooseSnapshot, quotedName, titleOf } from './choose-snapshot.ts';
import { flagDiagnostics, otherSnapshots, stateDiagnostics, tableDamage } from './diagnostics.ts';
import { readHeader, type ImageHeader } from './header.ts';
import { Image } from './image.ts';
import { MAGIC } from './layout.ts';
import { isoDate, readSnapshots, type Snapshot } from './snapshot-table.ts';
import { mapState, type StateMap } from './state-map.ts';

export const qcow2: Container = {
  id: 'qcow2',
  title: 'qcow2 image',

  probe(head) {
    return head.length >= 8 && new DataView(head.buffer, head.byteOffset, head.length).getUint32(0) === MAGIC;
  },

  async unwrap(wrapped, { snapshot: wanted, progress }) {
    const image = new Image(wrapped);
    const header = readHeader(image);
    const { snapshots, damage } = readSnapshots(image, header);
    if (damage && snapshots.length === 0) throw damage;
    const chosen = chooseSnapshot(snapshots, wanted, image.source.name);
    const state = mapState(image, header, chosen, progress);
    if (state.size === 0) throw nothingLeft(image, chosen, state);
    const name = `${image.source.name}, snapshot ${quotedName(chosen)}`;
    const { size, extents, units } = state;
    const inside = { source: new RemappedSource(image.source, { name, size, extents: extents.shared, units }), start: 0 };
    const clock = Number(chosen.clock / 1_000_000n) / 1000;
    return {
      inside,
      layer: {
        title: `qcow2 image, snapshot ${quotedName(chosen)}`,
        offset: image.start,
        length: image.size,
        detail: describeImage(header, snapshots),
      },
      facts: [
        { label: 'Snapshot', value: `${titleOf(chosen)}, taken ${isoDate(chosen)}`, source: 'qcow2 snapshot table' },
        { label: 'Guest clock at the snapshot', value: `${clock} s`, source: 'qcow2 snapshot table, vm_clock_nsec' },
      ],
      diagnostics: [
        ...otherSnapshots(snapshots, chosen, wanted),
        ...(damage ? [tableDamage(damage, snapshots.length, header.snapshotCount)] : []),
        ...flagDiagnostics(header),
        ...stateDiagnostics(image, header, chosen, state),
      ],
      snapshots: snapshots.map((snapshot) => ({
        id: snapshot.id,
        name: snapshot.name,
        takenAt: isoDate(snapshot),
        stateSize: snapshot.stateSize,
        open: snapshot === chosen,
      })),
    };
  },
};

function describeImage({ version, clusterBits, extendedL2, diskSize }: ImageHeader, snapshots: readonly Snapshot[]): string {
  const clusters = `clusters of ${formatSize(2 ** clusterBits)}${extendedL2 ? ' in 32 parts' : ''}`;
  return `version ${version}, ${clusters}, ${formatSize(diskSize)} disk, ${counted(snapshots.length, 'snapshot')}`;
}

function nothingLeft(image: Image, chosen: Snapshot, { cut }: StateMap): DumpFormatError {
  const found = cut?.reason ?? 'nothing';
  return image.problem(
    'snapshot',
    cut?.place ?? chosen.place,
    'machine state',
    `the first bytes of the ${grouped(chosen.stateSize)} there are`,
    found,
  );
}
