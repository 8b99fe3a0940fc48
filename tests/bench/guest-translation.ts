/** How long one address of a guest takes from GVA through GPA and HVA to HPA, in the dump of its host, once tables are in the thread's copies. */
import { ARCHITECTURES } from '#engine/arch/index.ts';
import { translateGuestAddresses } from '#engine/kvm/guest-walk.ts';
import { findMachines } from '#engine/kvm/machines.ts';
import { guestSpacesOf } from '#engine/session/guest-translation.ts';
import { kernelOfDump } from '#engine/session/kernel-of-dump.ts';
import { openFile } from '../engine/containers/opened-image.ts';

const PAGES = 4096;
const ROUNDS = 20;

/** Microseconds; of the kernel's pages of the host's first guest. */
export async function measureGuestTranslation(file: string): Promise<number> {
  const { dump, memory, source } = await openFile(file);
  try {
    const architecture = ARCHITECTURES.find(({ id }) => id === dump.architecture);
    const [machine] = findMachines(kernelOfDump(dump, memory, architecture)).machines;
    if (!architecture || !machine) throw new Error(`${file} holds no virtual machine`);
    const spaces = guestSpacesOf(machine, memory, architecture);
    const { mappings } = spaces.tables({}).space.listMappings(0xffff_8000_0000_0000n, PAGES);
    const translate = (addresses: bigint[]) => translateGuestAddresses(spaces, 'gva', addresses, {});
    const addresses = translate(mappings.map(({ start }) => start)).flatMap(({ address, hpa }) => (hpa === null ? [] : [address]));
    let best = Infinity;
    for (let round = 0; round < ROUNDS; round++) {
      const began = performance.now();
      translate(addresses);
      best = Math.min(best, ((performance.now() - began) * 1000) / addresses.length);
    }
    return best;
  } finally {
    source.close();
  }
}
