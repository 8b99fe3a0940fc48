/**
 * VMCOREINFO where the kernel itself keeps it. Facts: Linux kernel/vmcore_info.c: vmcoreinfo_data points to the text, on a page of its own, vmcoreinfo_note to the note; before v4.13 (203e9e41219b) both are arrays. A kernel that crashed has
 * the text where the kernel that captures the crash may have written over it.
 */
import type { LinuxKernel } from './kernel.ts';
import { NOTE_TEXT, readVmcoreinfoNote } from './vmcoreinfo-note.ts';
import { MAX_VMCOREINFO, readVmcoreinfoText, type PlacedText, type VmcoreinfoText } from './vmcoreinfo-text.ts';

/** Undefined where the symbol table has no variables, or the text is not in the dump. */
export function ownNotes(kernel: LinuxKernel): PlacedText | undefined {
  const { space } = kernel;
  for (const place of placesOf(kernel, 'vmcoreinfo_data')) {
    const bytes = new Uint8Array(MAX_VMCOREINFO);
    const text = readVmcoreinfoText(bytes.subarray(0, space.fill(place, bytes)));
    if (text) return placed(kernel, text, place);
  }
  for (const place of placesOf(kernel, 'vmcoreinfo_note')) {
    const text = readVmcoreinfoNote((at, target) => void space.fill(place + BigInt(at), target), space.littleEndian);
    if (text) return placed(kernel, text, place + BigInt(NOTE_TEXT));
  }
  return undefined;
}

function placed({ space: { tables } }: LinuxKernel, text: VmcoreinfoText, place: bigint): PlacedText | undefined {
  return tables.translateAddress(place) ? { ...text, address: tables.found.physical } : undefined;
}

/** Where a pointer leads, and its own place, which is that of an array. */
function placesOf(kernel: LinuxKernel, variable: string): bigint[] {
  const address = kernel.address(variable);
  return address === undefined ? [] : [kernel.space.word(address), address].filter((place) => place !== undefined);
}
