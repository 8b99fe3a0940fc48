/**
 * QEMU migration stream, version 3: constants under QEMU's names. All integers are big-endian.
 *
 * Facts: QEMU migration/savevm.c, migration/savevm.h, migration/ram.c (v5.2 to v10.0), docs/devel/migration/main.rst.
 *
 * ```
 * u32 "QEVM"  u32 version  [CONFIGURATION]  sections …  EOF  [VMDESCRIPTION]
 * CONFIGURATION   07  u32 len, machine type; subsections                                    since 2.4
 * START, FULL     01, 04  u32 section id, u8 len, name, u32 instance, u32 version, payload [FOOTER]
 * PART, END       02, 03  u32 section id, payload [FOOTER]
 * FOOTER          7e  u32 section id                                                        machine types since 2.4
 * SUBSECTION      05  u8 len, name, u32 version, fields
 * COMMAND         08  u16 command, u16 len, data                                            since 2.5
 * VMDESCRIPTION   06  u32 len, JSON                                                         machine types since 2.3
 * ```
 */
export const MAGIC = 0x5145564d;
export const VERSION = 3;

export const Section = {
  Eof: 0x00,
  Start: 0x01,
  Part: 0x02,
  End: 0x03,
  Full: 0x04,
  Subsection: 0x05,
  VmDescription: 0x06,
  Configuration: 0x07,
  Command: 0x08,
  Footer: 0x7e,
} as const;

export const SECTION_NAMES: Record<number, string> = { 1: 'START', 2: 'PART', 3: 'END', 4: 'FULL' };

/** Commands, by number (QEMU migration/savevm.c, enum qemu_vm_cmd). */
export const COMMANDS: readonly string[] = [
  'invalid',
  'open return path',
  'ping',
  'postcopy advise',
  'postcopy listen',
  'postcopy run',
  'postcopy RAM discard',
  'packaged',
  'enable COLO',
  'postcopy resume',
  'receive bitmap',
  'switchover start',
];
/** Names ranges of RAM that have changed since they were sent: they come again. */
export const COMMAND_RAM_DISCARD = 6;
/** Its data is the length of the sections that follow. */
export const COMMAND_PACKAGED = 7;

/** What a connection of multifd starts with, in a capture of the network: u32 magic, u32 version (QEMU migration/multifd.h). */
export const MULTIFD_MAGIC = 0x11223344;
export const MULTIFD_VERSION = 1;

/** Flags in the low bits of a RAM record's address: one of them, and CONTINUE or not. */
export const RamFlag = {
  /** Obsolete since 2009: all of RAM as one zlib stream. */
  Full: 0x01,
  Zero: 0x02,
  MemSize: 0x04,
  Page: 0x08,
  Eos: 0x10,
  Continue: 0x20,
  Xbzrle: 0x40,
  Hook: 0x80,
  CompressPage: 0x100,
  MultifdFlush: 0x200,
} as const;

const RECORD_FLAGS: ReadonlySet<number> = new Set(Object.values(RamFlag).filter((flag) => flag !== RamFlag.Continue));

/** Whether the low bits of a record's first 8 bytes are flags that QEMU writes. */
export function isRecordFlags(flags: number): boolean {
  return RECORD_FLAGS.has(flags & ~RamFlag.Continue);
}

/** Versions of the RAM section: flat addresses up to QEMU 0.12, named blocks since 0.13. */
export const RAM_VERSION_FLAT = 3;
export const RAM_VERSION_BLOCKS = 4;
/** Target page size where the stream does not say: x86. */
export const DEFAULT_PAGE_BITS = 12;

/** mapped-ram header of a block (QEMU 9.0, docs/devel/migration/mapped-ram.rst): u32 version, u64 page size, bitmap offset, pages offset. */
export const MAPPED_RAM_HEADER_SIZE = 28;

/** Longest VMDESCRIPTION that is read; QEMU's are about 100 KiB. */
export const MAX_DESCRIPTION = 64 * 1024 * 1024;
/** Most migration capabilities that a stream names; QEMU lists two. */
export const MAX_CAPABILITIES = 256;
/** Longest machine type name. */
export const MAX_MACHINE_NAME = 1024;
/** Most RAM blocks; a machine with 256 DIMMs and 4 ROMs a device has fewer. */
export const MAX_BLOCKS = 4096;
/** Most sections of a stream. */
export const MAX_SECTIONS = 1_000_000;
/** Highest version of a section that is believed. */
export const MAX_SECTION_VERSION = 0xffff;
