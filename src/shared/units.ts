/**
 * Units: what a number means, so that the compiler keeps a physical address from meeting a virtual one.
 *
 * Virtual addresses are 64 bits wide and therefore `bigint`. Physical addresses (52 bits at most on every CPU family here),
 * file offsets, sizes and page numbers fit a double exactly and are `number`.
 *
 * Ranges of addresses carry an inclusive `last` (a range may end at 2^64 - 1); ranges of files and arrays a half-open `end`.
 */

declare const unit: unique symbol;
type Unit<Value, Name extends string> = Value & { readonly [unit]: Name };

/** GPA: an address in a guest's physical address space. */
export type GuestPhysical = Unit<number, 'GPA'>;
/** GVA: an address in one of a guest's virtual address spaces; meaningful only with a translation root. */
export type GuestVirtual = Unit<bigint, 'GVA'>;
/** HVA: an address in the virtual address space of the host process that runs a guest. */
export type HostVirtual = Unit<bigint, 'HVA'>;
/** HPA: an address in the host's physical address space. */
export type HostPhysical = Unit<number, 'HPA'>;
/** An offset from the start of a file. */
export type FileOffset = Unit<number, 'file'>;
/** A length in bytes. */
export type ByteCount = Unit<number, 'bytes'>;
/** A guest page frame number: a GPA divided by 4096. */
export type Pfn = Unit<number, 'PFN'>;

export const guestPhysical = (value: number): GuestPhysical => value as GuestPhysical;
export const guestVirtual = (value: bigint): GuestVirtual => value as GuestVirtual;
export const fileOffset = (value: number): FileOffset => value as FileOffset;
export const byteCount = (value: number): ByteCount => value as ByteCount;

/** The address spaces an address can belong to; `file` is an offset in the dump's file. */
export type AddressSpace = 'gva' | 'gpa' | 'hva' | 'hpa' | 'file';

/** One past the largest physical address that any x86-64, AArch64, s390x, ppc64 or RISC-V page table entry can hold. */
export const PHYSICAL_LIMIT = 2 ** 52;
/** The largest 64-bit address. */
export const VIRTUAL_LAST = 0xffff_ffff_ffff_ffffn;
