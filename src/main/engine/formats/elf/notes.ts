/** Notes of an ELF core: a list of owner, type and description (gABI 5, "Note Section"; elf-object/layout.ts). */
import type { ProgramHeader } from '../../elf-object/layout.ts';
import type { ByteSource } from '../../memory/byte-source.ts';
import type { ElfNote } from '../format.ts';

const NHDR_SIZE = 12;
/** Most notes that are read; a core of a machine with 4096 CPUs has about 20,000. */
export const MAX_NOTES = 200_000;

/** Most bytes of notes that are read, of all PT_NOTE segments together. */
const MAX_NOTES_SIZE = 64 * 1024 * 1024;

/** A note and the file offset of its description. */
export interface FoundNote extends ElfNote {
  fileOffset: number;
}

/**
 * The notes of one PT_NOTE segment. Ends early at one that does not fit, or when there are more than `most`, and says so by `damagedAt` (a file
 * offset).
 */
export function parseNotes(bytes: Uint8Array, fileOffset: number, littleEndian = true, most = MAX_NOTES): { notes: FoundNote[]; damagedAt?: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const notes: FoundNote[] = [];
  let at = 0;
  while (at + NHDR_SIZE <= bytes.length) {
    const nameSize = view.getUint32(at, littleEndian);
    const size = view.getUint32(at + 4, littleEndian);
    const type = view.getUint32(at + 8, littleEndian);
    const start = at + NHDR_SIZE + Math.ceil(nameSize / 4) * 4;
    const end = start + size;
    if (end > bytes.length) return { notes, damagedAt: fileOffset + at };
    // Padding at the end of a segment looks like a note without name and content.
    if (nameSize === 0 && size === 0 && type === 0) break;
    if (notes.length >= most) return { notes, damagedAt: fileOffset + at };
    const owner = String.fromCharCode(...bytes.subarray(at + NHDR_SIZE, at + NHDR_SIZE + Math.min(nameSize, 64))).replace(/\0.*$/s, '');
    notes.push({
      owner,
      type,
      description: bytes.slice(start, end),
      source: `note at 0x${(fileOffset + at).toString(16)}`,
      fileOffset: fileOffset + start,
    });
    at = start + Math.ceil(size / 4) * 4;
  }
  return { notes };
}

/** The notes of all PT_NOTE segments, up to the first that does not fit: `cutAt` is where it begins. One is enough for a file that lies about a thousand segments. */
export function readNotes(
  source: ByteSource,
  segments: readonly Pick<ProgramHeader, 'offset' | 'fileSize'>[],
  littleEndian: boolean,
): { notes: FoundNote[]; cutAt?: number } {
  const notes: FoundNote[] = [];
  let bytesLeft = MAX_NOTES_SIZE;
  for (const { offset, fileSize } of segments) {
    const length = Math.max(0, Math.min(fileSize, source.size - offset, bytesLeft));
    bytesLeft -= length;
    const bytes = new Uint8Array(length);
    if (length > 0) source.read(offset, bytes);
    const found = parseNotes(bytes, offset, littleEndian, MAX_NOTES - notes.length);
    for (const note of found.notes) notes.push(note);
    const cutAt = found.damagedAt ?? (length < fileSize ? offset + length : undefined);
    if (cutAt !== undefined) return { notes, cutAt };
  }
  return { notes };
}
