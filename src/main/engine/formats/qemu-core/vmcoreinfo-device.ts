/** VMCOREINFO as the guest gave it to QEMU's vmcoreinfo device (QEMU hw/misc/vmcoreinfo.c; format 1 is ELF). */
import type { Diagnostic } from '#shared/model/index.ts';
import type { PhysicalMemory } from '../../memory/physical-memory.ts';
import type { ElfNote } from '../format.ts';
import type { ProcessMemory } from '../process-core/process-memory.ts';
import { BUILT_IN_DEVICES } from '../qemu-stream/built-in-devices.ts';
import { numberIn } from '../../arch/vmstate-reader.ts';
import { readVmcoreinfo } from '../vmcoreinfo.ts';
import { DescribedState } from './described-state.ts';
import type { SavevmEntry } from './savevm-entries.ts';

const NAME = 'vmcoreinfo';

export function vmcoreinfoOf(
  process: ProcessMemory,
  entries: readonly SavevmEntry[],
  guest: PhysicalMemory,
): { note?: ElfNote; diagnostics: Diagnostic[] } {
  const entry = entries.find(({ name }) => name === NAME || name.endsWith(`/${NAME}`));
  if (!entry) return { diagnostics: [] };
  const layouts = BUILT_IN_DEVICES.filter(({ vmsd_name: name }) => name === NAME);
  const read = new DescribedState(process).read(entry.description, entry.object, layouts);
  if (!read || !numberIn(read.state, 'has_vmcoreinfo') || numberIn(read.state, 'vmcoreinfo.guest_format') !== 1n) return { diagnostics: [] };
  const address = Number(numberIn(read.state, 'vmcoreinfo.paddr') ?? 0n);
  const size = Number(numberIn(read.state, 'vmcoreinfo.size') ?? 0n);
  const where = `GPA 0x${address.toString(16)}`;
  const note = readVmcoreinfo(guest, address, size, `vmcoreinfo device, ${where}`);
  if (note) return { note, diagnostics: [] };
  const message = `The vmcoreinfo device says that a note of ${size} bytes is at ${where}; there is none, or that memory is not in the core.`;
  return {
    diagnostics: [
      { severity: 'suspect', code: 'vmcoreinfo-unreadable', message, consequence: 'Symbols and offsets of the guest kernel are not known.' },
    ],
  };
}
