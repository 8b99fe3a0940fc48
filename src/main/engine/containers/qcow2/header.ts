/** The header of a qcow2 image: what must be known to find a snapshot, and what keeps it from being read. Byte map: layout.ts. */
import { WorkbenchError } from '#shared/errors.ts';
import { HAS_ZSTD } from '../../codecs/codec.ts';
import type { Image } from './image.ts';
import {
  CRYPT_METHODS,
  EXTENSION_END,
  EXTENSION_EXTERNAL_DATA,
  EXTENSION_FEATURE_NAMES,
  FEATURE_NAME_SIZE,
  HEADER_V2_SIZE,
  HEADER_V3_SIZE,
  Incompatible,
  MAGIC,
  MAX_CLUSTER_BITS,
  MIN_CLUSTER_BITS,
  MIN_EXTENDED_CLUSTER_BITS,
  u64,
} from './layout.ts';

export interface ImageHeader {
  version: 2 | 3;
  clusterBits: number;
  /** Size of the disk, in bytes. */
  diskSize: number;
  /** The L1 table of the disk as it is now; size in entries. */
  activeL1: { offset: number; size: number };
  refcountTable: { offset: number; clusters: number };
  snapshotCount: number;
  snapshotsOffset: number;
  /** How compressed clusters are. */
  compression: 'deflate' | 'zstd';
  extendedL2: boolean;
  dirty: boolean;
  corrupt: boolean;
}

/** Throws DumpFormatError for what cannot be a header, WorkbenchError `unsupported` for what is one but cannot be read. */
export function readHeader(image: Image): ImageHeader {
  const bytes = image.bytes(0, HEADER_V3_SIZE + 8);
  const view = new DataView(bytes.buffer);
  const problem = (at: number, field: string, expected: string, found: string | number) =>
    image.problem('header', at, field, expected, String(found));
  if (bytes.length < HEADER_V2_SIZE) throw problem(0, 'length', `at least ${HEADER_V2_SIZE} bytes`, bytes.length);
  if (view.getUint32(0) !== MAGIC) throw problem(0, 'magic', `0x${MAGIC.toString(16)}`, `0x${view.getUint32(0).toString(16)}`);
  const version = view.getUint32(4);
  if (version !== 2 && version !== 3) throw unsupported(image, 4, `version ${version} of the format is not read, only qcow2 versions 2 and 3`);
  const clusterBits = view.getUint32(20);
  if (clusterBits < MIN_CLUSTER_BITS || clusterBits > MAX_CLUSTER_BITS) {
    throw problem(20, 'cluster_bits', `${MIN_CLUSTER_BITS} to ${MAX_CLUSTER_BITS}`, clusterBits);
  }
  const features = version === 3 ? readFeatures(image, view, clusterBits) : NO_FEATURES;
  const cryptMethod = view.getUint32(32);
  if (cryptMethod !== 0) {
    const method = CRYPT_METHODS[cryptMethod] ?? `method ${cryptMethod}`;
    throw unsupported(
      image,
      32,
      `the image is encrypted (${method}), and its snapshots with it`,
      'Load the snapshot with its key into QEMU (-loadvm), and save the memory from there (dump-guest-memory).',
    );
  }
  return {
    version,
    clusterBits,
    diskSize: u64(view, 24),
    activeL1: { offset: u64(view, 40), size: view.getUint32(36) },
    refcountTable: { offset: u64(view, 48), clusters: view.getUint32(56) },
    snapshotCount: view.getUint32(60),
    snapshotsOffset: u64(view, 64),
    ...features,
  };
}

type Features = Pick<ImageHeader, 'compression' | 'extendedL2' | 'dirty' | 'corrupt'>;
const NO_FEATURES: Features = { compression: 'deflate', extendedL2: false, dirty: false, corrupt: false };

function readFeatures(image: Image, view: DataView, clusterBits: number): Features {
  const problem = (at: number, field: string, expected: string, found: string | number) =>
    image.problem('header', at, field, expected, String(found));
  if (view.byteLength < HEADER_V3_SIZE) throw problem(0, 'length', `at least ${HEADER_V3_SIZE} bytes in version 3`, view.byteLength);
  const headerLength = view.getUint32(100);
  if (headerLength < HEADER_V3_SIZE || headerLength > 2 ** clusterBits || headerLength % 8 !== 0) {
    throw problem(100, 'header_length', `a multiple of 8 from ${HEADER_V3_SIZE} to ${2 ** clusterBits}`, headerLength);
  }
  const low = view.getUint32(76);
  const known = Object.values(Incompatible).reduce<number>((mask, bit) => mask | (1 << bit), 0);
  const has = (bit: number) => (low & (1 << bit)) !== 0;
  const extensions = readExtensions(image, headerLength, 2 ** clusterBits);
  const unknown = [...bitsOf(low & ~known, 0), ...bitsOf(view.getUint32(72), 32)];
  if (unknown.length > 0) {
    const names = unknown.map((bit) => extensions.featureNames.get(bit) ?? `incompatible feature bit ${bit}`);
    throw unsupported(image, 72, `the image uses ${names.join(', ')}, which is not known here`);
  }
  if (has(Incompatible.ExternalData)) {
    const file = extensions.externalData;
    throw unsupported(
      image,
      72,
      `the image keeps its clusters in another file${file === undefined ? '' : `, ${file},`} and so can hold no snapshots`,
      'QEMU refuses internal snapshots of such images: look for one on another disk of the machine.',
    );
  }
  const extendedL2 = has(Incompatible.ExtendedL2);
  if (extendedL2 && clusterBits < MIN_EXTENDED_CLUSTER_BITS) {
    throw problem(20, 'cluster_bits', `at least ${MIN_EXTENDED_CLUSTER_BITS} with extended L2 entries`, clusterBits);
  }
  const compressionType = headerLength > HEADER_V3_SIZE && view.byteLength > HEADER_V3_SIZE ? view.getUint8(HEADER_V3_SIZE) : 0;
  if (has(Incompatible.CompressionType) !== (compressionType !== 0)) {
    const expected = has(Incompatible.CompressionType) ? 'a type, as the compression type bit says' : '0 without the compression type bit';
    throw problem(HEADER_V3_SIZE, 'compression_type', expected, compressionType);
  }
  if (compressionType > 1) throw unsupported(image, HEADER_V3_SIZE, `compression type ${compressionType} is not known here, only zlib and zstd`);
  if (compressionType === 1 && !HAS_ZSTD) {
    const hint = 'Use Node 22.15 or later, or the desktop.';
    throw unsupported(image, HEADER_V3_SIZE, `its clusters are compressed by zstd, which Node ${process.versions.node} cannot read`, hint);
  }
  const compression = compressionType === 1 ? 'zstd' : 'deflate';
  return { compression, extendedL2, dirty: has(Incompatible.Dirty), corrupt: has(Incompatible.Corrupt) };
}

function bitsOf(word: number, first: number): number[] {
  return Array.from({ length: 32 }, (_, bit) => bit)
    .filter((bit) => (word & (1 << bit)) !== 0)
    .map((bit) => first + bit);
}

interface Extensions {
  externalData?: string;
  /** Names that the image itself gives to incompatible features, by bit. */
  featureNames: Map<number, string>;
}

/** They lie between the header and the end of the first cluster, so there are 256 Ki of them at most. A broken one ends the list: none is needed. */
function readExtensions(image: Image, from: number, end: number): Extensions {
  const found: Extensions = { featureNames: new Map() };
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  for (let at = from; at + 8 <= end;) {
    const head = image.bytes(at, 8);
    if (head.length < 8) break;
    const view = new DataView(head.buffer);
    const type = view.getUint32(0);
    const length = view.getUint32(4);
    if (type === EXTENSION_END || length > end - at - 8) break;
    if (type === EXTENSION_EXTERNAL_DATA) found.externalData = text(image.bytes(at + 8, Math.min(length, 4096)));
    if (type === EXTENSION_FEATURE_NAMES) {
      const names = image.bytes(at + 8, Math.min(length, 256 * FEATURE_NAME_SIZE));
      for (let entry = 0; entry + FEATURE_NAME_SIZE <= names.length; entry += FEATURE_NAME_SIZE) {
        const name = text(names.subarray(entry + 2, entry + FEATURE_NAME_SIZE)).replaceAll('\0', '');
        if (names[entry] === 0) found.featureNames.set(names[entry + 1]!, name);
      }
    }
    at += 8 + Math.ceil(length / 8) * 8;
  }
  return found;
}

function unsupported(image: Image, at: number, message: string, hint?: string): WorkbenchError {
  const { source, start } = image;
  return new WorkbenchError('unsupported', `${source.name}: ${message}`, { source: source.name, fileOffset: start + at, format: 'qcow2', hint });
}
