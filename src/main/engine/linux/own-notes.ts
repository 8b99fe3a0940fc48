/** VMCOREINFO where the kernel itself keeps it. Facts: Linux kernel/vmcore_info.c: vmcoreinfo_data points to the text, on a page of its own; before v4.13 (203e9e41219b) it is an array. */
import type { LinuxKernel } from './kernel.ts';
import { MAX_VMCOREINFO, readVmcoreinfoText, type VmcoreinfoText } from './vmcoreinfo-text.ts';

/** Undefined where the symbol table has no variables, or the text is not in the dump. */
export function ownNotes(kernel: LinuxKernel): VmcoreinfoText | undefined {
  const { space } = kernel;
  const variable = kernel.address('vmcoreinfo_data');
  if (variable === undefined) return undefined;
  for (const place of [space.word(variable), variable]) {
    if (place === undefined) continue;
    const bytes = new Uint8Array(MAX_VMCOREINFO);
    const text = readVmcoreinfoText(bytes.subarray(0, space.fill(place, bytes)));
    if (text) return text;
  }
  return undefined;
}
