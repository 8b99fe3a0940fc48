/**
 * What holds for the lab's Linux guest of every CPU family: registers as QEMU printed them, walks as QEMU and the guest say, QEMU's own notes in an export, and a file of ours that says all of that again. What
 * only one family has is in that family's own test.
 */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CpuState } from '#engine/arch/cpu-state.ts';
import type { ElfNote } from '#engine/formats/format.ts';
import type { ExportOptions } from '#shared/model/index.ts';
import { parseArmRegisters } from '../engine/arch/arm64/arm-answers.ts';
import { parsePowerRegisters } from '../engine/arch/ppc64/power-guests.ts';
import { parseInfoRegisters as parseX86Registers } from '../engine/arch/qemu-answers.ts';
import { parseInfoRegisters as parseS390Registers } from '../engine/arch/s390x/guest.ts';
import { exportFile } from './export-tools.ts';
import { labFile, labFolder, labOracle, labWorkbench } from './lab-guest.ts';
import { compareMarks, compareTranslations, findRoots, openLabFile, openLabImage, readMarks, spaceOfRoot, type LabImage } from './marks.ts';

interface Family {
  guest: string;
  registersOf: (text: string) => Record<string, bigint>;
  /** Registers that QEMU prints and does not save. */
  notSaved?: RegExp;
  /** Bytes that roots are multiples of. */
  step?: number;
  /** How many registers at least are compared. */
  least: number;
  /** True where QEMU's file is in another byte order than the guest, in which our own layouts are. */
  ownOrder?: true;
}

const x86 = (text: string) => Object.fromEntries([...parseX86Registers(text).registers].filter(([name]) => name !== 'efer'));

const FAMILIES: Family[] = [
  { guest: 'i386', registersOf: x86, least: 40 },
  { guest: 'i386-pae', registersOf: x86, step: 32, least: 40 },
  { guest: 'arm64', registersOf: parseArmRegisters, least: 65 },
  { guest: 's390x', registersOf: (text) => Object.fromEntries(parseS390Registers(text)), least: 66 },
  { guest: 'ppc64le', registersOf: parsePowerRegisters, notSaved: /^(hid0|sprg[4-7]|hsrr[01]|ptcr|sdr1)$/, step: 65536, least: 84, ownOrder: true },
];

const folder = labFolder();
const { open } = labWorkbench(folder);
const hexOf = ({ registers }: CpuState) => Object.fromEntries(Object.entries(registers).map(([name, { value }]) => [name, value.toString(16)]));
const linesOf = (notes: readonly ElfNote[]) =>
  notes.map(({ owner, type, description }) => `${owner} ${type.toString(16)} ${Buffer.from(description).toString('hex')}`);

describe.each(FAMILIES)('$guest', ({ guest, registersOf, notSaved, step, least, ownOrder }) => {
  let stream: LabImage;
  /** The root of each process, found once: it is the same in every file. */
  const roots = new Map<number, number>();

  beforeAll(async () => {
    stream = await openLabImage(guest);
    for (const process of readMarks(guest)) {
      const [root, ...others] = findRoots(stream, process, { step });
      expect([process.pid, root === undefined, others]).toEqual([process.pid, false, []]);
      roots.set(process.pid, root!);
    }
  });
  afterAll(() => stream.source.close());

  function checkMarks(image: LabImage): void {
    expect(roots.size).toBe(2);
    for (const process of readMarks(guest)) {
      const { theirs, ours } = compareMarks(image, spaceOfRoot(image, roots.get(process.pid)!), process);
      expect(ours).toEqual(theirs);
    }
  }

  it('has the registers that `info registers` shows', () => {
    for (const [index, { registers }] of labOracle(guest).cpus.entries()) {
      const theirs = Object.entries(registersOf(registers)).filter(([name]) => notSaved?.test(name) !== true);
      const ours = theirs.map(([name]) => [name, stream.dump.cpus[index]!.registers[name]?.value.toString(16)]);
      expect(ours).toEqual(theirs.map(([name, value]) => [name, value.toString(16)]));
      expect(theirs.length).toBeGreaterThanOrEqual(least);
    }
  });

  it('translates as gva2gpa does, with the bytes that QEMU read there', () => {
    const { theirs, ours } = compareTranslations(stream, guest);
    // QEMU 7.2 answers gva2gpa on radix trees with "Unmapped" for what the guest runs from: only what it maps counts.
    const mapped = theirs.flatMap((line, n) => (guest === 'ppc64le' && line.endsWith('unmapped') ? [] : [n]));
    expect(mapped.map((n) => ours[n])).toEqual(mapped.map((n) => theirs[n]));
  });

  it.each(['stream.qevm', 'paging-off.elf', 'kdump-zlib.vmcore'])('%s holds the memory of both processes where they saw it', async (name) => {
    const image = await openLabImage(guest, name);
    checkMarks(image);
    image.source.close();
  });

  it.each<[string, Partial<ExportOptions>]>([
    ['ELF', {}],
    ['ELF in the layout of QEMU', { layout: 'qemu' }],
    ['kdump', { format: 'kdump' }],
  ])("as %s has QEMU's notes, and says the same again when it is opened", async (title, options) => {
    const target = path.join(folder, `${guest}-${title.length}`);
    const report = await exportFile(open, labFile(guest, 'stream.qevm'), target, options);
    expect(report.missing).toEqual([]);
    const theirs = await openLabImage(guest, 'paging-off.elf');
    const again = await openLabFile(target);
    const cpuNotes = (notes: readonly ElfNote[]) => linesOf(notes.filter(({ owner }) => owner !== 'VMCOREINFO'));
    if (ownOrder !== true || options.layout === 'qemu') expect(cpuNotes(again.dump.notes)).toEqual(cpuNotes(theirs.dump.notes));
    expect(again.dump.cpus.map(hexOf)).toMatchObject(theirs.dump.cpus.map(hexOf));
    checkMarks(again);
    for (const { source } of [theirs, again]) source.close();
    rmSync(target);
  });
});
