/**
 * Where a kernel of s390x itself says that its VMCOREINFO is: for the dumper that a mainframe starts in its place (zfcpdump).
 *
 * Facts: Linux arch/s390/include/asm/lowcore.h and arch/s390/kernel/setup.c, setup_vmcoreinfo (v6.1): the doubleword at absolute address 0xe0c of memory is the physical address of the ELF note. It is
 * not aligned. Big-endian, as the note's header: size of the name with its NUL, of the text, type 0, the name padded to 12 bytes.
 */
import { PHYSICAL_LIMIT } from '#shared/units.ts';
import type { PhysicalMemory } from '../memory/physical-memory.ts';
import { MAX_VMCOREINFO } from './vmcoreinfo-text.ts';

const POINTER = 0xe0c;
const NAME = 'VMCOREINFO\0\0';
const NAME_SIZE = 11;
const HEADER = 12;

/** GPA of the text; undefined where no note is at the place that the pointer names, as on all other machines. */
export function lowcoreText(memory: PhysicalMemory): number | undefined {
  const pointer = new Uint8Array(8);
  memory.read(POINTER, pointer);
  const place = new DataView(pointer.buffer).getBigUint64(0);
  if (place === 0n || place % 4n !== 0n || place >= PHYSICAL_LIMIT) return undefined;
  const note = new Uint8Array(HEADER + NAME.length);
  memory.read(Number(place), note);
  const view = new DataView(note.buffer);
  const fits = view.getUint32(0) === NAME_SIZE && view.getUint32(4) <= MAX_VMCOREINFO && view.getUint32(8) === 0;
  return fits && String.fromCharCode(...note.subarray(HEADER)) === NAME ? Number(place) + note.length : undefined;
}
