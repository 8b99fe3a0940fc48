/** ELF exports of the lab's dumps against the ELF that QEMU wrote of the same paused guest, and in the hands of other people's tools. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, openSync, readFileSync, statSync, writeFileSync, writeSync, closeSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ExportOptions } from '#shared/model/index.ts';
import { loadsOf } from '../engine/formats/open-bytes.ts';
import { crashAnswers, drgnAnswers, exportFile, libkdumpfileAnswers, run, sameBytes, segmentsOf, vmlinux } from './export-tools.ts';
import { labFile, labFolder, labWorkbench, LINUX_GUESTS } from './lab-guest.ts';

const folder = labFolder();
const { open } = labWorkbench(folder);
const PT_NOTE = 4;
const QEMU = { layout: 'qemu' } as const;

const exportTo = (file: string, target: string, options: Partial<ExportOptions>) => exportFile(open, file, target, options);

/** Notes as readelf prints them. */
const notesOf = (file: string) => run('readelf', ['-n', '-W', file]).replace(/^Displaying.*$/gm, '');

describe.each(['tiny', ...LINUX_GUESTS])('%s', (guest) => {
  const qemus = () => labFile(guest, 'paging-off.elf');
  const exported = { portable: path.join(folder, `${guest}-portable.elf`), qemu: path.join(folder, `${guest}-qemu.elf`) };

  beforeAll(async () => {
    for (const layout of ['portable', 'qemu'] as const) {
      const report = await exportTo(labFile(guest, 'stream.qevm'), exported[layout], { layout });
      expect(report.missing).toEqual([]);
    }
  });

  it("in QEMU's layout equals QEMU's file byte for byte", () => {
    sameBytes(exported.qemu, qemus());
  });

  it('filtered as QEMU was told to filter equals its file byte for byte', async () => {
    const target = path.join(folder, `${guest}-filtered.elf`);
    await exportTo(labFile(guest, 'stream.qevm'), target, { ...QEMU, begin: 0x100000, length: 0x345000 });
    sameBytes(target, labFile(guest, 'filtered.elf'));
  });

  it('with page tables followed has the mappings that QEMU found, and its lower half is not shifted up as there', async () => {
    const target = path.join(folder, `${guest}-paging.elf`);
    await exportTo(labFile(guest, 'stream.qevm'), target, { ...QEMU, paging: true });
    // QEMU sets the bits above the 48 or 57 of an address, also where they are 0.
    const bits = guest === 'x86_64' ? 57 : 48;
    const rowsOf = (file: string) =>
      segmentsOf(file)
        .filter(({ type }) => type !== PT_NOTE)
        .map(
          ({ virtual, physical, size }) =>
            `${BigInt.asUintN(64, BigInt.asIntN(bits, virtual)).toString(16)} ${physical.toString(16)} ${size.toString(16)}`,
        )
        .sort();
    const ours = rowsOf(target);
    expect(ours.length).toBeGreaterThan(guest === 'tiny' ? 4 : 65_000);
    expect(ours).toEqual(rowsOf(labFile(guest, 'paging-on.elf')));
    const canonical = segmentsOf(target).every(({ virtual }) => BigInt.asUintN(64, BigInt.asIntN(bits, virtual)) === virtual);
    expect(canonical).toBe(true);
  });

  it.each(['portable', 'qemu'] as const)("%s has the RAM of QEMU's file byte for byte", (layout) => {
    const ours = new Uint8Array(readFileSync(exported[layout]));
    const theirs = new Uint8Array(readFileSync(qemus()));
    const theirLoads = loadsOf(theirs);
    const ourLoads = loadsOf(ours).slice(0, theirLoads.length);
    expect(ourLoads.map(({ physical, length }) => [physical, length])).toEqual(theirLoads.map(({ physical, length }) => [physical, length]));
    for (const [index, { offset, length }] of theirLoads.entries()) {
      const at = ourLoads[index]!.offset;
      expect(Buffer.compare(ours.subarray(at, at + length), theirs.subarray(offset, offset + length))).toBe(0);
    }
  });

  it.each(['portable', 'qemu'] as const)("%s has QEMU's NT_PRSTATUS, QEMU and VMCOREINFO notes byte for byte", (layout) => {
    const notes = notesOf(exported[layout]);
    expect(notes).toBe(notesOf(qemus()));
    expect(notes.match(/NT_PRSTATUS/g)).toHaveLength(2);
    expect(notes.match(/^ {2}QEMU/gm)).toHaveLength(2);
    expect(/^ {2}VMCOREINFO/m.test(notes)).toBe(guest !== 'tiny');
  });

  it.each(['kdump-zlib.vmcore', 'snapshot.qcow2', 'paging-off.elf', 'paging-on.elf'])(
    'out of %s is the same file as out of the stream',
    async (name) => {
      const target = path.join(folder, `${guest}-again.elf`);
      await exportTo(labFile(guest, name), target, {});
      // QEMU leaves out of a file with virtual addresses what no CPU maps: the firmware.
      if (name !== 'paging-on.elf') sameBytes(target, exported.portable);
      else expect(compareMemory(target, exported.portable)).toBeGreaterThan(7 * 2 ** 20);
      expect(notesOf(target)).toBe(notesOf(exported.portable));
    },
  );

  it('exported once more is the same file again', async () => {
    const target = path.join(folder, `${guest}-twice.elf`);
    await exportTo(exported.portable, target, {});
    sameBytes(target, exported.portable);
  });

  it('is a third smaller on disk than it is long: zeros are holes', () => {
    const { size, blocks } = statSync(exported.portable);
    expect(blocks * 512).toBeLessThan(size * 0.67);
  });

  it('opens in gdb with both CPUs where they were', () => {
    // Without a program gdb does not know the CPU from a core; an empty one tells it.
    const program = path.join(folder, 'empty');
    writeFileSync(path.join(folder, 'empty.s'), '.globl _start\n_start: nop\n');
    run('gcc', ['-nostdlib', '-static', '-o', program, path.join(folder, 'empty.s')]);
    const said = run('gdb', ['-batch', '-nx', program, '-ex', `core ${exported.portable}`, '-ex', 'thread apply all info registers rip cs']);
    const theirs = run('gdb', ['-batch', '-nx', program, '-ex', `core ${qemus()}`, '-ex', 'thread apply all info registers rip cs']);
    expect(said.match(/^rip .*$/gm)).toHaveLength(2);
    expect(said.match(/^(rip|cs) .*$/gm)).toEqual(theirs.match(/^(rip|cs) .*$/gm));
  });

  it('is read by readelf without a warning, with and without page tables followed', async () => {
    const paging = path.join(folder, `${guest}-portable-paging.elf`);
    await exportTo(labFile(guest, 'stream.qevm'), paging, { paging: true });
    // Of a count of segments in section 0 (PN_XNUM) readelf's list of sections thinks ill, in QEMU's files, too.
    for (const said of [run('readelf', ['-h', '-l', '-S', '-n', '-W', exported.portable]), run('readelf', ['-h', '-l', '-n', '-W', paging])]) {
      expect(said).not.toMatch(/warning|error/i);
      expect(said).toContain('CORE (Core file)');
    }
  });
});

/** Whether what `part` holds of physical memory, by segments with physical addresses, is what `whole` holds there. Bytes compared. */
function compareMemory(part: string, whole: string): number {
  const [ours, theirs] = [readFileSync(part), readFileSync(whole)];
  const plain = (file: string) => segmentsOf(file).filter(({ type, virtual, physical }) => type !== PT_NOTE && virtual === BigInt(physical));
  let compared = 0;
  for (const { physical, size, offset } of plain(part)) {
    const around = plain(whole).find((segment) => segment.physical <= physical && physical + size <= segment.physical + segment.size);
    expect(around, `0x${physical.toString(16)}, ${size} bytes`).toBeDefined();
    const at = around!.offset + (physical - around!.physical);
    expect(Buffer.compare(ours.subarray(offset, offset + size), theirs.subarray(at, at + size)), `0x${physical.toString(16)}`).toBe(0);
    compared += size;
  }
  return compared;
}

describe('CPUs that are not x86-64', () => {
  it.each([
    ['i386', 'stream.qevm'],
    ['i386-pae', 'stream.qevm'],
    // Streams of these have registers that are not decoded yet; their own vmcores have notes.
    ['arm64', 'paging-off.elf'],
    ['s390x', 'paging-off.elf'],
    ['ppc64le', 'paging-off.elf'],
  ])("%s: QEMU's layout out of %s equals QEMU's file byte for byte", async (guest, name) => {
    const target = path.join(folder, `${guest}.elf`);
    await exportTo(labFile(guest, name), target, QEMU);
    sameBytes(target, labFile(guest, 'paging-off.elf'));
  });

  it.each(['i386', 's390x', 'ppc64le'])('%s, whose vmcore has no VMCOREINFO, gets it out of memory', async (guest) => {
    const target = path.join(folder, `${guest}-portable.elf`);
    const { warnings } = await exportTo(labFile(guest, 'paging-off.elf'), target, {});
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^The dump came without VMCOREINFO: it was found in memory, of Linux 6\.1\.0-/);
    expect(run('readelf', ['-n', '-W', target])).toMatch(/VMCOREINFO/);
  });
});

/** A copy of a vmcore that ends its notes before VMCOREINFO, the last one. */
function withoutVmcoreinfo(file: string, target: string): void {
  copyFileSync(file, target);
  const [note] = segmentsOf(file);
  const at = readFileSync(file).indexOf('VMCOREINFO\0') - 12;
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(at - note!.offset));
  const header = Number(readFileSync(file).readBigUInt64LE(32));
  const fd = openSync(target, 'r+');
  // p_filesz, p_memsz
  for (const field of [32, 40]) writeSync(fd, size, 0, 8, header + field);
  closeSync(fd);
}

describe.each(LINUX_GUESTS)('%s in the tools for Linux', (guest) => {
  const target = path.join(folder, `${guest}-tools.elf`);
  const found = path.join(folder, `${guest}-found.elf`);
  const paging = path.join(folder, `${guest}-tools-paging.elf`);

  beforeAll(async () => {
    await exportTo(labFile(guest, 'stream.qevm'), target, {});
    await exportTo(labFile(guest, 'stream.qevm'), paging, { paging: true });
    const poor = path.join(folder, `${guest}-poor.elf`);
    withoutVmcoreinfo(labFile(guest, 'paging-off.elf'), poor);
    const { warnings } = await exportTo(poor, found, {});
    expect(warnings.join(' ')).toContain('The dump came without VMCOREINFO: it was found in memory, of Linux 6.1.0-');
  });

  it('VMCOREINFO that the dump had lost is found, and the file is as if it never had been', () => {
    expect(notesOf(found)).toBe(notesOf(labFile(guest, 'paging-off.elf')));
    sameBytes(found, target);
  });

  // crash takes 16 s a run: once for each guest, and once of QEMU's file.
  it.runIf(guest === 'x86_64')('crash opens it, and sees what it sees in the ELF of QEMU', () => {
    const said = crashAnswers(target);
    expect(said.join('\n')).toMatch(/RELEASE: 6\.1\.0-/);
    expect(said.filter((line) => /^PID: .*CPU: [01] /.test(line))).toHaveLength(2);
    expect(said.join('\n')).toContain('[swapper/1]');
    expect(said).toEqual(crashAnswers(labFile(guest, 'paging-off.elf')));
  });

  it.runIf(guest !== 'x86_64')('crash opens one with page tables followed', () => {
    const said = crashAnswers(paging);
    expect(said.join('\n')).toMatch(/RELEASE: 6\.1\.0-/);
    expect(said.join('\n')).toContain('[swapper/1]');
  });

  it.each(['plain', 'paging'])('drgn finds the tasks, as in the one file of QEMU that it can read (%s)', (which) => {
    const tasks = drgnAnswers(which === 'plain' ? target : paging);
    expect(tasks).toContain('1 init');
    expect(tasks).toBe(drgnAnswers(labFile(guest, 'paging-on.elf')));
  });

  it('gdb reads the variables of the kernel', () => {
    const [offset] = /KERNELOFFSET=[\da-f]+/.exec(readFileSync(target).subarray(0, 65536).toString('latin1'))!;
    const symbols = `add-symbol-file ${vmlinux()} -o 0x${offset.slice(13)}`;
    const said = run('gdb', ['-batch', '-nx', '-ex', `core ${target}`, '-ex', symbols, '-ex', 'print init_uts_ns.name.release']);
    expect(said).toMatch(/\$1 = "6\.1\.0-/);
  });

  // Debian's has no zstd: -z leaves pages as they are.
  it.each(['-c', '-l', '-z', '-E'])('makedumpfile %s copies and filters it', (form) => {
    const small = path.join(folder, `${guest}.small`);
    expect(run('makedumpfile', ['-f', form, '-d', '31', target, small])).toContain('Completed');
    expect(statSync(small).size).toBeLessThan(statSync(target).size);
    expect(readFileSync(small).subarray(0, 8).toString('latin1')).toBe(form === '-E' ? '\u007fELF\u0002\u0001\u0001\0' : 'KDUMP   ');
  });

  // Debian: python3-libkdumpfile.
  const kdumpfile = spawnSync('/usr/bin/python3', ['-c', 'import kdumpfile']).status === 0;
  it.runIf(kdumpfile).each(['plain', 'paging'])('libkdumpfile reads its registers and memory (%s)', (which) => {
    const length = 0x0a000000;
    const said = libkdumpfileAnswers(which === 'plain' ? target : paging, length);
    expect(said).toBe(libkdumpfileAnswers(labFile(guest, 'paging-off.elf'), length));
    expect(said).toMatch(/^x86_64 2 /);
  });
});
