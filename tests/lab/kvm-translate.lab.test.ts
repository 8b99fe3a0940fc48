/**
 * Addresses of guests followed through the dump of their KVM host, against what host and guests said while they ran: HVA to HPA out of the host's /proc/PID/pagemap, GVA to GPA out of the guests'; and one road against
 * the other, for every page of both guests.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ARCHITECTURES } from '#engine/arch/index.ts';
import { translateGuestAddresses } from '#engine/kvm/guest-walk.ts';
import { findMachines } from '#engine/kvm/machines.ts';
import { guestSpacesOf } from '#engine/session/guest-translation.ts';
import { kernelOfDump } from '#engine/session/kernel-of-dump.ts';
import type { GuestOwner, GuestWalk, Walk } from '#shared/model/index.ts';
import { run } from '../cli/run-cli.ts';
import { openFile } from '../engine/containers/opened-image.ts';
import { kvmGuests, labFile, labFolder, labWorkbench, readPhysical, type LabDump } from './lab-guest.ts';
import { readMarks } from './marks.ts';

const { open } = labWorkbench(labFolder());
const HOST = 'kvm-host';

const GUESTS = kvmGuests();

function hostMap(vm: string): { hva: bigint; hpa: number }[] {
  const lines = readFileSync(labFile(HOST, `guests/hostmap-${vm}.txt`), 'latin1').matchAll(/^HOSTMAP pid=\d+ hva=([\da-f]+) hpa=([\da-f]+)\s*$/gm);
  return [...lines].map(([, hva, hpa]) => ({ hva: BigInt(`0x${hva}`), hpa: Number.parseInt(hpa ?? '', 16) }));
}

const accesses = (walk: Walk): number =>
  walk.steps.reduce((sum, step) => sum + (step.entry === null ? 0 : 1) + (step.below ? accesses(step.below) : 0), 0) +
  (walk.result.kind === 'page' && walk.result.below ? accesses(walk.result.below) : 0);

describe.each(['kdump-zlib.vmcore', 'paging-off.elf', 'stream.qevm'])('addresses of guests in %s', (file) => {
  let host: LabDump;
  beforeAll(async () => {
    host = await open(labFile(HOST, file));
  });

  it.each(GUESTS)('every address of the host map of $name leads to the same frame', async ({ vm }) => {
    const lines = hostMap(vm);
    expect(lines.length).toBeGreaterThan(100);
    const { workbench, dumpId } = host;
    const answers = await workbench.translateGuest({ dumpId, vm, space: 'hva', addresses: lines.map(({ hva }) => hva) });
    expect(answers.map(({ address, hpa }) => ({ hva: address, hpa }))).toEqual(lines);
  });

  it.each(GUESTS)('every mark of $name leads to its frame, and to its text in the host', async ({ vm, name }) => {
    const { workbench, dumpId } = host;
    const guest = await open(labFile(HOST, file), { vm });
    const { tasks } = await guest.workbench.listLinuxTasks({ dumpId: guest.dumpId });
    const processes = readMarks(HOST, `guests/${name}-serial.txt`);
    expect(processes.length).toBeGreaterThan(0);
    for (const { pid, marks } of processes) {
      const { root } = tasks.find((task) => task.pid === pid)!;
      const answers = await workbench.translateGuest({ dumpId, vm, root: root!, space: 'gva', addresses: marks.map(({ address }) => address) });
      expect(answers.map(({ gpa }) => gpa ?? undefined)).toEqual(marks.map(({ physical }) => physical));
      for (const [index, { text }] of marks.entries()) {
        const { hpa, gpa, reason } = answers[index]!;
        if (gpa === null) expect(reason).toMatch(/not present/);
        if (text !== undefined && hpa !== null) expect(Buffer.from(await readPhysical(host, hpa, text.length)).toString('latin1')).toBe(text);
        if (text !== undefined) expect(hpa === null).toBe(gpa === null);
      }
      await bothRoads(
        host,
        vm,
        root!,
        marks.filter(({ physical }) => physical !== undefined).map(({ address }) => address),
      );
    }
  });

  it.each(GUESTS)('what a frame of $name is found at is where it came from', async ({ vm }) => {
    const { workbench, dumpId } = host;
    const own = hostMap(vm).filter((_line, index) => index % 16 === 0);
    for (const { hva, hpa } of own) {
      const { owners } = await workbench.findGuestOwners({ dumpId, physical: hpa + 8 });
      const found = owners.find((owner) => owner.vm === vm && owner.hva === hva + 8n);
      expect(found).toMatchObject({ pid: Number(vm), name: 'qemu-system-x86' });
      const [back] = await workbench.translateGuest({ dumpId, vm, space: 'hva', addresses: [hva + 8n] });
      expect(found?.gpa).toBe(back!.gpa);
    }
    for (const gpa of [0x1000, 0x10_0000, 0x200_0000]) {
      const [{ hpa, hva } = { hpa: null, hva: null }] = await workbench.translateGuest({ dumpId, vm, space: 'gpa', addresses: [BigInt(gpa)] });
      const { owners, problems } = await workbench.findGuestOwners({ dumpId, physical: hpa! });
      expect(problems).toEqual([]);
      expect(owners.map((owner): [string, bigint, number | null] => [owner.vm, owner.hva, owner.gpa])).toEqual([[vm, hva, gpa]]);
    }
  });
});

/** The memslot road, the nested tables and the two-dimensional walk end at the same byte. */
async function bothRoads({ workbench, dumpId }: LabDump, vm: string, root: number, addresses: readonly bigint[]): Promise<void> {
  for (const address of addresses) {
    const walk = await workbench.walkGuest({ dumpId, vm, root, space: 'gva', address });
    expect(walk.agreement?.agree).toBe(true);
    expect(walk.nested?.result).toMatchObject({ kind: 'page', physical: walk.hpa });
    expect(walk.twoDimensional?.result).toMatchObject({ kind: 'page', physical: walk.hpa });
    // Five times the guest's levels and the page, less what large pages of the host save.
    expect(accesses(walk.twoDimensional!)).toBeLessThanOrEqual(24);
    expect(accesses(walk.twoDimensional!)).toBeGreaterThanOrEqual(15);
    expect(walk.memslot).not.toBeNull();
    expect(areaHolds(walk)).toBe(true);
    expect(walk.page?.pfn).toBe(Math.floor(walk.hpa! / 4096));
    expect(walk.page?.use).toContain('anonymous');
  }
}

const areaHolds = ({ area, hva }: GuestWalk): boolean => area !== null && hva !== null && area.start <= hva && area.last >= hva;

describe('every page of both guests', () => {
  let close: () => void;
  afterAll(() => close());

  it('has one answer on both roads wherever the nested tables have an entry, and the reverse finds each again', async () => {
    const { dump, memory, source } = await openFile(labFile(HOST, 'paging-off.elf'));
    close = () => source.close();
    const architecture = ARCHITECTURES.find(({ id }) => id === dump.architecture)!;
    const { machines } = findMachines(kernelOfDump(dump, memory, architecture));
    expect(machines.map(({ id }) => id)).toEqual(GUESTS.map(({ vm }) => vm));
    for (const machine of machines) {
      const spaces = guestSpacesOf(machine, memory, architecture);
      const { translator } = spaces.nested()!;
      let both = 0;
      const wrong: string[] = [];
      for (const { baseGfn, npages } of spaces.slots.slots) {
        for (let page = 0; page < npages; page++) {
          const gpa = (baseGfn + page) * 4096;
          if (!translator.translateNumber(gpa)) continue;
          both++;
          const hpa = spaces.memory.hostPhysical(gpa);
          if (hpa !== translator.physical) wrong.push(`GPA ${gpa.toString(16)}: ${hpa.toString(16)} ${translator.physical.toString(16)}`);
          const [back] = translateGuestAddresses(spaces, 'hva', [BigInt(spaces.slots.hvaOf(gpa)!)], {});
          // Firmware is shown in several places, of which the first is told.
          if (!spaces.slots.gpasOf(spaces.slots.hvaOf(gpa)!).some((shown) => shown.gpa === gpa) || back!.hpa !== hpa)
            wrong.push(`back of ${gpa.toString(16)}`);
        }
      }
      expect(wrong).toEqual([]);
      expect(both).toBeGreaterThan(20_000);
    }
  });
});

describe('translate --vm', () => {
  const file = labFile(HOST, 'paging-off.elf');
  const { vm, name } = GUESTS[0]!;

  it('prints all four addresses, and every step with --walk', async () => {
    const { hva, hpa } = hostMap(vm)[0]!;
    const plain = await run('translate', file, hva.toString(16), '--vm', vm, '--from', 'hva', '--json');
    expect(JSON.parse(plain.out)).toEqual([
      {
        address: `0x${hva.toString(16)}`,
        gpa: null,
        hva: `0x${hva.toString(16)}`,
        hpa: `0x${hpa.toString(16)}`,
        reason: `No memslot shows HVA 0x${hva.toString(16)}: it is memory of the process's own.`,
      },
    ]);
    // What the guest itself wrote to, its nested tables lead to as well.
    const written = readMarks(HOST, `guests/${name}-serial.txt`)[0]!.marks.find(({ text, physical }) => text !== undefined && physical !== undefined);
    const { out, code } = await run('translate', file, written!.physical!.toString(16), '--vm', vm, '--from', 'gpa', '--walk');
    expect(code).toBe(0);
    expect(out).toMatch(/^GUEST PHYSICAL +HOST VIRTUAL +HOST PHYSICAL/);
    for (const part of ["PROCESS'S TABLES", 'NESTED TABLES', 'PRESENT|RW|USER', 'Both roads lead to', 'VMA', 'anonymous'])
      expect(out).toContain(part);
  });

  it('goes the other way with --from hpa, and has a code of its own for what no guest holds', async () => {
    const { hva, hpa } = hostMap(vm)[0]!;
    const { out, code } = await run('translate', file, hpa.toString(16), '--from', 'hpa', '--json');
    const [{ owners }] = JSON.parse(out) as [{ owners: (Omit<GuestOwner, 'hva'> & { hva: string })[] }];
    expect(owners.find((owner) => owner.vm === vm)).toMatchObject({ hva: `0x${hva.toString(16)}`, gpa: null });
    expect(code).toBe(0);
    expect((await run('translate', file, '0', '--from', 'hpa')).code).toBe(3);
  });

  it.each([
    { options: ['--vm', '1'] },
    { options: ['--vm', '1', '--from', 'hpa'] },
    { options: ['--vm', vm, '--vcpu', '7'] },
    { options: ['--vm', vm, '--vcpu', '7', '--from', 'gpa'] },
    { options: ['--vm', vm, '--vcpu', '7', '--from', 'hva', '--walk'] },
    { options: ['--vm', vm, '--to', 'gva'] },
    { options: ['--vm', vm, '--cpu', '1'] },
    { options: ['--vcpu', '0'] },
  ])('refuses $options', async ({ options }) => {
    expect((await run('translate', file, '1000', ...options)).code).toBe(2);
  });
});
