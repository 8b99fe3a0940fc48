/**
 * A CPU's registers as a dump holds them, before anything is decoded. Plain data: it crosses threads.
 *
 * A register that the dump does not hold is absent, never zero.
 */

export interface RegisterValue {
  value: bigint;
  /** Width in bits. */
  width: number;
  /** Where it comes from: "section cpu (instance 0), field env.cr[3], at 0x19f21c" or "QEMU note, offset 416". */
  source: string;
  /** True when worked out, not read: EFER.LMA from an ELF that has no EFER. */
  inferred?: boolean;
  /** For a register of which only some bits were worked out: those bits. The others are unknown, whatever `value` holds there. */
  knownBits?: bigint;
}

export interface SegmentValue {
  selector: number;
  base: bigint;
  limit: number;
  /**
   * The descriptor's second word with bits 8 to 23 in place, as QEMU's SegmentCache.flags. The other bits are whatever QEMU kept there (parts of
   * the base after LTR and LLDT), so that notes written from this equal QEMU's; a CpuView leaves them out.
   */
  flags: number;
  source: string;
}

/** A hashed page table: its entries as the hypervisor keeps them, 2^shift bytes. */
export interface HashTable {
  shift: number;
  bytes: SharedArrayBuffer;
}

export interface CpuState {
  index: number;
  /** By gdb's lower-case names: rax … r15, rip, rflags, cr0, cr2, cr3, cr4, efer, …; of a 32-bit x86 under the 64-bit names too, 32 bits wide. */
  registers: Record<string, RegisterValue>;
  /** cs ss ds es fs gs ldt tr gdt idt */
  segments: Record<string, SegmentValue>;
  /** Byte order of its data and of its notes; undefined where the dump does not say. */
  littleEndian?: boolean;
  /** Translation tables that the dump holds outside of guest memory; all CPUs share one. */
  hashTable?: HashTable;
  /** Bit of page table entries that says that memory is encrypted, where the system uses one. */
  encryptionBit?: number;
  /** True when the emulator had it halted; undefined where the dump does not say. */
  halted?: boolean;
}
