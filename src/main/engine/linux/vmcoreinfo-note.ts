/** VMCOREINFO behind the header of an ELF note, as a kernel keeps it for those who read its memory: size of the name with its NUL, of the text, type 0; the name, padded to 12 bytes. */
import { MAX_VMCOREINFO, readVmcoreinfoText, type VmcoreinfoText } from './vmcoreinfo-text.ts';

const NAME = 'VMCOREINFO\0';
const HEADER = 12;
/** Bytes from the note to its text. */
export const NOTE_TEXT = 24;

/** `read` fills with what stands `at` bytes behind the note's start. Undefined where there is no such note. */
export function readVmcoreinfoNote(read: (at: number, target: Uint8Array) => void, littleEndian: boolean): VmcoreinfoText | undefined {
  const bytes = new Uint8Array(NOTE_TEXT);
  read(0, bytes);
  const view = new DataView(bytes.buffer);
  const name = String.fromCharCode(...bytes.subarray(HEADER, HEADER + NAME.length));
  if (view.getUint32(0, littleEndian) !== NAME.length || name !== NAME) return undefined;
  const text = new Uint8Array(Math.min(view.getUint32(4, littleEndian), MAX_VMCOREINFO));
  read(NOTE_TEXT, text);
  return readVmcoreinfoText(text);
}
