/**
 * The debug files of a kernel against what its own memory tells: every answer about the system is the same, whether symbols and types come from memory (kallsyms, BTF) or from vmlinux and modules (DWARF). That memory has neither is
 * made believe here: Debian's kernels have both.
 */
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ElfFile } from '#engine/elf-object/elf-file.ts';
import { LinuxKernel } from '#engine/linux/kernel.ts';
import { LinuxModule } from '#engine/linux/modules.ts';
import { DebugFiles } from '#engine/session/debug-files.ts';
import { kernelOfDump } from '#engine/session/kernel-of-dump.ts';
import { KvmQueries } from '#engine/session/kvm-queries.ts';
import { LinuxQueries } from '#engine/session/linux-queries.ts';
import { openToExport } from '../engine/export/export-case.ts';
import { labFile } from './lab-guest.ts';

const vmlinux = process.env.VMCORE_VMLINUX;
const FRAMES = 100;

afterEach(() => vi.restoreAllMocks());

/** Everything but where it comes from. */
function answersOf(kernel: LinuxKernel) {
  const linux = new LinuxQueries(() => kernel);
  const { sources, ...overview } = linux.getOverview();
  const tasks = linux.listTasks();
  const details = tasks.tasks.filter((task) => !task.kernel).map(({ pid }) => linux.getTask({ pid }));
  const pages = Array.from({ length: FRAMES }, (_, index) => linux.getPage({ physical: index * 0x12_3000 }));
  const log = linux.readLog({ from: 0, limit: 10_000 });
  return { sources, answers: { overview, log, tasks, details, pages, modules: linux.listModules(), vms: new KvmQueries(() => kernel).listVms() } };
}

describe.skipIf(vmlinux === undefined)('the debug files of the kernel of kvm-host', () => {
  const release = path.basename(vmlinux ?? '').replace('vmlinux-', '');
  const modules = path.resolve(vmlinux ?? '', `../../lib/modules/${release}/kernel/arch/x86/kvm`);
  const files = [vmlinux!, ...['kvm.ko', 'kvm-amd.ko'].map((name) => path.join(modules, name))];

  it('tell what memory tells, with neither kallsyms nor BTF there', { timeout: 240_000 }, async () => {
    const { dump, memory, architecture } = openToExport(labFile('kvm-host', 'paging-off.elf'));
    const expected = answersOf(kernelOfDump(dump, memory, architecture));
    expect(expected.answers.vms.vms).toHaveLength(2);

    const { section } = Object.getOwnPropertyDescriptors(ElfFile.prototype);
    vi.spyOn(ElfFile.prototype, 'section').mockImplementation(function (this: ElfFile, name) {
      return name === '.BTF' ? undefined : (section.value as ElfFile['section']).call(this, name);
    });
    vi.spyOn(LinuxKernel.prototype, 'btf', 'get').mockReturnValue(undefined);
    vi.spyOn(LinuxModule.prototype, 'btf', 'get').mockReturnValue(undefined);
    vi.spyOn(LinuxKernel.prototype, 'kallsyms', 'get').mockReturnValue(undefined);
    const given = await DebugFiles.open(files, { report: () => undefined });
    const found = answersOf(kernelOfDump(dump, memory, architecture, given.kernelFiles));
    given.close();
    expect(found.sources).toMatchObject({ symbols: `vmlinux-${release}`, types: `vmlinux-${release} (DWARF)` });
    expect(found.answers).toEqual(expected.answers);
  });
});
