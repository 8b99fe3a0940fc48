/** Linux guests' kernels, found with VMCOREINFO and without. */
import { describe, expect, it } from 'vitest';
import { LinuxKernel } from '#engine/linux/kernel.ts';
import { LINUX_GUESTS, LINUX_GUESTS_32 } from './lab-guest.ts';
import { checkKernel, kernelOfGuest } from './linux-checks.ts';

describe.each(LINUX_GUESTS)('the kernel of %s', (guest) => {
  checkKernel(guest, () => kernelOfGuest(guest));
});

describe.each(LINUX_GUESTS)('the kernel of %s, without VMCOREINFO', (guest) => {
  checkKernel(guest, () => kernelOfGuest(guest, { bare: true }));
});

describe('the kernel of arm64, whose symbol table has functions alone', () => {
  checkKernel('arm64', () => kernelOfGuest('arm64'), [expect.stringMatching(/idle tasks/)]);
});

describe.each([...LINUX_GUESTS, ...LINUX_GUESTS_32, 'arm64', 's390x', 'ppc64le'])('the kernel of %s', (guest) => {
  const noted = kernelOfGuest(guest);
  const bare = kernelOfGuest(guest, { bare: true });

  it('is found without VMCOREINFO, and finds it', () => {
    expect(bare.foundBy).toMatch(/^VMCOREINFO (in the kernel's own memory|found in memory)/);
    expect(bare.vmcoreinfo).toEqual(noted.vmcoreinfo);
  });

  it('has the symbols without knowing where they are that it has where VMCOREINFO says', () => {
    const searched = new LinuxKernel(bare.space, { vmcoreinfo: new Map(), text: bare.text, foundBy: 'a test', userSpace: bare.userSpace });
    expect(searched.kallsyms!.count).toBe(noted.kallsyms!.count);
    const theirs = noted.kallsyms![Symbol.iterator]();
    let different = 0;
    for (const { name, address } of searched.kallsyms!) {
      const other = theirs.next().value!;
      if (other.name !== name || other.address !== address) different++;
    }
    expect(different).toBe(0);
  });

  it('has one set of types whether a symbol says where they are or not', () => {
    const searched = new LinuxKernel(bare.space, { vmcoreinfo: new Map(), text: bare.text, foundBy: 'a test', userSpace: bare.userSpace });
    expect(searched.btf?.endId).toBe(noted.btf?.endId);
  });
});
