/** Exports of the lab's streams against the ELF that QEMU wrote of the same paused guest, and in the hands of other people's tools. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ExportReport } from '#shared/model/index.ts';
import { loadsOf } from '../engine/formats/open-bytes.ts';
import { labFile, labFolder, labWorkbench, LINUX_GUESTS } from './lab-guest.ts';

const folder = labFolder();
const { open } = labWorkbench(folder);

async function exportTo(file: string, layout: 'portable' | 'qemu', target: string): Promise<ExportReport> {
  const { workbench, dumpId } = await open(file);
  return workbench.exportDump({ dumpId, options: { format: 'elf', layout }, target, jobId: `export-${target}` });
}

/** Runs a tool; its output and errors together. */
function run(command: string, args: string[], input = ''): string {
  const { error, status, signal, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', input, timeout: 200_000, maxBuffer: 2 ** 28 });
  if (error) throw error;
  const said = `${stdout}${stderr}`;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status ?? signal}: ${said.slice(-2000)}`);
  return said;
}

/** Notes as readelf prints them. */
const notesOf = (file: string) => run('readelf', ['-n', '-W', file]).replace(/^Displaying.*$/gm, '');

describe.each(['tiny', ...LINUX_GUESTS])('%s', (guest) => {
  const qemus = () => labFile(guest, 'paging-off.elf');
  const exported = { portable: path.join(folder, `${guest}-portable.elf`), qemu: path.join(folder, `${guest}-qemu.elf`) };

  beforeAll(async () => {
    for (const layout of ['portable', 'qemu'] as const) {
      const report = await exportTo(labFile(guest, 'stream.qevm'), layout, exported[layout]);
      expect(report.missing).toEqual([]);
    }
  });

  it("in QEMU's layout equals QEMU's file byte for byte", () => {
    const ours = readFileSync(exported.qemu);
    const theirs = readFileSync(qemus());
    const different: number[] = [];
    for (let at = 0; at < Math.max(ours.length, theirs.length) && different.length < 20; at++) if (ours[at] !== theirs[at]) different.push(at);
    expect(different).toEqual([]);
  });

  it.each(['portable', 'qemu'] as const)("%s has the RAM of QEMU's file byte for byte", (layout) => {
    const ours = new Uint8Array(readFileSync(exported[layout]));
    const theirs = new Uint8Array(readFileSync(qemus()));
    const ourLoads = loadsOf(ours);
    expect(ourLoads.map(({ physical, length }) => [physical, length])).toEqual(loadsOf(theirs).map(({ physical, length }) => [physical, length]));
    for (const [index, { offset, length }] of loadsOf(theirs).entries()) {
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

  it('exported from the ELF, with and without page tables followed, gives the same memory again', async () => {
    for (const name of ['paging-off.elf', 'paging-on.elf']) {
      const again = path.join(folder, `${guest}-again.elf`);
      await exportTo(labFile(guest, name), 'portable', again);
      const { workbench, dumpId } = await open(again);
      const { regions } = await workbench.getMemoryMap({ dumpId });
      expect(regions.some(({ start, last }) => start === 0 && last >= 8 * 2 ** 20 - 1)).toBe(true);
      const chunk = await workbench.readMemory({ dumpId, space: 'gpa', address: 0x200000n, length: 65536, root: { kind: 'cpu', cpu: 0 } });
      expect(Buffer.compare(chunk.bytes, readFileSync(labFile(guest, 'pmem.raw')).subarray(0x200000, 0x210000))).toBe(0);
      expect(notesOf(again)).toBe(notesOf(labFile(guest, name)));
      await workbench.closeDump({ dumpId });
    }
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

  it('is read by readelf without a warning', () => {
    const said = run('readelf', ['-a', '-W', exported.portable]);
    expect(said).not.toMatch(/warning|error/i);
    expect(said).toContain('CORE (Core file)');
  });
});

describe.each(LINUX_GUESTS)('%s in the tools for Linux', (guest) => {
  const target = path.join(folder, `${guest}-tools.elf`);
  beforeAll(() => exportTo(labFile(guest, 'stream.qevm'), 'portable', target));

  // The portable layout; QEMU's is the same file as QEMU's own, which crash opens for comparison.
  it('crash opens it, and sees what it sees in the ELF of QEMU', () => {
    const vmlinux = process.env.VMCORE_VMLINUX;
    if (!vmlinux) throw new Error('NO DEBUG VMLINUX, so crash was not tried: `../shared/lab/lab vmlinux` fetches it (860 MB)');
    const commands = 'sys\nbt -a\nps\nquit\n';
    const answers = (dump: string) =>
      run('crash', ['-s', '--no_scroll', dump, vmlinux], commands)
        .split('\n')
        .filter((line) => !line.includes('DUMPFILE'));
    const said = answers(target);
    expect(said.join('\n')).toMatch(/RELEASE: 6\.1\.0-/);
    expect(said.filter((line) => /^PID: .*CPU: [01] /.test(line))).toHaveLength(2);
    expect(said.join('\n')).toContain('[swapper/1]');
    expect(said).toEqual(answers(labFile(guest, 'paging-off.elf')));
  });

  it('makedumpfile filters and compresses it', () => {
    const small = path.join(folder, `${guest}.kdump`);
    expect(run('makedumpfile', ['-d', '31', '-l', target, small])).toContain('Completed');
    expect(statSync(small).size).toBeLessThan(statSync(target).size / 4);
    expect(readFileSync(small).subarray(0, 8).toString('latin1')).toBe('KDUMP   ');
  });

  // Debian: python3-libkdumpfile.
  const kdumpfile = spawnSync('/usr/bin/python3', ['-c', 'import kdumpfile']).status === 0;
  it.runIf(kdumpfile)('libkdumpfile reads its registers and memory', () => {
    const script = `
import sys, kdumpfile
context = kdumpfile.kdumpfile(sys.argv[1])
print(context.attr['arch.name'], context.attr['cpu.number'])
print('%x' % context.attr['cpu.0.reg.rip'])
print(context.read(kdumpfile.KDUMP_MACHPHYSADDR, 0x200000, 32).hex())`;
    const said = execFileSync('/usr/bin/python3', ['-c', script, target], { encoding: 'utf8' }).trim().split('\n');
    const pmem = readFileSync(labFile(guest, 'pmem.raw'));
    const rip = /RIP=([0-9a-f]+)/.exec(readFileSync(labFile(guest, 'oracle.json'), 'utf8'))![1]!;
    expect(said).toEqual(['x86_64 2', rip, pmem.subarray(0x200000, 0x200020).toString('hex')]);
  });
});
