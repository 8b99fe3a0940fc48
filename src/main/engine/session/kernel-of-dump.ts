/** The Linux kernel in a dump, for a session: found when it is first asked for. */
import { WorkbenchError } from '#shared/errors.ts';
import type { Architecture } from '../arch/architecture.ts';
import type { OpenedDump } from '../formats/format.ts';
import { parseVmcoreinfo } from '../formats/vmcoreinfo.ts';
import type { GivenKernel } from '../linux/given-kernel.ts';
import { findKernel } from '../linux/find-kernel.ts';
import type { LinuxKernel } from '../linux/kernel.ts';
import type { GuestMemory } from '../memory/guest-memory.ts';
import { translationTables } from './translation-root.ts';

/** `given`: what the user gave of kernels. Throws WorkbenchError `unsupported` for a dump in which no kernel is found; the message says what would help. */
export function kernelOfDump(dump: OpenedDump, memory: GuestMemory, architecture: Architecture | undefined, given?: GivenKernel): LinuxKernel {
  const { cpus, littleEndian = true, vmcoreinfo } = dump;
  if (dump.space === 'hva') throw new WorkbenchError('unsupported', 'this is the memory of one process: there is no kernel in it');
  if (!architecture) throw new WorkbenchError('unsupported', 'page tables of this CPU family are not walked yet, so its kernel cannot be read');
  const kernel = findKernel(
    { memory, architecture, cpus, littleEndian, tablesOf: (root) => translationTables(architecture, cpus, { kind: 'root', root }), given },
    vmcoreinfo && { values: parseVmcoreinfo(vmcoreinfo), foundBy: `VMCOREINFO (${vmcoreinfo.source})` },
  );
  if (kernel) return kernel;
  const hint = vmcoreinfo ? {} : { hint: 'The search for page tables looks for VMCOREINFO in all of memory.' };
  const looked = vmcoreinfo ? 'the dump has VMCOREINFO, but' : 'the dump has no VMCOREINFO, and';
  throw new WorkbenchError('unsupported', `no Linux kernel was found: ${looked} the page tables of no CPU show a kernel`, hint);
}
