/** Linux kernels of other ages than the lab's 6.1, and two kernels in one memory (made by linux-versions.py where VMCORE_LAB_VERSIONS is set; skipped where they are missing). */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { recoverVmcoreinfo } from '#engine/export/recover-vmcoreinfo.ts';
import { parseVmcoreinfo } from '#engine/formats/vmcoreinfo.ts';
import { readLog } from '#engine/linux/log.ts';
import type { LinuxKernel } from '#engine/linux/kernel.ts';
import { describeModules } from '#engine/linux/module-list.ts';
import { readSystemNames } from '#engine/linux/uts.ts';
import { kernelOfDump } from '#engine/session/kernel-of-dump.ts';
import { openToExport, SILENT } from '../engine/export/export-case.ts';
import { run } from './export-tools.ts';
import { LAB, labFile } from './lab-guest.ts';
import { checkKernel, kernelOfGuest } from './linux-checks.ts';

/** Before the symbols of kallsyms were in VMCOREINFO (v6.0), and with the tables in the order of v6.4. */
const VERSIONS = ['linux-5.10', 'linux-6.12'];
/** Debian's unstable: whatever is newest. Looked at where linux-versions.py has made it. */
const NEWEST = 'linux-newest';
const CRASHED = ['crashed-5.10', 'crashed-6.12'];

const isThere = (guest: string) => existsSync(path.join(LAB, guest, 'stream.qevm'));
const missing = [...VERSIONS, ...CRASHED].filter((guest) => !isThere(guest));
const script = process.env.LAB_SCRIPT ?? path.resolve(import.meta.dirname, '../../../shared/lab/lab');
if (process.env.VMCORE_LAB_VERSIONS && missing.length > 0)
  run('python3', [path.join(import.meta.dirname, 'linux-versions.py'), script, LAB, ...missing]);
const versions = [...VERSIONS, NEWEST].filter(isThere);

it.skipIf([...VERSIONS, ...CRASHED].every(isThere))('Linux 5.10, 6.12 and two kernels in one memory are tried with VMCORE_LAB_VERSIONS=1');

describe.each(versions.flatMap((guest) => [false, true].map((bare) => [guest, bare] as const)))(
  '%s, its VMCOREINFO taken away: %s',
  (guest, bare) => {
    checkKernel(guest, () => kernelOfGuest(guest, { bare }));

    it('has the module that the guest loaded', () => {
      const { modules, problems } = describeModules(kernelOfGuest(guest, { bare }));
      expect(problems).toEqual([]);
      expect(modules).toMatchObject([{ name: 'qemu_fw_cfg', state: 'live', references: 0, usedBy: [] }]);
    });
  },
);

describe.each(CRASHED.filter(isThere).flatMap((guest) => ['stream.qevm', 'paging-off.elf'].map((name) => [guest, name] as const)))(
  '%s, %s',
  (guest, name) => {
    const { dump, memory, architecture } = openToExport(labFile(guest, name));
    /** What the guest printed of its two kernels. */
    const symbols = new Map<string, bigint>();
    const expectCrashed = (kernel: LinuxKernel) => {
      expect(kernel.foundBy).toMatch(/CPU \d runs another kernel, Linux \d\S+, which captures the crash/);
      expect(readSystemNames(kernel)?.nodename).toBe('crashed');
      for (const symbol of ['init_task', 'linux_banner', 'init_uts_ns']) expect(kernel.address(symbol)).toBe(symbols.get(`CRASHED ${symbol}`));
      const log = readLog(kernel).lines.map(({ text }) => text);
      expect(log.some((line) => line.includes('sysrq: Trigger a crash'))).toBe(true);
      expect(log.some((line) => line.includes('elfcorehdr='))).toBe(false);
    };

    beforeAll(() => {
      const lines = readFileSync(labFile(guest, 'serial.log'), 'latin1').matchAll(/^(CRASHED|CAPTURE) ([0-9a-f]{16}) \w (\w+)\r?$/gm);
      for (const [, kernel, address, symbol] of lines) symbols.set(`${kernel} ${symbol}`, BigInt(`0x${address}`));
      expect(symbols.size).toBeGreaterThanOrEqual(8);
    });

    it('is the kernel that crashed by VMCOREINFO that came with the dump', () => {
      expectCrashed(kernelOfDump(dump, memory, architecture));
    });

    it('is the kernel that crashed without, by what the capture kernel knows of it', () => {
      const kernel = kernelOfDump({ ...dump, vmcoreinfo: undefined }, memory, architecture);
      expect(kernel.foundBy).toMatch(/^VMCOREINFO that a kernel left as it crashed/);
      expectCrashed(kernel);
    });

    it('is exported with VMCOREINFO of the kernel that crashed', () => {
      const source = { ...openToExport(labFile(guest, name)), dump: { ...dump, vmcoreinfo: undefined } };
      const found = recoverVmcoreinfo(source, { format: 'elf', layout: 'portable' }, SILENT).dump.vmcoreinfo!;
      expect(parseVmcoreinfo(found)).toEqual(parseVmcoreinfo(dump.vmcoreinfo!));
    });

    it('is the kernel that crashed even where only the CPU that runs the other one has its registers', () => {
      for (const cpu of dump.cpus) {
        const kernel = kernelOfDump({ ...dump, vmcoreinfo: undefined, cpus: [cpu] }, memory, architecture);
        expect(readSystemNames(kernel)?.nodename).toBe('crashed');
      }
    });
  },
);
