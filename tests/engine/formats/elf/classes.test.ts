/** ELF vmcores of either class and byte order, and the forms that segments take: written by the tests, and by QEMU of machines of many families. */
import { describe, expect, it } from 'vitest';
import { PHYSICAL_LIMIT } from '#shared/units.ts';
import { fixtureBytes, openBytes, openFixture, SILENT } from '../open-bytes.ts';
import { wholeFile } from '#engine/formats/format.ts';
import { openDump } from '#engine/formats/registry.ts';
import { ArraySource } from '../../memory/array-source.ts';
import { ALL_ONES, writeElf, type ElfToWrite } from './write-elf.ts';

const KINDS = [
  { bits: 64, littleEndian: true, title: 'ELF64 vmcore' },
  { bits: 64, littleEndian: false, title: 'ELF64 vmcore, big-endian' },
  { bits: 32, littleEndian: true, title: 'ELF32 vmcore' },
  { bits: 32, littleEndian: false, title: 'ELF32 vmcore, big-endian' },
] as const;

/** Of a family that is not decoded. */
const LOONGARCH = 258;
const pageOf = (fill: number, pages = 1) => new Uint8Array(4096 * pages).fill(fill);
const byteAt = ({ memory }: ReturnType<typeof openBytes>, address: number) => {
  const byte = new Uint8Array(1);
  return [memory.stateAt(address), memory.read(address, byte) && byte[0]];
};
const codes = ({ dump }: ReturnType<typeof openBytes>) => dump.diagnostics.map(({ code }) => code);

describe.each(KINDS)('$title', ({ title, ...kind }) => {
  const write = (elf: Partial<ElfToWrite>) => openBytes(writeElf({ ...kind, machine: LOONGARCH, loads: [], ...elf }), 'core');

  it('opens with its memory, its notes and its name', () => {
    const notes = [
      { owner: 'CORE', type: 1, description: new Uint8Array([1, 2, 3, 4, 5]) },
      { owner: 'LINUX', type: 0x304, description: new Uint8Array([9, 8, 7]) },
    ];
    const opened = write({
      notes,
      loads: [
        { physical: 0x10000, data: pageOf(0xaa, 2) },
        { physical: 0x80000000, data: pageOf(0x55) },
      ],
    });
    expect(opened.dump).toMatchObject({ formatTitle: title, format: 'elf-vmcore', architecture: 'loongarch64', cpus: [] });
    expect(opened.dump.sentence).toContain('LoongArch (64-bit) machine, with 1 CPU and 12 KiB of memory');
    expect(opened.dump.notes.map(({ owner, type, description }) => ({ owner, type, description }))).toEqual(notes);
    expect(opened.dump.regions.map(({ start, last }) => [start, last])).toEqual([
      [0x10000, 0x11fff],
      [0x80000000, 0x80000fff],
    ]);
    expect([0xffff, 0x10000, 0x11fff, 0x12000, 0x80000fff].map((address) => byteAt(opened, address))).toEqual([
      ['absent', 0],
      ['present', 0xaa],
      ['present', 0xaa],
      ['absent', 0],
      ['present', 0x55],
    ]);
    expect(codes(opened)).toEqual(['unknown-cpu']);
  });

  it('counts its program headers in section 0 when there are too many for e_phnum', () => {
    const loads = Array.from({ length: 300 }, (_, index) => ({ physical: index * 0x10000, data: pageOf(index) }));
    const opened = write({ loads, countInSection: true });
    expect(opened.dump.regions).toHaveLength(300);
    expect(opened.dump.layers[0]?.detail).toContain('PN_XNUM');
    expect(byteAt(opened, 299 * 0x10000)).toEqual(['present', 299 & 255]);
  });

  it('is zero beyond p_filesz, as the gABI says', () => {
    const opened = write({ loads: [{ physical: 0, data: pageOf(7), memorySize: 0x3000 }] });
    expect([0xfff, 0x1000, 0x2fff, 0x3000].map((address) => opened.memory.stateAt(address))).toEqual(['present', 'zero', 'zero', 'absent']);
  });

  it('has no data, not zeros, for what its writer left out: p_memsz above p_filesz with a segment right behind (makedumpfile -E), or p_offset of all ones', () => {
    const opened = write({
      loads: [
        { physical: 0, data: pageOf(7), memorySize: 0x3000 },
        { physical: 0x3000, data: pageOf(8) },
        { physical: 0x10000, data: new Uint8Array(0), memorySize: 0x2000, offset: ALL_ONES },
      ],
    });
    expect([0xfff, 0x1000, 0x2fff, 0x3000, 0x4000, 0x10000].map((address) => opened.memory.stateAt(address))).toEqual([
      'present',
      'excluded',
      'excluded',
      'present',
      'absent',
      'excluded',
    ]);
    expect(opened.dump.diagnostics.find(({ code }) => code === 'memory-left-out')?.message).toContain('8 KiB');
    expect(opened.dump.regions[1]?.evidence.text).toContain('left out by a filter');
  });

  it('shows the first of overlapping segments, and data before a segment without', () => {
    const opened = write({
      loads: [
        { physical: 0x0000, data: pageOf(1, 1), memorySize: 0x4000 },
        { physical: 0x2000, data: pageOf(2, 4) },
        { physical: 0x3000, data: pageOf(3, 8) },
      ],
    });
    expect([0, 0x1000, 0x2000, 0x5fff, 0x6000, 0xafff].map((address) => byteAt(opened, address))).toEqual([
      ['present', 1],
      ['zero', 0],
      ['present', 2],
      ['present', 2],
      ['present', 3],
      ['present', 3],
    ]);
    expect(opened.dump.regions).toHaveLength(1);
  });

  it('has no place for a segment without a physical address, and says so', () => {
    const bytes = writeElf({
      ...kind,
      machine: 62,
      loads: [
        { physical: 0, data: pageOf(1) },
        { physical: 0, data: pageOf(2) },
      ],
    });
    const paddr = kind.bits === 64 ? 64 + 2 * 56 + 24 : 52 + 2 * 32 + 12;
    bytes.fill(0xff, paddr, paddr + kind.bits / 8);
    const opened = openBytes(bytes);
    expect(codes(opened)).toContain('segments-virtual');
    expect(codes(opened)).not.toContain('segments-rejected');
    expect(byteAt(opened, 0)).toEqual(['present', 1]);
  });

  it('is the core of a process, not a vmcore, when it has what only those have', () => {
    const auxv = { owner: 'CORE', type: 6, description: new Uint8Array(16) };
    const { dump } = write({ notes: [auxv], loads: [{ physical: 0, virtual: 0x400000, data: pageOf(1) }] });
    expect(dump).toMatchObject({ format: 'process-core', space: 'hva' });
    expect(dump.regions.map(({ start, last }) => [start, last])).toEqual([[0x400000, 0x400fff]]);
  });

  it('ends its notes where they would run out of it', () => {
    const bytes = writeElf({ ...kind, machine: LOONGARCH, notes: [{ owner: 'CORE', type: 1, description: new Uint8Array(8) }], loads: [] });
    const noteAt = kind.bits === 64 ? 64 + 56 : 52 + 32;
    bytes.fill(0xff, noteAt + 4, noteAt + 8);
    const { dump } = openBytes(bytes);
    expect(dump.notes).toEqual([]);
    expect(dump.diagnostics.find(({ code }) => code === 'notes-truncated')?.fileOffset).toBe(noteAt);
  });

  it('is found behind something else in the same source', () => {
    const bytes = writeElf({ ...kind, machine: 62, loads: [{ physical: 0x1000, data: pageOf(0x42) }] });
    const source = new ArraySource(Buffer.concat([new Uint8Array(12345), bytes]));
    const dump = openDump(source, { ...wholeFile(source, SILENT), start: 12345 });
    expect(dump.layers[0]).toMatchObject({ offset: 12345, length: bytes.length });
    expect(dump.regions[0]?.evidence.text).toContain(`file offset 0x${(12345 + bytes.length - 4096).toString(16)}`);
  });
});

describe('vmcores of paused machines, written by QEMU 7.2 (e_ehsize 8, section headers up front)', () => {
  it.each([
    ['arm', 'ELF32 vmcore', 'ARM (32-bit)', 2, 16 * 2 ** 20, ['CORE', 'LINUX', 'CORE', 'LINUX']],
    ['aarch64', 'ELF64 vmcore', 'AArch64', 2, 16 * 2 ** 20, ['CORE', 'CORE', 'CORE', 'CORE']],
    ['riscv32', 'ELF32 vmcore', 'RISC-V (32-bit)', 2, 16 * 2 ** 20 + 0xf000, ['CORE', 'CORE']],
    ['ppc', 'ELF32 vmcore, big-endian', 'PowerPC (32-bit)', 1, 0x10000, ['CORE', 'CORE', 'CORE', 'CORE', 'CORE']],
    ['s390x', 'ELF64 vmcore, big-endian', 's390x', 2, 16 * 2 ** 20, undefined],
    ['microvm', 'ELF64 vmcore', 'i386 (32-bit x86)', 1, 16 * 2 ** 20 + 0x10000, ['CORE', 'QEMU']],
  ] as const)('%s: %s of %s', (name, title, family, cpus, length, owners) => {
    const { dump } = openFixture(`elf/${name}.elf`);
    expect(dump.formatTitle).toBe(title);
    expect(dump.facts.find(({ label }) => label === 'ELF machine')?.value).toBe(family);
    expect(dump.sentence).toContain(`dump-guest-memory, with ${cpus} CPU`);
    expect(dump.regions.reduce((sum, { start, last }) => sum + last - start + 1, 0)).toBe(length);
    if (owners) expect(dump.notes.map(({ owner }) => owner)).toEqual(owners);
    expect(dump.diagnostics.filter(({ severity }) => severity !== 'info')).toEqual([]);
  });

  it('ppc: memory is where the first instruction of a PowerPC is: a jump at its reset vector', () => {
    const { memory } = openFixture('elf/ppc.elf');
    const reset = memory.readExact(0xfff00100, 4);
    // An unconditional branch has the major opcode 18, big-endian.
    expect(reset[0]! >> 2).toBe(18);
  });

  it('microvm: a 64-bit CPU that is still in real mode has the notes of a 32-bit one', () => {
    const { dump } = openFixture('elf/microvm.elf');
    const { rip, cr0, rax } = dump.cpus[0]!.registers;
    // The state after reset (SDM vol. 3A, table "IA-32 and Intel 64 Processor States Following Power-up").
    expect([rip?.value, cr0?.value, rax?.width]).toEqual([0xfff0n, 0x60000010n, 32]);
    expect(dump.cpus[0]!.segments.cs).toMatchObject({ selector: 0xf000, base: 0xffff0000n });
  });
});

describe('bounds', () => {
  it('a file with more notes than any machine has is read up to a bound, and says so', () => {
    const notes = Array.from({ length: 250_000 }, () => ({ owner: '', type: 1, description: new Uint8Array(0) }));
    const { dump } = openBytes(writeElf({ bits: 64, littleEndian: true, machine: 62, notes, loads: [] }));
    expect(dump.notes).toHaveLength(200_000);
    expect(dump.diagnostics.map(({ code }) => code)).toContain('notes-truncated');
  });

  it('a thousand PT_NOTE segments of the same megabyte do not make a gigabyte', () => {
    const note = { owner: 'X', type: 1, description: new Uint8Array(2 ** 20) };
    const loads = Array.from({ length: 1000 }, () => ({ physical: 0, data: new Uint8Array(0), memorySize: 1 }));
    const bytes = writeElf({ bits: 64, littleEndian: true, machine: 62, notes: [note], loads });
    for (let index = 1; index <= 1000; index++) bytes.copyWithin(64 + index * 56, 64, 64 + 56);
    const { dump } = openBytes(bytes);
    expect(dump.notes.length).toBeLessThanOrEqual(64);
    expect(dump.diagnostics.filter(({ code }) => code === 'notes-truncated')).toHaveLength(1);
  });

  it('300,000 segments are read up to a bound, in time and in bounded memory', { timeout: 30_000 }, () => {
    const bytes = new Uint8Array(64 + 64 + 300_000 * 56);
    bytes.set(writeElf({ bits: 64, littleEndian: true, machine: 62, loads: [], countInSection: true }).subarray(0, 128));
    const view = new DataView(bytes.buffer);
    view.setUint32(64 + 44, 300_000, true);
    for (let index = 0; index < 300_000; index++) {
      const at = 128 + index * 56;
      view.setUint32(at, 1, true);
      view.setBigUint64(at + 24, BigInt(index) * 0x2000n, true);
      view.setBigUint64(at + 32, 0x1000n, true);
      view.setBigUint64(at + 40, 0x1000n, true);
    }
    const before = process.memoryUsage();
    const { dump } = openBytes(bytes);
    const after = process.memoryUsage();
    expect(dump.regions).toHaveLength(2 ** 18);
    expect(dump.diagnostics.map(({ code }) => code)).toContain('too-many-headers');
    expect((after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers) / 2 ** 20).toBeLessThan(256);
  });

  it('a segment that ends beyond the largest physical address is left out', () => {
    const load = { physical: PHYSICAL_LIMIT - 4096, data: pageOf(1, 2) };
    const { dump } = openBytes(writeElf({ bits: 64, littleEndian: true, machine: 62, loads: [load] }));
    expect(dump.diagnostics.map(({ code }) => code)).toEqual(expect.arrayContaining(['segments-rejected', 'no-memory']));
  });
});

it('what a kernel wrote by itself is told from what QEMU wrote', () => {
  const vmcoreinfo = { owner: 'VMCOREINFO', type: 0, description: Buffer.from('OSRELEASE=6.1.0\n') };
  const load = { physical: 0x1000, virtual: 0xffff888000001000, data: pageOf(1) };
  const { dump } = openBytes(writeElf({ bits: 64, littleEndian: true, machine: 62, notes: [vmcoreinfo], loads: [load] }));
  expect(dump.sentence).toBe('An ELF64 vmcore of a crashed kernel (kdump), with 0 CPUs and 4 KiB of memory.');
  expect(openBytes(fixtureBytes('tiny/paging-off.elf')).dump.sentence).toMatch(/^An ELF64 vmcore written by QEMU's dump-guest-memory, with 2 CPUs/);
});
