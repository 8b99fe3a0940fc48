/** From an open host's dump to one of its guests (OpenOptions.vm). */
import { WorkbenchError } from '#shared/errors.ts';
import { ARCHITECTURES } from '../arch/index.ts';
import { completeCpus } from '../formats/complete-cpus.ts';
import { memoryOfDump } from '../formats/dump-memory.ts';
import type { OpenedDump, Progress } from '../formats/format.ts';
import { guestDump } from '../kvm-guest/guest-dump.ts';
import { findMachines, machineOf } from '../kvm/machines.ts';
import type { GivenKernel } from '../linux/given-kernel.ts';
import type { LinuxKernel } from '../linux/kernel.ts';
import type { ByteSource } from '../memory/byte-source.ts';
import type { GuestMemory } from '../memory/guest-memory.ts';
import { kernelOfDump } from './kernel-of-dump.ts';
import { lookForRoots } from './look-for-roots.ts';

/**
 * `dump`: the host's, with the user's corrections in its regions. `given`: what the user gave of its kernel. Throws WorkbenchError `bad-request` for a guest that there is none of, `unsupported` for a dump in which no
 * kernel with KVM is found.
 */
export function openGuestOfHost(dump: OpenedDump, source: ByteSource, vm: string, given: GivenKernel | undefined, progress: Progress): OpenedDump {
  const memory = memoryOfDump(dump, source);
  const kernel = kernelOfHost(dump, memory, given, progress);
  const machine = machineOf(findMachines(kernel), vm);
  const guest = guestDump({ dump, kernel }, machine, progress);
  for (const message of given?.problems(kernel) ?? []) guest.diagnostics.push({ severity: 'info', code: 'debug-file-unused', message });
  return completeCpus(guest, source);
}

/** Where the CPUs do not tell, memory is searched: nobody can ask for that before the guest is open. */
function kernelOfHost(dump: OpenedDump, memory: GuestMemory, given: GivenKernel | undefined, progress: Progress): LinuxKernel {
  const architecture = ARCHITECTURES.find(({ id }) => id === dump.architecture);
  try {
    return kernelOfDump(dump, memory, architecture, given);
  } catch (error) {
    if (!(error instanceof WorkbenchError) || error.code !== 'unsupported' || dump.vmcoreinfo || dump.space === 'hva') throw error;
    const { vmcoreinfo, cpus } = lookForRoots(memory, dump, architecture, progress);
    if (!vmcoreinfo)
      throw new WorkbenchError(
        'unsupported',
        `there is no guest to be opened in this dump: ${error.message}, nor does memory hold VMCOREINFO of one`,
      );
    return kernelOfDump({ ...dump, vmcoreinfo, cpus }, memory, architecture, given);
  }
}
