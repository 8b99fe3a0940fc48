/** Notes of a section or segment: owner, type, description (gABI 4.1, "Note Section"; layout.ts). */
import { cString } from './strings.ts';

const NHDR_SIZE = 12;
const NT_GNU_BUILD_ID = 3;
/** SHA-1 has 20 bytes; `ld --build-id=0x…` takes what it is given. */
const MAX_BUILD_ID = 64;

export interface ObjectNote {
  owner: string;
  type: number;
  description: Uint8Array;
}

/** Ends at the first that does not fit. `alignment`: of the segment or section; 8 pads the description to 8. */
export function* notesOf(bytes: Uint8Array, littleEndian: boolean, alignment = 4): Generator<ObjectNote> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const padding = alignment === 8 ? 8 : 4;
  const padded = (length: number) => Math.ceil(length / padding) * padding;
  for (let at = 0; at + NHDR_SIZE <= bytes.length;) {
    const start = at + padded(NHDR_SIZE + view.getUint32(at, littleEndian));
    const end = start + view.getUint32(at + 4, littleEndian);
    if (end > bytes.length) return;
    yield {
      owner: cString(bytes.subarray(0, start), at + NHDR_SIZE),
      type: view.getUint32(at + 8, littleEndian),
      description: bytes.subarray(start, end),
    };
    at = at + padded(end - at);
  }
}

/** NT_GNU_BUILD_ID as lower-case hex; undefined when it is not among the notes. */
export function buildIdOf(notes: Iterable<ObjectNote>): string | undefined {
  for (const { owner, type, description } of notes) {
    if (owner === 'GNU' && type === NT_GNU_BUILD_ID && description.length > 0 && description.length <= MAX_BUILD_ID) return hexOf(description);
  }
  return undefined;
}

export const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
