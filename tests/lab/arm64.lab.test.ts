/** AArch64 Linux guests against QEMU and against themselves: registers, page walks of every process, notes. */
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LabImage } from './marks.ts';
import { compareMarks, compareTranslations, findRoots, openLabImage, readMarks, spaceOfCpu, spaceOfRoot } from './marks.ts';
import { exportFile, run } from './export-tools.ts';
import { labFile, labFolder, labOracle, labWorkbench } from './lab-guest.ts';
import { parseArmRegisters } from '../engine/arch/arm64/arm-answers.ts';

const GUEST = 'arm64';

/** Addresses of kernel symbols that the guest printed. */
function kernelSymbols(): Map<string, bigint> {
  const lines = readFileSync(labFile(GUEST, 'serial.log'), 'latin1').matchAll(/^([0-9a-f]{16}) [A-Za-z] (\w+)\r?$/gm);
  return new Map([...lines].map(([, digits = '', name = '']) => [name, BigInt(`0x${digits}`)]));
}

describe.each(['stream.qevm', 'paging-off.elf', 'kdump-zlib.vmcore'])('%s of the AArch64 guest', (name) => {
  let image: LabImage;
  beforeAll(async () => {
    image = await openLabImage(GUEST, name);
  });
  afterAll(() => image.source.close());

  it('has the registers that QEMU prints', () => {
    const { cpus } = labOracle(GUEST);
    expect(image.dump.cpus).toHaveLength(cpus.length);
    for (const [index, { registers }] of cpus.entries()) {
      const theirs = parseArmRegisters(registers);
      const ours = Object.fromEntries(Object.keys(theirs).map((register) => [register, image.dump.cpus[index]!.registers[register]?.value]));
      expect(ours).toEqual(theirs);
      expect(Object.keys(theirs).length).toBeGreaterThan(64);
    }
  });

  it('translates as gva2gpa', () => {
    const { theirs, ours } = compareTranslations(image, GUEST);
    if (name === 'stream.qevm') expect(ours).toEqual(theirs);
    // Notes have no TTBR0.
    else expect(ours.filter((line) => !line.includes('unmapped'))).toEqual([]);
  });

  it('translates what the kernel printed of its own addresses', () => {
    const symbols = kernelSymbols();
    const text = symbols.get('_stext')!;
    // /proc/iomem: Kernel code begins there.
    const code = /([0-9a-f]+)-[0-9a-f]+ : Kernel code/.exec(readFileSync(labFile(GUEST, 'serial.log'), 'latin1'))![1]!;
    for (const { index, registers } of image.dump.cpus) {
      const space = spaceOfCpu(image, index);
      const mapped = space.translateAddress(text);
      // A CPU that was stopped in a program (EL0) has the way into the kernel alone (KPTI).
      if ((registers['cpsr']!.value & 0xcn) === 0n && !mapped) continue;
      expect([index, mapped, space.found.physical]).toEqual([index, true, Number.parseInt(code, 16)]);
    }
  });

  it('translates what each process printed of its own addresses', () => {
    for (const process of readMarks(GUEST)) {
      const roots = findRoots(image, process);
      expect(roots).toHaveLength(1);
      const { theirs, ours } = compareMarks(image, spaceOfRoot(image, roots[0]!), process);
      expect(ours).toEqual(theirs);
    }
  });
});

describe('an export of the AArch64 guest', () => {
  const folder = labFolder();
  const { open } = labWorkbench(folder);

  it.each(['stream.qevm', 'paging-off.elf'])('of %s has the notes of QEMU’s own ELF file', async (name) => {
    const target = path.join(folder, `${name}.elf`);
    await exportFile(open, labFile(GUEST, name), target, { layout: 'qemu' });
    // Where they stand depends on how many segments there are.
    const notes = (file: string) => run('readelf', ['-nW', file]).replace(/at file offset 0x[0-9a-f]+/, '');
    expect(notes(target) === notes(labFile(GUEST, 'paging-off.elf'))).toBe(true);
    rmSync(target);
  });

  it('shows gdb the registers that QEMU prints', async () => {
    const target = path.join(folder, 'gdb.elf');
    await exportFile(open, labFile(GUEST, 'stream.qevm'), target, { layout: 'portable' });
    const said = run('gdb-multiarch', ['-batch', '-ex', 'info registers', '-ex', 'thread 2', '-ex', 'info registers', '-c', target]);
    const blocks = said.split('Switching to thread 2');
    for (const [index, { registers }] of labOracle(GUEST).cpus.entries()) {
      const shown = Object.fromEntries(
        [...blocks[index]!.matchAll(/^(x\d+|sp|pc|cpsr)\s+0x([0-9a-f]+)/gm)].map(([, name, digits]) => [name, BigInt(`0x${digits}`)]),
      );
      const theirs = parseArmRegisters(registers);
      expect(shown).toEqual(Object.fromEntries(Object.keys(shown).map((name) => [name, theirs[name]])));
      expect(Object.keys(shown)).toHaveLength(34);
    }
    rmSync(target);
  });
});
