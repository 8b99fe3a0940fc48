/**
 * 32-bit ARM Linux guests with short and with long descriptors (made by arm-guests.py where they are missing) against QEMU and against themselves: registers, page walks of every process, notes.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseArmRegisters } from '../engine/arch/arm64/arm-answers.ts';
import { exportFile, run } from './export-tools.ts';
import { LAB, labFile, labFolder, labOracle, labWorkbench } from './lab-guest.ts';
import { compareMarks, compareTranslations, findRoots, openLabImage, readMarks, spaceOfCpu, spaceOfRoot, type LabImage } from './marks.ts';

const MODES: Readonly<Record<string, string>> = { arm: 'arm-short', 'arm-lpae': 'arm-lpae-32' };
/** A process's first table takes 16 KiB with short descriptors; with long ones it is 32 bytes out of a slab. */
const STEPS: Readonly<Record<string, number>> = { arm: 16_384, 'arm-lpae': 64 };

beforeAll(() => {
  const missing = Object.keys(MODES).filter((guest) => !existsSync(path.join(LAB, guest, 'stream.qevm')));
  const script = process.env.LAB_SCRIPT ?? path.resolve(import.meta.dirname, '../../../shared/lab/lab');
  if (missing.length > 0) run('python3', [path.join(import.meta.dirname, 'arm-guests.py'), script, LAB, ...missing]);
});

describe.each(Object.keys(MODES).flatMap((guest) => ['stream.qevm', 'paging-off.elf', 'kdump-zlib.vmcore'].map((name) => [guest, name] as const)))(
  'guest %s, %s',
  (guest, name) => {
    let image: LabImage;
    beforeAll(async () => {
      image = await openLabImage(guest, name);
    });
    afterAll(() => image.source.close());

    it('has the registers that QEMU prints', () => {
      const { cpus } = labOracle(guest);
      expect(image.dump.cpus).toHaveLength(cpus.length);
      for (const [index, { registers }] of cpus.entries()) {
        const theirs = parseArmRegisters(registers);
        const ours = Object.fromEntries(Object.keys(theirs).map((register) => [register, image.dump.cpus[index]!.registers[register]?.value]));
        expect(ours).toEqual(theirs);
        expect(Object.keys(theirs)).toHaveLength(50);
      }
    });

    it('translates as gva2gpa', () => {
      const { theirs, ours } = compareTranslations(image, guest);
      if (name === 'stream.qevm') expect(ours).toEqual(theirs);
      // Notes have no TTBR.
      else expect(ours.filter((line) => !line.includes('unmapped'))).toEqual([]);
    });

    it('translates what the kernel printed of its own addresses', () => {
      if (name !== 'stream.qevm') return;
      const serial = readFileSync(labFile(guest, 'serial.log'), 'latin1');
      const text = BigInt(`0x${/^([0-9a-f]{8}) T _stext\r?$/m.exec(serial)![1]!}`);
      const ram = Number.parseInt(/([0-9a-f]+)-[0-9a-f]+ : System RAM/.exec(serial)![1]!, 16);
      const space = spaceOfCpu(image, 0);
      expect(space.translateAddress(text)).toBe(true);
      // These kernels map RAM in one piece from 0xc0000000 on (CONFIG_VMSPLIT_3G).
      expect(space.found.physical).toBe(Number(text - 0xc000_0000n) + ram);
    });

    it('translates what each process printed of its own addresses', () => {
      for (const process of readMarks(guest)) {
        const mode = MODES[guest];
        const roots = findRoots(image, process, { mode, step: STEPS[guest] });
        expect(roots.length).toBeGreaterThan(0);
        const { theirs, ours } = compareMarks(image, spaceOfRoot(image, roots[0]!, mode), process);
        expect(ours).toEqual(theirs);
      }
    });
  },
);

describe.each(Object.keys(MODES))('an export of guest %s', (guest) => {
  const folder = labFolder();
  const { open } = labWorkbench(folder);

  it.each(['stream.qevm', 'paging-off.elf'])('of %s has the notes of QEMU’s own ELF file', async (name) => {
    const target = path.join(folder, `${name}.elf`);
    await exportFile(open, labFile(guest, name), target, { layout: 'qemu' });
    // Where they stand depends on how many segments there are.
    const notes = (file: string) => run('readelf', ['-nW', file]).replace(/at file offset 0x[0-9a-f]+/, '');
    expect(notes(target) === notes(labFile(guest, 'paging-off.elf'))).toBe(true);
    rmSync(target);
  });
});
