/** The virtual machines that are found in the dump of their KVM host, against what each guest's own QEMU said just before (`info mtree -f`, `info ramblock`, `info registers -a`), and /proc/PID/maps. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Memslot, VirtualMachine, VirtualMachineList } from '#shared/model/index.ts';
import { run } from '../cli/run-cli.ts';
import { LAB, labFile, labFolder, labWorkbench } from './lab-guest.ts';

const { open } = labWorkbench(labFolder());
const PAGE = 4096;

/** A stretch of a flat view that KVM has. */
interface FlatRange {
  start: number;
  last: number;
  rom: boolean;
  block: string;
  offset: number;
}

/** What the monitor of guest-N printed, without what it echoed. */
function monitorOf(name: string): string[] {
  const text = readFileSync(labFile('kvm-host', `guests/${name}-monitor.txt`), 'latin1');
  return text.replaceAll('\r', '').split('\n');
}

/** The flat view of an address space: "memory", or "KVM-SMRAM". */
function flatView(lines: readonly string[], addressSpace: string): FlatRange[] {
  const start = lines.findIndex((line) => line.startsWith(` AS "${addressSpace}"`));
  const end = lines.findIndex((line, index) => index > start && line.trim() === '');
  return lines.slice(start, end).flatMap((line) => {
    const match = /^ {2}([0-9a-f]{16})-([0-9a-f]{16}) \(prio -?\d+, (ram|rom)\): (\S+)(?: @([0-9a-f]{16}))? KVM$/.exec(line);
    if (!match) return [];
    const [, first = '', last = '', kind, block = '', offset = '0'] = match;
    return [{ start: parseInt(first, 16), last: parseInt(last, 16), rom: kind === 'rom', block, offset: parseInt(offset, 16) }];
  });
}

const asRange = ({ baseGfn, npages }: Memslot) => ({ start: baseGfn * PAGE, last: (baseGfn + npages) * PAGE - 1 });

function guest(vms: VirtualMachine[], name: string): VirtualMachine {
  return vms.find(({ guestName }) => guestName === name)!;
}

function mappedAreas(pid: number): { start: bigint; end: bigint }[] {
  return readFileSync(labFile('kvm-host', `guests/maps-${pid}.txt`), 'latin1')
    .split('\n')
    .flatMap((line) => {
      const match = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line);
      return match ? [{ start: BigInt(`0x${match[1]}`), end: BigInt(`0x${match[2]}`) }] : [];
    });
}

describe.each(['paging-off.elf', 'kdump-zlib.vmcore', 'stream.qevm'])('the machines in %s', (file) => {
  const list = async (): Promise<VirtualMachineList> => {
    const { workbench, dumpId } = await open(labFile('kvm-host', file));
    return workbench.listVms({ dumpId });
  };

  it('are those whose processes the host showed, found both ways, with the names that they were started with', async () => {
    const { vms, problems } = await list();
    const shown = readdirSync(path.join(LAB, 'kvm-host', 'guests')).flatMap((name) => /^maps-(\d+)\.txt$/.exec(name)?.[1] ?? []);
    expect(problems).toEqual([]);
    expect(vms.map(({ id }) => id).sort()).toEqual(shown.sort());
    for (const { pid, id, name, foundBy, problems: own, commandLine } of vms) {
      expect({ id, name, foundBy, own }).toEqual({ id: `${pid}`, name: 'qemu-system-x86', foundBy: ['vm-list', 'task-file'], own: [] });
      expect(commandLine?.[0]).toBe('qemu-system-x86_64');
    }
    expect(vms.map(({ guestName }) => guestName).sort()).toEqual(['guest-1', 'guest-2']);
  });

  it.each(['guest-1', 'guest-2'])('%s: memslots are the flat views that KVM has, of both address spaces', async (name) => {
    const { memslots, memory } = guest((await list()).vms, name);
    const lines = monitorOf(name);
    for (const [addressSpace, title] of ['memory', 'KVM-SMRAM'].entries()) {
      const view = flatView(lines, title);
      const slots = memslots.filter((slot) => slot.addressSpace === addressSpace);
      expect(view.length).toBeGreaterThan(5);
      expect(slots.map(asRange)).toEqual(view.map(({ start, last }) => ({ start, last })));
      // RAM that the machine shows as ROM (shadowed BIOS) is no ROM to KVM: QEMU tells by the block, not by its alias.
      const ram = new Set(view.filter(({ rom }) => !rom).map(({ block }) => block));
      expect(slots.map(({ flags }) => flags)).toEqual(view.map(({ block }) => (ram.has(block) ? [] : ['readonly'])));
    }
    const total = lines.flatMap((line) => /^ *pc\.ram .* 0x[0-9a-f]{16} 0x[0-9a-f]{16} 0x([0-9a-f]{16})$/.exec(line)?.[1] ?? []);
    // This machine has no display, whose memory would hide some of the RAM.
    expect(memory).toBe(parseInt(total[0]!, 16));
  });

  it.each(['guest-1', 'guest-2'])('%s: memslots lie where the process has the block, each at its offset', async (name) => {
    const { memslots, pid } = guest((await list()).vms, name);
    const view = flatView(monitorOf(name), 'memory');
    const areas = mappedAreas(pid!);
    const bases = new Map<string, bigint>();
    for (const [index, slot] of memslots.filter(({ addressSpace }) => addressSpace === 0).entries()) {
      const { block, offset } = view[index]!;
      const base = slot.userspaceAddr - BigInt(offset);
      expect(bases.get(block) ?? base).toBe(base);
      bases.set(block, base);
      const end = slot.userspaceAddr + BigInt(slot.npages * PAGE);
      expect(areas.some((area) => area.start <= base && end <= area.end)).toBe(true);
    }
    expect([...bases.keys()].sort()).toEqual(['pc.bios', 'pc.ram']);
  });

  it.each(['guest-1', 'guest-2'])('%s: vCPUs are as its monitor showed them, each a thread of the process', async (name) => {
    const { workbench, dumpId } = await open(labFile('kvm-host', file));
    const { vms } = await workbench.listVms({ dumpId });
    const { tasks } = await workbench.listLinuxTasks({ dumpId });
    const { vcpus, pid, nested } = guest(vms, name);
    const text = monitorOf(name).join('\n');
    const shown = [...text.matchAll(/CPU#(\d+)\n[^]*?RIP=([0-9a-f]{16})[^]*?CR3=([0-9a-f]{16})/g)];
    expect(vcpus.map(({ id, instructionPointer, root }) => ({ id, instructionPointer, root }))).toEqual(
      shown.map(([, id, rip, cr3]) => ({ id: Number(id), instructionPointer: BigInt(`0x${rip}`), root: parseInt(cr3!, 16) })),
    );
    for (const { thread } of vcpus) expect(tasks.find((task) => task.pid === thread)?.tgid).toBe(pid);
    expect(nested).toHaveLength(1);
    expect(nested[0]).toMatchObject({ kind: 'npt', levels: 4, addressSpace: 0, vcpus: vcpus.map(({ id }) => id) });
  });
});

describe('vms on the command line', () => {
  const file = labFile('kvm-host', 'paging-off.elf');

  it('prints JSON with numbers of pages, and addresses as text', async () => {
    const { code, out } = await run('vms', file, '--json');
    expect(code).toBe(0);
    const { vms } = JSON.parse(out) as { vms: Record<string, unknown>[] };
    expect(vms).toHaveLength(2);
    for (const vm of vms) {
      expect(vm).toMatchObject({ pid: expect.any(Number), name: 'qemu-system-x86', vcpus: expect.any(Array) });
      const [slot] = vm['memslots'] as Record<string, unknown>[];
      expect(slot).toEqual({
        addressSpace: 0,
        id: expect.any(Number),
        baseGfn: 0,
        npages: 195,
        userspaceAddr: expect.stringMatching(/^0x[0-9a-f]+$/),
        flags: [],
      });
    }
  });

  it('refuses a PID that is no machine, and names those that are', async () => {
    const { code, err } = await run('vms', file, '1');
    expect(code).toBe(2);
    expect(err).toMatch(/no virtual machine 1: there are \d+, \d+/);
  });

  it('says of a host without KVM that it has none', async () => {
    const other = path.join(LAB, 'x86_64', 'paging-off.elf');
    expect(existsSync(other)).toBe(true);
    const { code, out, err } = await run('vms', other, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ vms: [], problems: [expect.stringContaining('KVM')] });
    expect(err).toBe('');
  });
});
