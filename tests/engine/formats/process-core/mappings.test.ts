/** Mappings of a process out of a core that is written here: what NT_FILE names, what has no segment, what lies above 52 bits. */
import { describe, expect, it } from 'vitest';
import { writeElf } from '../elf/write-elf.ts';
import { openBytes } from '../open-bytes.ts';

const PAGE = 4096;
const page = (fill: number) => new Uint8Array(PAGE).fill(fill);

function fileNote(files: [start: number, end: number, pages: number, path: string][]): Uint8Array {
  const names = new TextEncoder().encode(files.map(([, , , path]) => `${path}\0`).join(''));
  const bytes = new Uint8Array(16 + 24 * files.length + names.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(files.length), true);
  view.setBigUint64(8, BigInt(PAGE), true);
  for (const [index, [start, end, pages]] of files.entries()) {
    for (const [place, value] of [start, end, pages].entries()) view.setBigUint64(16 + 24 * index + 8 * place, BigInt(value), true);
  }
  bytes.set(names, 16 + 24 * files.length);
  return bytes;
}

const process = (files: Parameters<typeof fileNote>[0], loads: { virtual: number; data: Uint8Array }[]) =>
  openBytes(
    writeElf({
      bits: 64,
      littleEndian: true,
      machine: 62,
      notes: [{ owner: 'CORE', type: 0x46494c45, description: fileNote(files) }],
      loads: loads.map((load) => ({ physical: 0, ...load })),
    }),
    'core',
  );

describe('the mappings of a process', () => {
  it('are named by their files, at the offsets that those have there', () => {
    const { dump } = process(
      [[0x400000, 0x401000, 3, '/opt/program']],
      [
        { virtual: 0x400000, data: page(1) },
        { virtual: 0x7000000, data: page(2) },
      ],
    );
    expect(dump.blocks.map(({ name, host }) => [name, host])).toEqual([
      ['/opt/program', 0x400000],
      ['anonymous', 0x7000000],
    ]);
    expect(dump.regions[0]!.evidence.text).toContain('/opt/program from offset 0x3000 on');
  });

  it('of files without a segment are there, without their bytes', () => {
    const { dump, memory } = process([[0x400000, 0x404000, 0, '/opt/program']], [{ virtual: 0x401000, data: page(7) }]);
    expect(dump.regions.map(({ start, last }) => [start, last])).toEqual([
      [0x400000, 0x400fff],
      [0x401000, 0x401fff],
      [0x402000, 0x403fff],
    ]);
    expect([0x400000, 0x401000, 0x403fff, 0x404000].map((address) => memory.stateAt(address))).toEqual(['excluded', 'present', 'excluded', 'absent']);
  });

  it('that overlap, in segments or in NT_FILE, are shown once', () => {
    const { dump } = process(
      [
        [0x400000, 0x402000, 0, '/a'],
        [0x401000, 0x403000, 0, '/b'],
      ],
      [
        { virtual: 0x500000, data: page(1) },
        { virtual: 0x500800, data: page(2) },
      ],
    );
    expect(dump.regions.map(({ start }) => start)).toEqual([0x400000, 0x500000]);
    expect(dump.diagnostics.map(({ code }) => code)).toContain('segments-rejected');
  });

  it('above 52 bits are left out, and said', () => {
    const { dump } = process(
      [],
      [
        { virtual: 0x400000, data: page(1) },
        { virtual: 2 ** 55, data: page(2) },
      ],
    );
    expect(dump.regions).toHaveLength(1);
    expect(dump.diagnostics.find(({ code }) => code === 'segments-rejected')?.message).toContain('vsyscall');
  });
});
