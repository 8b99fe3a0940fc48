/** A module's BTF, whose numbers go on where its kernel's end: of another build it would name the wrong types. */
import { WorkbenchError } from '#shared/errors.ts';
import { BtfData } from '../btf/btf-data.ts';
import type { LinuxKernel } from '../linux/kernel.ts';

/** Throws DumpFormatError for damage, WorkbenchError `unsupported` where the kernel's BTF is missing or another one. */
export function splitBtf(bytes: Uint8Array, source: string, kernel: LinuxKernel): BtfData {
  const base = kernel.btf;
  if (!base)
    throw new WorkbenchError('unsupported', `${source} is numbered after the kernel's BTF, which is not known`, {
      hint: 'Give BTF of the vmlinux too, or the module with DWARF.',
    });
  const data = new BtfData(bytes, source, base);
  if (namesFit(data)) return data;
  throw new WorkbenchError('unsupported', `${source} is numbered after another kernel's BTF than this one's`, {
    hint: 'Give the module of exactly this kernel.',
  });
}

/** Whether every type's name begins where a string begins. */
function namesFit(data: BtfData): boolean {
  for (let id = data.firstId; id < data.endId; id++) {
    if (!data.startsString(data.word(data.find(id)!.offset))) return false;
  }
  return true;
}
