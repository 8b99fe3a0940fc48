/** The Linux kernel in a dump, for a session: found when it is first asked for. */
import { WorkbenchError } from '#shared/errors.ts';
import type { Architecture } from '../arch/architecture.ts';
import type { OpenedDump } from '../formats/format.ts';
import { parseVmcoreinfo } from '../formats/vmcoreinfo.ts';
import type { GivenKernel } from '../linux/given-kernel.ts';
import type { LinuxKernel } from '../linux/kernel.ts';
import { openKernel } from '../linux/open-kernel.ts';
import type { GuestMemory } from '../memory/guest-memory.ts';
import { translationTables } from './translation-root.ts';

/** `given`: what the user gave of kernels. Throws WorkbenchError `unsupported` for a dump in which no kernel is found; the message says what would help. */
export function kernelOfDump(dump: OpenedDump, memory: GuestMemory, architecture: Architecture | undefined, given?: GivenKernel): LinuxKernel {
  const { cpus, littleEndian = true, vmcoreinfo } = dump;
  if (dump.space === 'hva') throw new WorkbenchError('unsupported', 'this is the memory of one process: there is no kernel in it');
  if (!architecture) throw new WorkbenchError('unsupported', 'page tables of this CPU family are not walked yet, so its kernel cannot be read');
  if (!vmcoreinfo)
    throw new WorkbenchError('unsupported', 'the dump has no VMCOREINFO, which says where the kernel is', {
      hint: 'The search for page tables looks for it in memory, too.',
    });
  const kernel = openKernel({
    memory,
    architecture,
    cpus,
    littleEndian,
    vmcoreinfo: parseVmcoreinfo(vmcoreinfo),
    tablesOf: (root) => translationTables(architecture, cpus, { kind: 'root', root }),
    given,
  });
  if (kernel) return kernel;
  throw new WorkbenchError('unsupported', "no CPU's page tables show the kernel that VMCOREINFO describes");
}
