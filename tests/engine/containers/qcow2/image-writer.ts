/**
 * Writes qcow2 images with snapshots, for what QEMU does not write itself: machine states in compressed clusters, marked as zeros, or with holes.
 * After docs/interop/qcow2; tests/lab/qcow2.lab.test.ts has QEMU read what it writes. No reference counts: `qemu-img check -r all` makes them.
 */
import zlib from 'node:zlib';

export type ClusterKind = 'data' | 'compressed' | 'zeros' | 'none';

export interface PlannedSnapshot {
  id: string;
  name: string;
  /** Seconds since the epoch. */
  date?: number;
  state?: Uint8Array;
  /** How cluster `index` of the state is stored; data when not given. Zeros and none keep nothing of its bytes. */
  kindOf?: (index: number) => ClusterKind;
  /** Bytes of extra data: 16, and more from newer QEMUs; 0 only in version 2. */
  extraSize?: number;
  /** Size of the disk when it was taken, where that is another than the image's. */
  diskSize?: number;
}

export interface PlannedImage {
  version?: 2 | 3;
  clusterBits?: number;
  extendedL2?: boolean;
  compression?: 'deflate' | 'zstd';
  diskSize?: number;
  snapshots: PlannedSnapshot[];
}

export interface WrittenImage {
  bytes: Uint8Array;
  /** Offsets of the snapshot table, and of each snapshot's L1 table and L2 tables (with machine state only). */
  table: number;
  l1: number[];
  l2: number[][];
}

/** All 32 subclusters. */
const ALL_ALLOCATED = 0xffffffffn;

export function writeImage({
  version = 3,
  clusterBits = 16,
  extendedL2 = false,
  compression = 'deflate',
  diskSize = 0,
  snapshots,
}: PlannedImage): WrittenImage {
  const clusterSize = 2 ** clusterBits;
  const entrySize = extendedL2 ? 16 : 8;
  const entries = clusterSize / entrySize;
  const span = clusterSize * entries;
  const file = new FileWriter(clusterSize);
  file.allocate(clusterSize);

  // All tables come first: a file that is cut then ends in the state, not in what leads to it.
  const states = snapshots.map(({ state }) => state ?? new Uint8Array(0));
  const l2 = states.map((state) => Array.from({ length: Math.ceil(state.length / span) }, () => file.allocate(clusterSize)));
  const firsts = snapshots.map((snapshot) => Math.ceil((snapshot.diskSize ?? diskSize) / span));
  const l1Sizes = firsts.map((first, index) => first + l2[index]!.length || 1);
  const l1 = l1Sizes.map((size) => file.allocate(size * 8));
  const activeSize = Math.max(1, Math.ceil(diskSize / span));
  const active = file.allocate(activeSize * 8);
  const rows = snapshots.map((snapshot, index) => snapshotEntry(snapshot, l1[index]!, l1Sizes[index]!, diskSize, version));
  const table = file.allocate(
    Math.max(
      1,
      rows.reduce((sum, { length }) => sum + length, 0),
    ),
  );
  file.put(table, Buffer.concat(rows));

  for (const [index, state] of states.entries()) {
    const kindOf = snapshots[index]!.kindOf ?? (() => 'data');
    l2[index]!.forEach((place, row) => file.setU64(l1[index]! + (firsts[index]! + row) * 8, BigInt(place)));
    for (let number = 0; number * clusterSize < state.length; number++) {
      const cluster = new Uint8Array(clusterSize);
      cluster.set(state.subarray(number * clusterSize, (number + 1) * clusterSize));
      const [descriptor, bitmap] = file.store(cluster, kindOf(number), compression, version, extendedL2);
      const entry = l2[index]![Math.floor(number / entries)]! + (number % entries) * entrySize;
      file.setU64(entry, descriptor);
      if (extendedL2) file.setU64(entry + 8, bitmap);
    }
  }

  const header = new DataView(new ArrayBuffer(112));
  header.setUint32(0, 0x514649fb);
  header.setUint32(4, version);
  header.setUint32(20, clusterBits);
  header.setBigUint64(24, BigInt(diskSize));
  header.setUint32(36, activeSize);
  header.setBigUint64(40, BigInt(active));
  header.setUint32(60, snapshots.length);
  header.setBigUint64(64, snapshots.length > 0 ? BigInt(table) : 0n);
  if (version === 3) {
    header.setUint32(76, (compression === 'zstd' ? 8 : 0) | (extendedL2 ? 16 : 0));
    header.setUint32(96, 4);
    header.setUint32(100, 112);
    header.setUint8(104, compression === 'zstd' ? 1 : 0);
  }
  file.put(0, new Uint8Array(header.buffer, 0, version === 3 ? 112 : 72));
  return { bytes: file.bytes(), table, l1, l2 };
}

function snapshotEntry(snapshot: PlannedSnapshot, l1: number, l1Size: number, diskSize: number, version: number): Uint8Array {
  const { id, name, date = 1_700_000_000, state, extraSize = version === 3 ? 16 : 0 } = snapshot;
  const idBytes = Buffer.from(id);
  const nameBytes = Buffer.from(name);
  const length = 40 + extraSize + idBytes.length + nameBytes.length;
  const bytes = new Uint8Array(Math.ceil(length / 8) * 8);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(l1));
  view.setUint32(8, l1Size);
  view.setUint16(12, idBytes.length);
  view.setUint16(14, nameBytes.length);
  view.setUint32(16, date);
  view.setBigUint64(24, 1_500_000_000n);
  // With the 64-bit size in the extra data the 32-bit one is ignored: it may as well be wrong.
  view.setUint32(32, extraSize >= 8 ? 0 : (state?.length ?? 0));
  view.setUint32(36, extraSize);
  if (extraSize >= 8) view.setBigUint64(40, BigInt(state?.length ?? 0));
  if (extraSize >= 16) view.setBigUint64(48, BigInt(snapshot.diskSize ?? diskSize));
  bytes.set(idBytes, 40 + extraSize);
  bytes.set(nameBytes, 40 + extraSize + idBytes.length);
  return bytes;
}

/** A file that grows by clusters; compressed data is packed byte by byte, as QEMU packs it. */
class FileWriter {
  readonly #clusterSize: number;
  #bytes = Buffer.alloc(1 << 20);
  #end = 0;
  /** Room for compressed data. */
  #packed = { at: 0, end: 0 };

  constructor(clusterSize: number) {
    this.#clusterSize = clusterSize;
  }

  allocate(length: number): number {
    const at = this.#end;
    this.#end += Math.ceil(length / this.#clusterSize) * this.#clusterSize;
    if (this.#end > this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes], this.#end * 2);
    return at;
  }

  put(at: number, bytes: Uint8Array): void {
    this.#bytes.set(bytes, at);
  }

  setU64(at: number, value: bigint): void {
    this.#bytes.writeBigUInt64BE(value, at);
  }

  /** The L2 entry of a cluster, and the subclusters' bitmap. */
  store(cluster: Uint8Array, kind: ClusterKind, compression: 'deflate' | 'zstd', version: number, extended: boolean): [bigint, bigint] {
    if (kind === 'none') return [0n, 0n];
    if (kind === 'zeros') return extended ? [0n, ALL_ALLOCATED << 32n] : [version === 3 ? 1n : 0n, 0n];
    const coded = kind === 'compressed' ? compress(cluster, compression) : undefined;
    // What does not become smaller is stored as it is.
    if (coded && coded.length < cluster.length) return [this.#pack(coded), 0n];
    const at = this.allocate(this.#clusterSize);
    this.put(at, cluster);
    return [BigInt(at), ALL_ALLOCATED];
  }

  #pack(coded: Uint8Array): bigint {
    if (this.#packed.at + coded.length > this.#packed.end) {
      // Goes on in the next cluster when that is the one behind.
      const at = this.allocate(this.#clusterSize);
      this.#packed = { at: this.#packed.end === at ? this.#packed.at : at, end: at + this.#clusterSize };
    }
    const { at } = this.#packed;
    this.put(at, coded);
    this.#packed.at += coded.length;
    const sectors = Math.floor((at + coded.length - 1) / 512) - Math.floor(at / 512);
    const bits = BigInt(62 - (Math.log2(this.#clusterSize) - 8));
    return (1n << 62n) | (BigInt(sectors) << bits) | BigInt(at);
  }

  bytes(): Uint8Array {
    return new Uint8Array(this.#bytes.subarray(0, this.#end));
  }
}

/** As QEMU: raw deflate with a 4 KiB window, or one zstd frame. */
function compress(cluster: Uint8Array, compression: 'deflate' | 'zstd'): Uint8Array {
  return compression === 'zstd' ? zlib.zstdCompressSync(cluster) : zlib.deflateRawSync(cluster, { windowBits: 12 });
}
