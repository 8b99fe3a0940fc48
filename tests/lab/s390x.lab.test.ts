/** The lab's s390x guest: registers and walks from every file of it, exports against QEMU's own ELF, and gdb's view of them. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { s390x } from '#engine/arch/s390x/index.ts';
import type { VmDescription, VmFieldDescription } from '#engine/arch/vmstate.ts';
import { findRoots as findTables } from '#engine/translate/find-roots.ts';
import { parseInfoRegisters } from '../engine/arch/s390x/guest.ts';
import { exportFile, python, run, sameBytes } from './export-tools.ts';
import { labFile, labFolder, labOracle, labWorkbench } from './lab-guest.ts';
import { compareMarks, compareTranslations, findRoots, openLabImage, readMarks, spaceOfRoot } from './marks.ts';

const GUEST = 's390x';
const FILES = ['stream.qevm', 'paging-off.elf', 'kdump-zlib.vmcore'];
const folder = labFolder();
const { open } = labWorkbench(folder);

describe.each(FILES)('%s', (name) => {
  it('has every register of `info registers`, of both CPUs', async () => {
    const { dump, source } = await openLabImage(GUEST, name);
    for (const [index, { registers }] of labOracle(GUEST).cpus.entries()) {
      for (const [register, value] of parseInfoRegisters(registers)) {
        const held = dump.cpus[index]!.registers[register]?.value;
        expect([index, register, held?.toString(16)]).toEqual([index, register, value.toString(16)]);
      }
    }
    source.close();
  });

  it('translates as gva2gpa does, and as the MARK lines of both processes say', async () => {
    const image = await openLabImage(GUEST, name);
    const { ours, theirs } = compareTranslations(image, GUEST);
    expect(ours).toEqual(theirs);
    const processes = readMarks(GUEST);
    expect(processes).toHaveLength(2);
    for (const process of processes) {
      const roots = findRoots(image, process);
      expect(roots).toHaveLength(1);
      const marks = compareMarks(image, spaceOfRoot(image, roots[0]!), process);
      expect(marks.ours).toEqual(marks.theirs);
    }
    image.source.close();
  });
});

/** Names and sizes, which is what decoding goes by. */
const shapeOf = ({ vmsd_name, version, fields = [] }: VmDescription): unknown[] => [
  ...[vmsd_name, version],
  ...fields.map(({ name, size, array_len = 1 }: VmFieldDescription) => [name, size, array_len]),
];

it("the built-in description of the cpu section equals the stream's own", async () => {
  const { dump, source } = await openLabImage(GUEST);
  const cpu = dump.devices!.description!.find(({ name }) => name === 'cpu') as unknown as VmDescription;
  expect(shapeOf(s390x.cpuDescription)).toEqual(shapeOf(cpu));
  for (const subsection of cpu.subsections ?? []) expect(s390x.cpuDescription.subsections!.map(shapeOf)).toContainEqual(shapeOf(subsection));
  expect(cpu.subsections!.length).toBeGreaterThan(1);
  source.close();
});

describe('exports', () => {
  const exported = path.join(folder, 'qemu.elf');

  beforeAll(async () => {
    const report = await exportFile(open, labFile(GUEST, 'stream.qevm'), exported, { layout: 'qemu' });
    expect([report.missing, report.warnings.filter((warning) => !warning.includes('VMCOREINFO'))]).toEqual([[], []]);
  });

  it("in QEMU's layout equal QEMU's file byte for byte, out of the stream and out of that file", async () => {
    sameBytes(exported, labFile(GUEST, 'paging-off.elf'));
    const again = path.join(folder, 'again.elf');
    await exportFile(open, labFile(GUEST, 'paging-off.elf'), again, { layout: 'qemu' });
    sameBytes(again, exported);
  });

  it('have the notes in kdump files, too, and VMCOREINFO from where the lowcore says it is', async () => {
    const target = path.join(folder, 'kdump.vmcore');
    const report = await exportFile(open, labFile(GUEST, 'stream.qevm'), target, { format: 'kdump' });
    expect(report.warnings.join()).toContain('it was found in memory');
    const again = path.join(folder, 'from-kdump.elf');
    await exportFile(open, target, again, {});
    const notes = run('readelf', ['-n', '-W', again]);
    expect(notes.match(/NT_S390_PREFIX/g)).toHaveLength(2);
    expect(notes).toMatch(/VMCOREINFO +0x00000beb/);
  });

  it('are read by gdb with the registers that QEMU shows', () => {
    const program = path.join(folder, 'empty');
    writeFileSync(`${program}.s`, '.globl _start\n_start: nop\n');
    run('s390x-linux-gnu-gcc', ['-nostdlib', '-static', '-o', program, `${program}.s`]);
    const names = ['pswm', 'pswa', ...Array.from({ length: 16 }, (_, n) => `r${n}`)];
    const asked = names.flatMap((name) => ['-ex', `printf "${name} %lx\\n", $${name}`]);
    const said = run('gdb-multiarch', ['-batch', '-nx', program, '-ex', `core ${exported}`, '-ex', 'thread 1', ...asked]);
    const expected = parseInfoRegisters(labOracle(GUEST).cpus[0]!.registers);
    for (const name of names) expect(said).toContain(`\n${name} ${expected.get(name)!.toString(16)}\n`);
    expect(said).not.toMatch(/warning: .*(section|note)/i);
  });

  it('are read by readelf and libkdumpfile with the memory that QEMU dumped', async () => {
    // QEMU 7.2 writes the size of the string table in the wrong byte order, at which both stumble: of our own layout.
    const portable = path.join(folder, 'portable.elf');
    await exportFile(open, labFile(GUEST, 'stream.qevm'), portable, {});
    const said = run('readelf', ['-h', '-l', '-S', '-n', '-W', portable]);
    expect(said).not.toMatch(/warning|error/i);
    expect(said.match(/NT_S390_CTRS/g)).toHaveLength(2);
    const answer = python(
      `
import sys, kdumpfile
k = kdumpfile.kdumpfile(sys.argv[1])
print(k.attr['arch.name'], k.attr['cpu.number'], k.read(kdumpfile.KDUMP_MACHPHYSADDR, 0x100000, 16).hex())
`,
      portable,
    );
    const [first] = labOracle(GUEST).translations.filter(({ bytes }) => bytes !== undefined);
    expect(answer).toBe(`s390x 2 ${first!.bytes}`);
  });
});

it("page tables are found by their looks alone: the kernel's, and those of both processes", async () => {
  const image = await openLabImage(GUEST);
  const modes = s390x.rootModes.map((id) => s390x.pagingMode(id));
  const found = findTables(image.memory, image.dump.regions, modes, () => undefined);
  const { tables } = s390x.regimesOf(image.dump.cpus[0]!)[0];
  expect(found[0]).toMatchObject({ root: tables[0]!.root, mode: 's390x-region-third' });
  const roots = found.map(({ root }) => root);
  for (const process of readMarks(GUEST)) expect(roots).toContain(findRoots(image, process)[0]);
  image.source.close();
});
