/** Guests opened out of the dump of their KVM host, against what each guest's own QEMU wrote and said just before: dump-guest-memory and `info registers -a`. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { crashAnswers, exportFile, segmentsOf } from './export-tools.ts';
import { kvmGuests, labFile, labFolder, labWorkbench, translateAll } from './lab-guest.ts';
import { readMarks } from './marks.ts';
import { monitorRegisters, registersAsMonitor } from './monitor-registers.ts';

const folder = labFolder();
const { open } = labWorkbench(folder);

const GUESTS = kvmGuests();
const PIDS = GUESTS.map(({ vm }) => vm);

describe.each(['paging-off.elf', 'kdump-zlib.vmcore', 'stream.qevm'])('guests in %s', (file) => {
  const host = labFile('kvm-host', file);

  it.each(GUESTS)('$name has the registers that its monitor showed', async ({ vm, name }) => {
    const { workbench, dumpId } = await open(host, { vm });
    const cpus = await workbench.getCpus({ dumpId });
    const shown = monitorRegisters(readFileSync(labFile('kvm-host', `guests/${name}-monitor.txt`), 'latin1'));
    expect(shown.length).toBe(cpus.length);
    for (const [index, cpu] of cpus.entries()) expect(registersAsMonitor(cpu)).toEqual(shown[index]);
  });

  it.each(GUESTS)('$name has the memory that its own dump has', async ({ vm, name }) => {
    const target = path.join(folder, `${file}-${name}.elf`);
    await exportFile((dump) => open(dump, { vm }), host, target, { layout: 'qemu' });
    expect(differencesOf(target, labFile('kvm-host', `guests/${name}.elf`))).toEqual([]);
  });

  it.each(GUESTS)('$name is a Linux whose processes have their marks where they said', async ({ vm, name }) => {
    const { workbench, dumpId } = await open(host, { vm });
    const { tasks } = await workbench.listLinuxTasks({ dumpId });
    const processes = readMarks('kvm-host', `guests/${name}-serial.txt`);
    expect(processes.length).toBeGreaterThan(0);
    for (const { pid, marks } of processes) {
      const task = tasks.find((each) => each.pid === pid)!;
      const root = { kind: 'root', root: task.root! } as const;
      const mapped = marks.filter(({ physical }) => physical !== undefined);
      const answers = await translateAll(
        { workbench, dumpId },
        mapped.map(({ address }) => address),
        root,
      );
      expect(answers.map(({ physical }) => physical)).toEqual(mapped.map(({ physical }) => physical));
      for (const { address, text } of mapped) {
        if (text === undefined) continue;
        const { bytes } = await workbench.readMemory({ dumpId, space: 'gva', address, length: text.length, root });
        expect(Buffer.from(bytes).toString('latin1')).toBe(text);
      }
    }
  });
});

it('crash says of a guest that was exported out of its host what it says of its own dump', async () => {
  const target = path.join(folder, 'crash.elf');
  await exportFile((dump) => open(dump, { vm: PIDS[0]! }), labFile('kvm-host', 'paging-off.elf'), target, { layout: 'portable' });
  expect(crashAnswers(target)).toEqual(crashAnswers(labFile('kvm-host', 'guests/guest-1.elf')));
});

it('a guest that is not there is refused with the names of those that are', async () => {
  await expect(open(labFile('kvm-host', 'paging-off.elf'), { vm: '1' })).rejects.toThrow(
    `there is no virtual machine 1: there are ${PIDS.join(', ')}`,
  );
});

/** Pages that differ, by GPA, of all segments that the guest's own dump has. */
function differencesOf(ours: string, theirs: string): string[] {
  const [mine, other] = [readFileSync(ours), readFileSync(theirs)];
  const differing: string[] = [];
  const segments = segmentsOf(ours);
  const written = writtenBytes(other);
  expect(written).toBeGreaterThan(90 * 2 ** 20);
  for (const { type, physical, offset, size } of segmentsOf(theirs)) {
    if (type !== 1) continue;
    for (let at = 0; at < size && offset + at + 4096 <= written; at += 4096) {
      const gpa = physical + at;
      const segment = segments.find((each) => each.type === 1 && gpa >= each.physical && gpa < each.physical + each.size);
      const start = segment && segment.offset + gpa - segment.physical;
      const same = start !== undefined && mine.compare(other, offset + at, offset + at + 4096, start, start + 4096) === 0;
      if (!same) differing.push(gpa.toString(16));
    }
  }
  return differing;
}

/** How much of a guest's own dump there is: the lab takes the host's disk away 8 s after the dump began, and a slow machine has not written all of it then. What is whole ends in the firmware's last page, which is not zero. */
function writtenBytes(file: Uint8Array): number {
  const last = file.findLastIndex((byte) => byte !== 0);
  return file.length - last <= 4096 ? file.length : last - (last % 4096);
}
