/**
 * What a kernel that captures a crash knows of the one that crashed: an ELF header that the crashed kernel prepared, whose notes lead to its VMCOREINFO.
 *
 * Facts: Linux Documentation/admin-guide/kdump/kdump.rst; kernel/crash_dump.c (elfcorehdr_addr: a physical address, all ones or 0 in a kernel that captures nothing), kernel/kexec_core.c and crash_core.c (a PT_NOTE for each CPU and one
 * for VMCOREINFO, with physical addresses as offsets), fs/proc/vmcore.c.
 */
import { PHYSICAL_LIMIT } from '#shared/units.ts';
import type { PhysicalMemory } from '../memory/physical-memory.ts';
import type { LinuxKernel } from './kernel.ts';
import { MAX_VMCOREINFO, readVmcoreinfoText, type VmcoreinfoText } from './vmcoreinfo-text.ts';

const NONE = 2n ** 64n - 1n;
const PT_NOTE = 4;
const NOTE_NAME = 'VMCOREINFO\0';
const NOTE_HEADER = 12;
/** One for each possible CPU. */
const MAX_HEADERS = 16384;

export interface CrashedKernel {
  /** GPA of the ELF header. */
  header: number;
  /** Undefined where the notes are not in the dump, or hold none. */
  vmcoreinfo?: VmcoreinfoText;
}

/** Undefined for a kernel that does not capture a crash. */
export function crashedKernelOf(kernel: LinuxKernel): CrashedKernel | undefined {
  const variable = kernel.address('elfcorehdr_addr');
  const header = variable === undefined ? undefined : kernel.space.u64(variable);
  if (header === undefined || header === 0n || header === NONE || header >= PHYSICAL_LIMIT) return undefined;
  const { memory, littleEndian } = kernel.space;
  for (const { at, size } of notes(memory, Number(header), littleEndian)) {
    const vmcoreinfo = readNote(memory, at, size, littleEndian);
    if (vmcoreinfo) return { header: Number(header), vmcoreinfo };
  }
  return { header: Number(header) };
}

/** Program headers of notes of an ELF64 core in memory. */
function* notes(memory: PhysicalMemory, header: number, littleEndian: boolean): Generator<{ at: number; size: number }, void, undefined> {
  const elf = viewOf(memory, header, 64);
  if (elf.getUint32(0) !== 0x7f454c46 || elf.getUint8(4) !== 2) return;
  const table = elf.getBigUint64(32, littleEndian);
  const size = elf.getUint16(54, littleEndian);
  const count = Math.min(elf.getUint16(56, littleEndian), MAX_HEADERS);
  if (size < 56 || table >= PHYSICAL_LIMIT) return;
  for (let index = 0; index < count; index++) {
    const entry = viewOf(memory, header + Number(table) + index * size, 56);
    const at = entry.getBigUint64(8, littleEndian);
    if (entry.getUint32(0, littleEndian) === PT_NOTE && at < PHYSICAL_LIMIT)
      yield { at: Number(at), size: Number(entry.getBigUint64(32, littleEndian)) };
  }
}

function readNote(memory: PhysicalMemory, at: number, size: number, littleEndian: boolean): VmcoreinfoText | undefined {
  const head = viewOf(memory, at, NOTE_HEADER + 12);
  const name = String.fromCharCode(...new Uint8Array(head.buffer, NOTE_HEADER, NOTE_NAME.length));
  const length = head.getUint32(4, littleEndian);
  if (head.getUint32(0, littleEndian) !== NOTE_NAME.length || name !== NOTE_NAME) return undefined;
  const room = Math.min(length, size, MAX_VMCOREINFO);
  return readVmcoreinfoText(new Uint8Array(viewOf(memory, at + NOTE_HEADER + 12, room).buffer));
}

/** Memory that the dump lacks reads as 0, which is no header of anything. */
function viewOf(memory: PhysicalMemory, at: number, length: number): DataView {
  const bytes = new Uint8Array(length);
  memory.read(at, bytes);
  return new DataView(bytes.buffer);
}
