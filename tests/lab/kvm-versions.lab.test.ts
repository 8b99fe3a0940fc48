/**
 * KVM hosts of other ages than the lab's 6.1 (made by kvm-versions.py where VMCORE_LAB_VERSIONS is set; skipped where they are missing): memslots in an array and an rbtree, vCPUs in an array and an xarray, areas in an rbtree and
 * a maple tree, modules without BTF. Against what host, guests and their QEMUs said.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { OpenOptions } from '#shared/model/index.ts';
import { areaLine } from '#shared/linux-text.ts';
import { run } from './export-tools.ts';
import { kvmGuests, LAB, labFile, labFolder, labWorkbench, type LabDump } from './lab-guest.ts';
import { readMarks } from './marks.ts';
import { monitorRegisters, registersAsMonitor } from './monitor-registers.ts';

const HOSTS = ['kvm-host-5.10', 'kvm-host-6.12'];
const folder = labFolder();
const { open } = labWorkbench(folder);
const script = process.env.LAB_SCRIPT ?? path.resolve(import.meta.dirname, '../../../shared/lab/lab');

const isThere = (host: string) => existsSync(path.join(LAB, host, 'guests'));
const missing = HOSTS.filter((host) => !isThere(host));
if (process.env.VMCORE_LAB_VERSIONS && missing.length > 0)
  run('python3', [path.join(import.meta.dirname, 'kvm-versions.py'), script, LAB, ...missing]);

describe.skipIf(!HOSTS.every(isThere)).each(HOSTS)('%s', (host) => {
  const file = path.join(LAB, host, 'paging-off.elf');
  const modules = path.join(LAB, host, 'debug');
  const debug = existsSync(modules) ? ['kvm.ko', 'kvm-amd.ko'].map((name) => path.join(modules, name)) : undefined;
  const options: OpenOptions = debug ? { debug } : {};
  const GUESTS = isThere(host) ? kvmGuests(host) : [];
  let dump: LabDump;
  beforeAll(async () => {
    dump = await open(file, options);
  });

  it('has both machines, found both ways, without a problem', async () => {
    const { vms, problems } = await dump.workbench.listVms({ dumpId: dump.dumpId });
    expect(problems).toEqual([]);
    expect(vms.map(({ id, guestName, foundBy, problems: own }) => ({ id, guestName, foundBy, own }))).toEqual(
      GUESTS.map(({ vm, name }) => ({ id: vm, guestName: name, foundBy: ['vm-list', 'task-file'], own: [] })),
    );
  });

  it.each(GUESTS)('$name: every address of the host map leads to its frame', async ({ vm }) => {
    const lines = [...readFileSync(labFile(host, `guests/hostmap-${vm}.txt`), 'latin1').matchAll(/hva=([\da-f]+) hpa=([\da-f]+)/g)];
    const expected = lines.map(([, hva, hpa]) => ({ hva: BigInt(`0x${hva}`), hpa: parseInt(hpa!, 16) }));
    expect(expected.length).toBeGreaterThan(100);
    const answers = await dump.workbench.translateGuest({ dumpId: dump.dumpId, vm, space: 'hva', addresses: expected.map(({ hva }) => hva) });
    expect(answers.map(({ address, hpa }) => ({ hva: address, hpa }))).toEqual(expected);
  });

  it.each(GUESTS)('$name: its process has the areas that /proc/PID/maps showed', async ({ vm }) => {
    const { areas, problems } = await dump.workbench.getLinuxTask({ dumpId: dump.dumpId, pid: Number(vm) });
    expect(problems).toEqual([]);
    const maps = readFileSync(labFile(host, `guests/maps-${vm}.txt`), 'utf8').split('\n');
    expect(areas!.map(areaLine)).toEqual(maps.filter((line) => /^[0-9a-f]+-/.test(line)));
  });

  it.each(GUESTS)('$name: has the registers that its monitor showed', async ({ vm, name }) => {
    const { workbench, dumpId } = await open(file, { ...options, vm });
    const cpus = await workbench.getCpus({ dumpId });
    const shown = monitorRegisters(readFileSync(labFile(host, `guests/${name}-monitor.txt`), 'latin1'));
    expect(cpus.map(registersAsMonitor)).toEqual(shown);
  });

  it.each(GUESTS)('$name: every mark of its processes leads to its frame', async ({ vm, name }) => {
    const guest = await open(file, { ...options, vm });
    const { tasks } = await guest.workbench.listLinuxTasks({ dumpId: guest.dumpId });
    const processes = readMarks(host, `guests/${name}-serial.txt`);
    expect(processes.length).toBeGreaterThan(0);
    for (const { pid, marks } of processes) {
      const { root } = tasks.find((task) => task.pid === pid)!;
      const addresses = marks.map(({ address }) => address);
      const answers = await dump.workbench.translateGuest({ dumpId: dump.dumpId, vm, root: root!, space: 'gva', addresses });
      expect(answers.map(({ gpa }) => gpa ?? undefined)).toEqual(marks.map(({ physical }) => physical));
    }
  });

  it('needs no debug files where its layout was written before', async () => {
    const layout = path.join(folder, `${host}.json`);
    writeFileSync(layout, await dump.workbench.getLinuxLayout({ dumpId: dump.dumpId }));
    const [{ vm, name }] = GUESTS as [(typeof GUESTS)[number]];
    const { workbench, dumpId } = await open(file, { debug: [layout], vm });
    const shown = monitorRegisters(readFileSync(labFile(host, `guests/${name}-monitor.txt`), 'latin1'));
    expect((await workbench.getCpus({ dumpId })).map(registersAsMonitor)).toEqual(shown);
    const again = await open(file, { debug: [layout] });
    expect(await again.workbench.listVms({ dumpId: again.dumpId })).toEqual(await dump.workbench.listVms({ dumpId: dump.dumpId }));
    expect((await again.workbench.getLinux({ dumpId: again.dumpId })).sources.types).toBe(`${host}.json (layout)`);
  });

  it.skipIf(debug === undefined)('says what would supply the registers that it cannot read without debug files', async () => {
    const { workbench, dumpId } = await open(file, { vm: GUESTS[0]!.vm });
    const { diagnostics } = await workbench.describeDump({ dumpId });
    expect(diagnostics.map(({ message }) => message).join('\n')).toMatch(/vcpu_svm.*kvm_amd/);
  });
});
