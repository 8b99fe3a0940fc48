/**
 * VMCOREINFO as the kernel keeps it in memory: lines of KEY=value (Linux kernel/vmcore_info.c, kernel/crash_core.c before v6.9; kernel/kexec.c before v4.13), ended by a NUL
 * or by the end of what is given. Its first line is OSRELEASE since v2.6.24.
 */

/** VMCOREINFO_BYTES is the size of a page, which Linux has up to this; 4096 before v4.13. */
export const MAX_VMCOREINFO = 65536;
export const FIRST_KEY = 'OSRELEASE=';

export interface VmcoreinfoText {
  /** Without the NUL. */
  bytes: Uint8Array;
  values: Map<string, string>;
}

export interface PlacedText extends VmcoreinfoText {
  /** GPA of its first byte. */
  address: number;
}

/** What stands at the start of `bytes`; undefined when that is not the kernel's text: its format string, a line of a log, a torn copy. */
export function readVmcoreinfoText(bytes: Uint8Array): VmcoreinfoText | undefined {
  const nul = bytes.indexOf(0);
  const end = nul < 0 ? bytes.length : nul;
  const text = String.fromCharCode(...bytes.subarray(0, Math.min(end, MAX_VMCOREINFO)));
  const lines = text.split('\n');
  // The kernel ends every line.
  if (lines.pop() !== '') return undefined;
  const values = new Map<string, string>();
  for (const line of lines) {
    const match = /^([!-<>-~]+)=([ -~]*)$/.exec(line);
    if (!match) return undefined;
    values.set(match[1]!, match[2]!);
  }
  const known = /^\d[!-~]*$/.test(values.get('OSRELEASE') ?? '') && values.has('SYMBOL(init_uts_ns)');
  return known && end <= Number(values.get('PAGESIZE') ?? 0) ? { bytes: bytes.slice(0, end), values } : undefined;
}
