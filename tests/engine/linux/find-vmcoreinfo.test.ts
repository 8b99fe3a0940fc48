/** VMCOREINFO out of memory: against the note that QEMU was given by the guest's vmcoreinfo device, and among copies that are none. */
import { describe, expect, it } from 'vitest';
import { recoverVmcoreinfo } from '#engine/export/recover-vmcoreinfo.ts';
import { findVmcoreinfo } from '#engine/linux/find-vmcoreinfo.ts';
import { readVmcoreinfoText } from '#engine/linux/vmcoreinfo-text.ts';
import { ExtentBuilder } from '#engine/memory/extent-builder.ts';
import { GuestMemory } from '#engine/memory/guest-memory.ts';
import { PhysicalRegions } from '#engine/memory/physical-regions.ts';
import { fixture } from '../../fixtures/fixture.ts';
import { openToExport, SILENT } from '../export/export-case.ts';
import { ArraySource } from '../memory/array-source.ts';

const silent = () => undefined;
const KERNEL = 0xffff_ffff_8100_0000n;
const SIZE = 4 * 2 ** 20;

/** The text of a kernel whose init_uts_ns is at `uts`, by an x86-64 kernel's map from `KERNEL` on at GPA 0x100000. */
const textOf = (release: string, uts: number) =>
  `OSRELEASE=${release}\nPAGESIZE=4096\nSYMBOL(init_uts_ns)=${(KERNEL + BigInt(uts)).toString(16)}\nOFFSET(uts_namespace.name)=0\nNUMBER(phys_base)=${0x100000 - 0x1000000}\nKERNELOFFSET=0\n`;

function write(memory: Uint8Array, at: number, text: string): void {
  memory.set(new TextEncoder().encode(text), at);
}

/** struct uts_namespace: names of 65 bytes. */
function writeNames(memory: Uint8Array, at: number, release: string): void {
  ['Linux', 'host', release, '#1 SMP'].forEach((name, index) => write(memory, at + 65 * index, name));
}

/** Memory from GPA 0 on, of which `missing` pages are not there. */
function memoryOf(bytes: Uint8Array, missing: number[] = []): GuestMemory {
  const builder = new ExtentBuilder();
  for (let at = 0; at < bytes.length; at += 4096) if (!missing.includes(at)) builder.addPage(at, at);
  return new GuestMemory(new ArraySource(bytes), builder.finish(), new PhysicalRegions([{ start: 0, last: bytes.length - 1, ram: 0 }]));
}

describe('in a Linux guest', () => {
  const whole = openToExport(fixture('linux/stream.qevm'));
  const { vmcoreinfo, ...dump } = whole.dump;
  const source = { ...whole, dump };

  it('finds what the vmcoreinfo device points to, byte for byte, and says where', () => {
    const found = recoverVmcoreinfo(source, { format: 'elf', layout: 'portable' }, SILENT);
    expect(Buffer.compare(found.dump.vmcoreinfo!.description, vmcoreinfo!.description)).toBe(0);
    expect(found.dump.vmcoreinfo!.source).toMatch(/^guest memory at 0x/);
    expect(found.warnings).toHaveLength(1);
  });

  it('finds it by the linear map alone, as of a CPU in a program that does not map the kernel', () => {
    const found = recoverVmcoreinfo({ ...source, dump: { ...dump, cpus: [] } }, { format: 'kdump', layout: 'portable' }, SILENT);
    expect(Buffer.compare(found.dump.vmcoreinfo!.description, vmcoreinfo!.description)).toBe(0);
    expect(found.warnings).toHaveLength(1);
  });

  it("does not look where the dump has it, where the format has no notes, and for QEMU's layout", () => {
    const progress = { report: () => expect.unreachable() };
    expect(recoverVmcoreinfo(whole, { format: 'elf', layout: 'portable' }, progress)).toBe(whole);
    expect(recoverVmcoreinfo(source, { format: 'raw', layout: 'portable' }, progress)).toBe(source);
    expect(recoverVmcoreinfo(source, { format: 'elf', layout: 'qemu' }, progress)).toBe(source);
  });

  it('can be cancelled', () => {
    const progress = {
      report() {
        throw new Error('cancelled');
      },
    };
    expect(() => recoverVmcoreinfo(source, { format: 'elf', layout: 'portable' }, progress)).toThrow('cancelled');
  });
});

describe('among several texts', () => {
  it('takes that of the kernel that is in memory, wherever the others lie', () => {
    for (const [running, stale] of [
      [0x10_2010, 0x30_0000],
      [0x30_0010, 0x10_2000],
      // Across a border of what is read at once.
      [0x0f_fffb, 0x30_0000],
    ] as const) {
      const bytes = new Uint8Array(SIZE);
      write(bytes, running, textOf('6.1.0-new', 0x20000));
      write(bytes, stale, textOf('6.1.0-old', 0x40000));
      writeNames(bytes, 0x120000, '6.1.0-new');
      const { chosen, proven } = findVmcoreinfo(memoryOf(bytes), undefined, silent);
      expect([chosen?.values.get('OSRELEASE'), chosen?.address, proven]).toEqual(['6.1.0-new', running, true]);
    }
  });

  it('takes none when no kernel is seen, and the only one with a doubt', () => {
    const bytes = new Uint8Array(SIZE);
    write(bytes, 0x300000, textOf('6.1.0-a', 0x20000));
    const alone = findVmcoreinfo(memoryOf(bytes), undefined, silent);
    expect([alone.chosen?.address, alone.proven, alone.others]).toEqual([0x300000, false, []]);
    write(bytes, 0x310000, textOf('6.1.0-b', 0x20000));
    const both = findVmcoreinfo(memoryOf(bytes), undefined, silent);
    expect([both.chosen, both.others.map(({ address }) => address)]).toEqual([undefined, [0x300000, 0x310000]]);
  });

  it('goes by page tables where the text does not say where the kernel lies', () => {
    const bytes = new Uint8Array(SIZE);
    write(bytes, 0x300000, textOf('6.1.0-old', 0x40000));
    write(bytes, 0x310000, textOf('6.1.0-new', 0x20000).replace(/NUMBER.*\n/, ''));
    writeNames(bytes, 0x123000, '6.1.0-new');
    const translate = (virtual: bigint) => (virtual === KERNEL + 0x20000n ? 0x123000 : undefined);
    const { chosen, others, proven } = findVmcoreinfo(memoryOf(bytes), translate, silent);
    expect([chosen?.address, others.map(({ address }) => address), proven]).toEqual([0x310000, [0x300000], true]);
  });

  it('does not take a text that goes on in memory that the dump lacks', () => {
    const bytes = new Uint8Array(SIZE);
    write(bytes, 0x300fe0, textOf('6.1.0-torn', 0x20000));
    writeNames(bytes, 0x120000, '6.1.0-torn');
    expect(findVmcoreinfo(memoryOf(bytes, [0x301000]), undefined, silent)).toEqual({ others: [], proven: false });
    expect(findVmcoreinfo(memoryOf(bytes), undefined, silent).proven).toBe(true);
  });

  it('gives up on memory that is full of texts', () => {
    const bytes = new Uint8Array(SIZE);
    for (let at = 0; at < SIZE; at += 4096) write(bytes, at, textOf(`6.1.${at}`, 0x20000));
    expect(findVmcoreinfo(memoryOf(bytes), undefined, silent).others.length).toBeLessThanOrEqual(64);
  });
});

describe('a text', () => {
  const good = textOf('6.1.0', 0);
  const read = (text: string) => readVmcoreinfoText(new TextEncoder().encode(text));

  it('ends at a NUL or with what is given', () => {
    expect(read(`${good}\0rest`)?.bytes.length).toBe(good.length);
    expect(read(good)?.values.get('PAGESIZE')).toBe('4096');
  });

  it.each([
    ['the format string', 'OSRELEASE=%s\n\0BUILD-ID=%20phN\n'],
    ['without its last newline', good.slice(0, -1)],
    ['with a line that is no pair', good.replace('KERNELOFFSET=', 'KERNELOFFSET ')],
    ['with a letter that is none', good.replace('KERNEL', '\u0001')],
    ['without PAGESIZE', good.replace(/PAGESIZE.*\n/, '')],
    ['without the symbol that proves it', good.replace('init_uts_ns', 'other')],
    ['longer than a page', `${good}${'A=1\n'.repeat(1100)}`],
    ['of nothing', ''],
  ])('%s is none', (_, text) => {
    expect(read(text)).toBeUndefined();
  });
});
