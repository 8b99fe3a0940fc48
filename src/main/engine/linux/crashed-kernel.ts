/**
 * What a kernel that captures a crash knows of the one that crashed: an ELF header that the crashed kernel prepared, whose notes lead to its VMCOREINFO.
 *
 * Facts: Linux Documentation/admin-guide/kdump/kdump.rst; kernel/crash_dump.c and include/linux/crash_dump.h (elfcorehdr_addr: a physical address; all ones in a kernel that captures nothing, one less once fs/proc/vmcore.c has read it);
 * Documentation/admin-guide/kernel-parameters.txt (elfcorehdr=[size@]offset); kernel/crash_core.c (a PT_NOTE for each CPU and one for VMCOREINFO, with physical addresses as offsets).
 */
import { PHYSICAL_LIMIT } from '#shared/units.ts';
import type { PhysicalMemory } from '../memory/physical-memory.ts';
import type { LinuxKernel } from './kernel.ts';
import { NOTE_TEXT, readVmcoreinfoNote } from './vmcoreinfo-note.ts';
import type { PlacedText } from './vmcoreinfo-text.ts';

const CAPTURES_NOTHING = 2n ** 64n - 1n;
const PARAMETER = /(?:^| )elfcorehdr=(?:[^ @]*@)?(0x[\da-f]{1,16}|\d{1,19})([KMG]?)/i;
const UNITS: Readonly<Record<string, bigint>> = { '': 1n, K: 2n ** 10n, M: 2n ** 20n, G: 2n ** 30n };
const PT_NOTE = 4;
/** One for each possible CPU. */
const MAX_HEADERS = 16384;

export interface CrashedKernel {
  /** Undefined where the notes are not in the dump, or hold none. */
  vmcoreinfo?: PlacedText;
}

/** Undefined for a kernel that does not capture a crash. */
export function crashedKernelOf(kernel: LinuxKernel): CrashedKernel | undefined {
  const variable = kernel.address('elfcorehdr_addr');
  const said = variable === undefined ? undefined : kernel.space.u64(variable);
  if (said === undefined || said === CAPTURES_NOTHING) return undefined;
  const { memory, littleEndian } = kernel.space;
  for (const header of [said, ...parameterOf(kernel)]) {
    if (header >= PHYSICAL_LIMIT) continue;
    for (const place of notePlaces(memory, Number(header), littleEndian)) {
      const text = readVmcoreinfoNote((at, target) => void memory.read(place + at, target), littleEndian);
      if (text) return { vmcoreinfo: { ...text, address: place + NOTE_TEXT } };
    }
  }
  return {};
}

function parameterOf(kernel: LinuxKernel): bigint[] {
  const pointer = kernel.address('saved_command_line');
  const text = pointer === undefined ? undefined : kernel.space.word(pointer);
  const match = PARAMETER.exec((text !== undefined && kernel.space.string(text)) || '');
  return match ? [BigInt(match[1]!) * UNITS[match[2]!.toUpperCase()]!] : [];
}

/** GPAs of the notes of an ELF64 core whose header is in memory. */
function* notePlaces(memory: PhysicalMemory, header: number, littleEndian: boolean): Generator<number, void, undefined> {
  const elf = viewOf(memory, header, 64);
  if (elf.getUint32(0) !== 0x7f454c46 || elf.getUint8(4) !== 2) return;
  const table = elf.getBigUint64(32, littleEndian);
  const size = elf.getUint16(54, littleEndian);
  const count = Math.min(elf.getUint16(56, littleEndian), MAX_HEADERS);
  if (size < 56 || table >= PHYSICAL_LIMIT) return;
  for (let index = 0; index < count; index++) {
    const entry = viewOf(memory, header + Number(table) + index * size, 56);
    const place = entry.getBigUint64(8, littleEndian);
    if (entry.getUint32(0, littleEndian) === PT_NOTE && place < PHYSICAL_LIMIT) yield Number(place);
  }
}

/** Memory that the dump lacks reads as 0, which is no header of anything. */
function viewOf(memory: PhysicalMemory, at: number, length: number): DataView {
  const bytes = new Uint8Array(length);
  memory.read(at, bytes);
  return new DataView(bytes.buffer);
}
