/** RISC-V guests against QEMU and against themselves: bare-metal ones of one and of two stages of translation, made here, and a Linux one where riscv64-guest.py has made it. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { riscv64 } from '#engine/arch/riscv64/index.ts';
import { translationTables } from '#engine/session/translation-root.ts';
import { TranslationSpace } from '#engine/translate/translation-space.ts';
import { openFile } from '../engine/containers/opened-image.ts';
import { parseInfoRegisters, valuesOf } from '../engine/arch/riscv64/bare-guest.ts';
import { exportFile, run, sameBytes } from './export-tools.ts';
import { LAB, labFile, labFolder, labOracle, labWorkbench } from './lab-guest.ts';
import { compareMarks, findRoots, openLabImage, readMarks, spaceOfCpu, spaceOfRoot, textAt, type LabImage } from './marks.ts';
import { QemuGuest } from './qemu-guest.ts';

const SOURCE = path.resolve(import.meta.dirname, '../fixtures/riscv64');
const GUEST = 'riscv64';

describe.each([
  ['sv39', 8, undefined],
  ['sv48', 9, undefined],
  ['sv57', 10, undefined],
  ['sv39-sv39x4', 8, 8],
  ['sv48-sv48x4', 9, 9],
  ['sv57-sv57x4', 10, 10],
  ['sv57-sv39x4', 10, 8],
])('a bare-metal guest in %s', (name, first, second) => {
  const folder = path.join(labFolder(), name);
  const { open } = labWorkbench(folder);
  const answers = new Map<bigint, string>();
  let registers: string[];
  let map: string;

  beforeAll(async () => {
    run('mkdir', ['-p', folder]);
    const program = path.join(folder, 'bare.elf');
    const defines = [`-DSATP_MODE=${first}`, ...(second === undefined ? [] : ['-DSTAGES', `-DGATP_MODE=${second}`])];
    const flags = ['-march=rv64gc', '-mabi=lp64d', '-mno-relax', '-static', '-nostdlib', '-no-pie', '-Wl,--build-id=none'];
    run('riscv64-linux-gnu-gcc', [...flags, `-Wl,-T,${SOURCE}/bare.ld`, ...defines, `${SOURCE}/bare.S`, '-o', program]);
    const args = ['-M', 'virt', '-bios', 'none', '-cpu', 'rv64,svpbmt=on,svnapot=on,h=on', '-m', '16', '-smp', '2', '-kernel', program];
    const guest = await QemuGuest.start({ folder, binary: 'qemu-system-riscv64', args, ready: 'BARE-READY', timeoutSeconds: 60 });
    // Asked twice: QEMU changes mideleg after it has shown it for the first time.
    for (const cpu of [0, 1]) await guest.hmp('info registers', cpu);
    registers = await Promise.all([0, 1].map((cpu) => guest.hmp('info registers', cpu)));
    map = await guest.hmp('info mtree -f');
    for (let page = 0n; page < 0x40n; page++) answers.set(0x4000_0008n + page * 0x1000n, '');
    for (let page = 0n; page < 0x10n; page++) answers.set(0x4000_1230n + page * 0x20_0000n, '');
    for (let page = 0n; page < 0x40n; page++) answers.set(0x8000_0010n + page * 0x10_0000n, '');
    for (const address of answers.keys())
      answers.set(address, /gpa: (\S+)/.exec(await guest.hmp(`gva2gpa 0x${address.toString(16)}`))?.[1] ?? 'none');
    await guest.dump('paging-off.elf');
    await guest.migrate('stream.qevm');
    await guest.qmp('quit');
  }, 120_000);

  it('has the registers, translates as QEMU does but for what QEMU takes against the manual, and lies where info mtree says', async () => {
    const { dump, memory, source } = await openFile(path.join(folder, 'stream.qevm'));
    for (const [cpu, text] of registers.entries()) {
      const theirs = parseInfoRegisters(text);
      const ours = valuesOf(dump.cpus[cpu]!);
      expect(Object.fromEntries([...theirs.keys()].map((register) => [register, ours.get(register)]))).toEqual(Object.fromEntries(theirs));
    }
    const space = new TranslationSpace(memory, translationTables(riscv64, dump.cpus, { kind: 'cpu', cpu: 0 }));
    const differing: string[] = [];
    for (const [address, theirs] of answers) {
      const ours = space.translateAddress(address) ? `0x${space.found.physical.toString(16)}` : 'none';
      if (ours !== theirs) differing.push(address.toString(16));
    }
    // A page that may only be executed; memory type 3; bit 54. The last two are of pages that the second stage does not have.
    expect(differing).toEqual(second === undefined ? ['40004008', '41001230', '41201230'] : ['40004008']);
    const shown = [...map.matchAll(/^ {2}([0-9a-f]{16})-([0-9a-f]{16}) \(prio 0, (?:ram|rom|romd)\)/gm)];
    const theirs = new Set(shown.map(([, start, last]) => `${Number(`0x${start}`)} ${Number(`0x${last}`)}`));
    expect(new Set(dump.regions.map(({ start, last }) => `${start} ${last}`))).toEqual(theirs);
    source.close();
  });

  it.each(['stream.qevm', 'paging-off.elf'])('is exported from %s as QEMU writes it, byte for byte', async (file) => {
    const target = path.join(folder, `${file}.export`);
    await exportFile(open, path.join(folder, file), target, { layout: 'qemu' });
    sameBytes(target, path.join(folder, 'paging-off.elf'));
  });

  it('is a core with the same registers to gdb', async () => {
    const target = path.join(folder, 'gdb.elf');
    await exportFile(open, path.join(folder, 'stream.qevm'), target, { layout: 'qemu' });
    const said = run('gdb-multiarch', [
      '-batch',
      '-nx',
      '-ex',
      'set architecture riscv:rv64',
      '-ex',
      `core-file ${target}`,
      '-ex',
      'info registers pc s11 a7',
    ]);
    expect(said).toMatch(/s11 +0x1b1b1b1b/);
    expect(said).toMatch(/a7 +0xfffffffffffffff9/);
  });
});

// ../shared/lab/lab has no RISC-V scenario.
describe.runIf(existsSync(path.join(LAB, GUEST, 'stream.qevm')))('a Linux guest', () => {
  let image: LabImage;
  beforeAll(async () => {
    image = await openLabImage(GUEST);
  });
  afterAll(() => image.source.close());

  it('has the registers that QEMU prints', () => {
    for (const [index, { registers }] of labOracle(GUEST).cpus.entries()) {
      const theirs = parseInfoRegisters(registers);
      const ours = valuesOf(image.dump.cpus[index]!);
      expect(Object.fromEntries([...theirs.keys()].map((register) => [register, ours.get(register)]))).toEqual(Object.fromEntries(theirs));
    }
  });

  it('lists the pages that info mem lists, with the same flags', () => {
    for (const [cpu, { mem }] of labOracle(GUEST).cpus.entries()) {
      const space = spaceOfCpu(image, cpu);
      const rows = [...mem.matchAll(/^([0-9a-f]{16}) ([0-9a-f]{16}) ([0-9a-f]{16}) (\S{7})/gm)];
      expect(rows.length).toBeGreaterThan(50);
      for (const [, virtual = '', physical = '', size = '', attributes = ''] of rows) {
        const address = BigInt(`0x${virtual}`);
        const { result } = space.walk(address);
        // Memory types stand above the page number, and QEMU takes them for parts of it.
        expect(result).toMatchObject({ kind: 'page', physical: Number(BigInt.asUintN(44, BigInt(`0x${physical}`))) });
        const flags =
          result.kind === 'page'
            ? result.flags
                .filter((name) => /^[RWXUGAD]$/.test(name))
                .join('')
                .toLowerCase()
            : '';
        expect(flags).toBe(attributes.replaceAll('-', ''));
        expect(space.translateAddress(address + BigInt(`0x${size}`) - 1n)).toBe(true);
      }
    }
  });

  it('translates what each process printed of its own addresses, under roots found in memory', () => {
    for (const process of readMarks(GUEST)) {
      const roots = findRoots(image, process, { mode: 'sv57' });
      expect(roots).toHaveLength(1);
      const { theirs, ours } = compareMarks(image, spaceOfRoot(image, roots[0]!, 'sv57'), process);
      expect(ours).toEqual(theirs);
    }
  });

  it("finds the kernel's tables by VMCOREINFO where the notes have no satp", async () => {
    const vmcore = await openLabImage(GUEST, 'paging-off.elf');
    const banner = BigInt(`0x${/([0-9a-f]{16}) [A-Za-z] linux_banner/.exec(readFileSync(labFile(GUEST, 'serial.log'), 'latin1'))![1]!}`);
    const [translation] = labOracle(GUEST).translations.filter(({ gva }) => BigInt(`0x${gva}`) === banner);
    const text = vmcoreinfoIn(vmcore);
    const values = new Map(text.split('\n').map((line) => line.split('=', 2) as [string, string]));
    const [cpu] = riscv64.completeCpus!(vmcore.dump.cpus, { memory: vmcore.memory, vmcoreinfo: values });
    const space = new TranslationSpace(vmcore.memory, translationTables(riscv64, [cpu!], { kind: 'cpu', cpu: 0 }));
    expect(space.main.mode.id).toBe('sv57');
    expect(space.translateAddress(banner)).toBe(true);
    expect(space.found.physical.toString(16)).toBe(translation!.gpa);
    expect(textAt(vmcore.memory, space.found.physical, 13)).toBe('Linux version');
    vmcore.source.close();
  });
});

/** The text that begins with OSRELEASE= and goes on for more than the strings of the kernel that look like it. */
function vmcoreinfoIn({ dump, memory }: LabImage): string {
  for (const { start, last } of dump.regions) {
    for (let at = start; at < last; at += 2 ** 20) {
      const bytes = new Uint8Array(Math.min(2 ** 20 + 8192, last + 1 - at));
      memory.read(at, bytes);
      const piece = Buffer.from(bytes).toString('latin1');
      const found = /OSRELEASE=\d[^\0]{500,8000}/.exec(piece);
      if (found) return found[0];
    }
  }
  throw new Error('no VMCOREINFO in memory');
}
