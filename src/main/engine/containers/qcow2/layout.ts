/**
 * On-disk structures of qcow2, under the names of QEMU's docs/interop/qcow2 (versions 2 and 3; checked against files of QEMU 7.2). All integers are
 * big-endian. Offsets count from the image's first byte.
 *
 * ```
 * Header, 72 bytes in version 2
 *   0 magic "QFI\xfb"   4 version            8 backing_file_offset   16 backing_file_size   20 cluster_bits
 *  24 size             32 crypt_method      36 l1_size               40 l1_table_offset     48 refcount_table_offset
 *  56 refcount_table_clusters               60 nb_snapshots          64 snapshots_offset
 * and from version 3 on, 104 bytes or more
 *  72 incompatible_features   80 compatible_features   88 autoclear_features   96 refcount_order   100 header_length   104 compression_type (u8)
 * Header extensions follow: u32 type, u32 length, data padded to 8; type 0 ends them.
 *
 * Snapshot table entry, 40 bytes, each entry on an 8-byte boundary
 *   0 l1_table_offset   8 l1_size   12 id_str_size (u16)   14 name_size (u16)   16 date_sec   20 date_nsec   24 vm_clock_nsec
 *  32 vm_state_size    36 extra_data_size, then extra data (40 vm_state_size_large, 48 disk_size), the id, the name
 *
 * L1 entry  bits 9..55 offset of an L2 table (one cluster), 0 where none is
 * L2 entry  bit 62 clear: bit 0 reads as zeros (version 3), bits 9..55 offset of the cluster, 0 where none is
 *           bit 62 set:   compressed; with x = 62 - (cluster_bits - 8): bits 0..x-1 offset, bits x..61 sectors of 512 bytes beyond the first
 *           extended L2 entries have 8 bytes more, for 32 subclusters: bits 32..63 reads as zeros, bits 0..31 is allocated
 * ```
 */
/** "QFI\xfb". Version 1 of the format, which is another one, begins with it as well. */
export const MAGIC = 0x514649fb;
export const HEADER_V2_SIZE = 72;
export const HEADER_V3_SIZE = 104;
export const SNAPSHOT_ENTRY_SIZE = 40;

export const CRYPT_METHODS: Readonly<Record<number, string>> = { 1: 'AES', 2: 'LUKS' };

/** Bits of incompatible_features: a reader that does not know one must not go on. */
export const Incompatible = { Dirty: 0, Corrupt: 1, ExternalData: 2, CompressionType: 3, ExtendedL2: 4 } as const;

/** Header extensions. */
export const EXTENSION_END = 0;
export const EXTENSION_EXTERNAL_DATA = 0x44415441;
export const EXTENSION_FEATURE_NAMES = 0x6803f857;
/** An entry of the feature name table: u8 kind of feature (0 incompatible), u8 bit, name of 46 bytes padded with zeros. */
export const FEATURE_NAME_SIZE = 48;

/** Smallest and largest clusters that QEMU makes and opens: 512 bytes to 2 MiB. Extended L2 entries need subclusters of 512 bytes. */
export const MIN_CLUSTER_BITS = 9;
export const MAX_CLUSTER_BITS = 21;
export const MIN_EXTENDED_CLUSTER_BITS = 14;
export const SUBCLUSTERS = 32;
/** QEMU's own limits (block/qcow2.h, 7.2): entries of an L1 table (32 MiB), snapshots, and extra data of one. */
export const MAX_L1_SIZE = 2 ** 22;
export const MAX_SNAPSHOTS = 65536;
export const MAX_EXTRA_DATA = 1024;

const SECTOR = 512;

/** Exact up to 2^53, above it rounded: no file is that long. */
export function u64(view: DataView, at: number): number {
  return view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4);
}

/** Bits 9 to 55 of an L1 or L2 entry. Exact, being a multiple of 512. */
export function tableOffset(high: number, low: number): number {
  return (high & 0x00ffffff) * 2 ** 32 + ((low & 0xfffffe00) >>> 0);
}

/** Whether reserved bits of an L1 entry are set: QEMU writes zeros there. Bit 63 says whether the table is shared. */
export function hasReservedL1Bits(high: number, low: number): boolean {
  return (high & 0x7f000000) !== 0 || (low & 0x1ff) !== 0;
}

/** The same of an L2 entry for a cluster that is not compressed; `zeroFlag` says whether bit 0 has its meaning there. */
export function hasReservedL2Bits(high: number, low: number, zeroFlag: boolean): boolean {
  return (high & 0x3f000000) !== 0 || (low & (zeroFlag ? 0x1fe : 0x1ff)) !== 0;
}

export function isCompressed(high: number): boolean {
  return (high & 0x40000000) !== 0;
}

/** Where a compressed cluster lies, and the most bytes that it can have: to the end of its last sector. */
export function compressedPlace(high: number, low: number, clusterBits: number): { offset: number; size: number } {
  const highBits = 62 - (clusterBits - 8) - 32;
  const offset = (high & (2 ** highBits - 1)) * 2 ** 32 + low;
  const sectors = ((high & 0x3fffffff) >>> highBits) + 1;
  return { offset, size: sectors * SECTOR - (offset % SECTOR) };
}
