/** POWER guests against QEMU and against themselves: radix trees of the lab's POWER9 guest, hashed page tables of a POWER8 guest with the same kernel, firmware alone in big-endian. */
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parsePowerRegisters } from '../engine/arch/ppc64/power-guests.ts';
import { openFile } from '../engine/containers/opened-image.ts';
import { ppc64 } from '#engine/arch/ppc64/index.ts';
import { exportFile, run } from './export-tools.ts';
import { labFile, labFolder, labOracle, labWorkbench } from './lab-guest.ts';
import { compareMarks, findRoots, openLabImage, readMarks, spaceOfCpu, spaceOfRoot, type LabImage } from './marks.ts';
import { QemuGuest } from './qemu-guest.ts';

const GUEST = 'ppc64le';
const NOT_SAVED = /^(hid0|sprg[4-7]|hsrr[01]|ptcr|sdr1)$/;
/** What notes have of them. */
const NOTED = /^(r\d+|f\d+|pc|lr|ctr|xer|msr|cr|fpscr)$/;

function compareRegisters(image: LabImage, answers: readonly string[], inNotes: boolean): void {
  expect(image.dump.cpus).toHaveLength(answers.length);
  for (const [index, answer] of answers.entries()) {
    const { registers } = image.dump.cpus[index]!;
    const theirs = Object.entries(parsePowerRegisters(answer)).filter(([name]) => !inNotes || NOTED.test(name));
    const ours = theirs.map(([name]) => [name, registers[name]?.value ?? (NOT_SAVED.test(name) ? 0n : undefined)]);
    expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(theirs));
    expect(ours.length).toBeGreaterThan(inNotes ? 69 : 85);
  }
}

describe.each(['stream.qevm', 'paging-off.elf', 'kdump-zlib.vmcore'])('%s of the radix guest', (name) => {
  let image: LabImage;
  beforeAll(async () => {
    image = await openLabImage(GUEST, name);
  });
  afterAll(() => image.source.close());

  it('has the registers that QEMU prints', () => {
    const answers = labOracle(GUEST).cpus.map(({ registers }) => registers);
    compareRegisters(image, answers, name !== 'stream.qevm');
    expect(image.dump.cpus.map(({ littleEndian }) => littleEndian)).toEqual([true, true]);
  });

  it('translates what each process printed of its own addresses', () => {
    for (const process of readMarks(GUEST)) {
      const roots = findRoots(image, process, { step: 65536 });
      expect(roots).toHaveLength(1);
      const { theirs, ours } = compareMarks(image, spaceOfRoot(image, roots[0]!), process);
      expect(ours).toEqual(theirs);
    }
  });
});

describe('a guest with a hashed page table', () => {
  const folder = labFolder();
  const { open } = labWorkbench(folder);
  const answers: { cpu: number; address: bigint; physical: number | undefined }[] = [];
  const registers: string[] = [];

  beforeAll(async () => {
    // The same kernel on a CPU that has no radix trees.
    const argument = (name: string) => new RegExp(`${name} (\\S+)`).exec(readFileSync(labFile(GUEST, 'command.txt'), 'utf8'))![1]!;
    const machine = ['-M', argument('-M'), '-cpu', 'power8', '-m', '512', '-smp', '2'];
    const args = [...machine, '-kernel', argument('-kernel'), '-initrd', argument('-initrd'), '-append', 'console=hvc0 panic=-1'];
    const guest = await QemuGuest.start({ folder, args, ready: 'BOOTED-OK', binary: 'qemu-system-ppc64', timeoutSeconds: 120 });
    for (const cpu of [0, 1]) {
      registers.push(await guest.hmp('info registers', cpu));
      const segments = [...(await guest.hmp('info tlb', cpu)).matchAll(/^\d+\t0x([0-9a-f]{9})8000000\t/gm)];
      expect(segments.length).toBeGreaterThan(3);
      for (const [, digits = ''] of segments) {
        const start = BigInt(`0x${digits}0000000`);
        for (let n = 0n; n < 96n; n++) {
          const address = start + (n < 48n ? n * 0x10000n + 0x123n : (n - 48n) * 0xa50000n);
          const said = /gpa: (?:0x)?([0-9a-f]+)/.exec(await guest.hmp(`gva2gpa 0x${address.toString(16)}`, cpu))?.[1];
          answers.push({ cpu, address, physical: said === undefined ? undefined : Number.parseInt(said, 16) });
        }
      }
    }
    await guest.dump('paging-off.elf');
    await guest.migrate('stream.qevm');
    guest.kill();
  }, 240_000);

  it('is translated as gva2gpa translates, address by address', async () => {
    const { dump, memory, source } = await openFile(path.join(folder, 'stream.qevm'));
    const image: LabImage = { dump, memory, source, architecture: ppc64 };
    compareRegisters(image, registers, false);
    const spaces = [spaceOfCpu(image, 0), spaceOfCpu(image, 1)];
    const line = (cpu: number, address: bigint, physical: number | undefined) =>
      `CPU ${cpu} ${address.toString(16)} ${physical?.toString(16) ?? '-'}`;
    const ours = answers.map(({ cpu, address }) => {
      const space = spaces[cpu]!;
      const { result } = space.walk(address);
      const mapped = space.translateAddress(address);
      expect(result.kind === 'page' ? result.physical : undefined).toBe(mapped ? space.found.physical : undefined);
      return line(cpu, address, mapped ? space.found.physical : undefined);
    });
    expect(ours).toEqual(answers.map(({ cpu, address, physical }) => line(cpu, address, physical)));
    expect(answers.filter(({ physical }) => physical !== undefined).length).toBeGreaterThan(200);

    const { mappings, next } = spaces[0]!.listMappings(0n, 100_000);
    expect(next).toBeNull();
    for (const { cpu, address, physical } of answers) {
      if (cpu !== 0) continue;
      const row = mappings.find(({ start, last }) => address >= start && address <= last);
      expect(row && row.physical + Number(address - row.start)).toBe(physical);
    }
    source.close();
  });

  it('is exported as QEMU dumps it, byte for byte, in QEMU’s byte order', async () => {
    const target = path.join(folder, 'ours.elf');
    await exportFile(open, path.join(folder, 'stream.qevm'), target, { layout: 'qemu' });
    run('cmp', [target, path.join(folder, 'paging-off.elf')]);
    rmSync(target);
  });

  it('shows gdb its registers, in the guest’s own byte order', async () => {
    const target = path.join(folder, 'gdb.elf');
    await exportFile(open, path.join(folder, 'stream.qevm'), target, { layout: 'portable' });
    expect(run('readelf', ['-h', target])).toContain('little endian');
    // In QEMU's notes all CPUs have the same number (pr_pid 0): gdb keeps its second thread alone, and shows it with the registers of the first CPU.
    const said = run('gdb-multiarch', ['-batch', '-c', target, '-ex', 'thread 2', '-ex', 'info registers', '-ex', 'info registers float']);
    const theirs = parsePowerRegisters(registers[0]!);
    const shown = [...said.matchAll(/^(r\d+|pc|msr|cr|lr|ctr|xer)\s+0x([0-9a-f]+)/gm)].map(([, name = '', digits = '']) => [
      name,
      BigInt(`0x${digits}`),
    ]);
    expect(shown.length).toBe(38);
    expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(shown.map(([name]) => [name, theirs[String(name)]])));
    rmSync(target);
  });
});
