/** What the engine reads of a Linux guest's kernel, out of its memory alone, against what the guest itself printed. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseVmcoreinfo } from '#engine/formats/vmcoreinfo.ts';
import { KernelSpace } from '#engine/linux/kernel-space.ts';
import { LinuxKernel } from '#engine/linux/kernel.ts';
import { readLog, timeText } from '#engine/linux/log.ts';
import { walkableTables } from '#engine/translate/regime-tables.ts';
import { TranslationSpace } from '#engine/translate/translation-space.ts';
import { openToExport } from '../engine/export/export-case.ts';
import { labFile, LINUX_GUESTS } from './lab-guest.ts';

function kernelOf(file: string): LinuxKernel {
  const { dump, memory, architecture } = openToExport(file);
  const tables = new TranslationSpace(memory, walkableTables(architecture, dump.cpus[0]!));
  return new LinuxKernel(new KernelSpace(memory, tables, { littleEndian: true, wordSize: 8 }), parseVmcoreinfo(dump.vmcoreinfo!));
}

describe.each(LINUX_GUESTS)('the kernel of %s', (guest) => {
  const kernel = kernelOf(labFile(guest, 'stream.qevm'));
  const serial = readFileSync(labFile(guest, 'serial.log'), 'latin1').replaceAll('\r', '').split('\n');

  it('has a log with every line that went to the console, in that order', () => {
    const { lines, problem } = readLog(kernel);
    expect(problem).toBeUndefined();
    const ours = lines.flatMap(({ time, text }) => text.split('\n').map((line) => `${timeText(time)} ${line}`.trimEnd()));
    const console = serial.filter((line) => /^\[ *\d+\.\d{6}\] /.test(line)).map((line) => line.trimEnd());
    expect(console.length).toBeGreaterThan(200);
    let at = 0;
    for (const line of console) {
      const found = ours.indexOf(line, at);
      expect([line, found >= 0]).toEqual([line, true]);
      at = found + 1;
    }
  });

  it('has the symbols that /proc/kallsyms showed', () => {
    const shown = serial.flatMap((line) => {
      const match = /^([0-9a-f]{16}) ([A-Za-z]) (\w+)$/.exec(line);
      return match ? [{ address: BigInt(`0x${match[1]}`), name: match[3]! }] : [];
    });
    expect(shown.length).toBeGreaterThan(2);
    const found = kernel.kallsyms!.find(shown.map(({ name }) => name));
    for (const { name, address } of shown) expect([name, found.get(name)]).toEqual([name, address]);
  });

  it("has BTF that fits its memory: init_task's comm is swapper's", () => {
    const comm = kernel.types!.offsetOf('task_struct', 'comm').offset;
    expect(kernel.space.string(kernel.address('init_task')! + BigInt(comm), 16)).toBe('swapper/0');
  });
});
