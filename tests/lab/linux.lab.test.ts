/** Linux guests' kernels, found with VMCOREINFO and without. */
import { describe, expect, it } from 'vitest';
import { LinuxKernel } from '#engine/linux/kernel.ts';
import { listTasks } from '#engine/linux/tasks.ts';
import { kernelOfDump } from '#engine/session/kernel-of-dump.ts';
import { openToExport } from '../engine/export/export-case.ts';
import { labFile, LINUX_GUESTS, LINUX_GUESTS_32 } from './lab-guest.ts';
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

describe('CPUs that run a program under tables that have little of the kernel (page-table isolation)', () => {
  const { dump, memory, architecture } = openToExport(labFile('x86_64-4level', 'stream.qevm'));
  const known = kernelOfDump(dump, memory, architecture);
  const { root } = listTasks(known).tasks.find(({ comm }) => comm === 'marker')!;
  const cpus = dump.cpus.map((cpu) => {
    const { cr3, rip } = cpu.registers;
    // The program's own tables are the page behind those that its kernel has for it.
    return { ...cpu, registers: { ...cpu.registers, cr3: { ...cr3!, value: BigInt(root! + 0x1000) }, rip: { ...rip!, value: 0x401000n } } };
  });

  it.each([true, false])('lead to the kernel and its tasks; with VMCOREINFO: %s', (noted) => {
    const kernel = kernelOfDump({ ...dump, cpus, vmcoreinfo: noted ? dump.vmcoreinfo : undefined }, memory, architecture);
    expect(listTasks(kernel).tasks).toEqual(listTasks(known).tasks);
  });
});
