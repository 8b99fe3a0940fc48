/** What is shown before an export is what the export then writes: sizes, ranges, names. Judged by the files that are written. */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ExportOptions } from '#shared/model/index.ts';
import type { ExportSource } from '#engine/export/export-source.ts';
import { exportDump } from '#engine/export/job.ts';
import { planExport } from '#engine/export/plan.ts';
import { fixture } from '../../fixtures/fixture.ts';
import { writeLargeVmcore } from '../../hosts/large-vmcore.ts';
import { temporaryFolder } from '../io/temporary-folder.ts';
import { openToExport, SILENT } from './export-case.ts';

const folder = temporaryFolder();
let made = 0;
const tiny = openToExport(fixture('tiny/stream.qevm'));
const linux = openToExport(fixture('linux/stream.qevm'));

function written(source: ExportSource, options: ExportOptions): string {
  const target = path.join(folder, `${made++}.out`);
  exportDump(source, options, target, SILENT);
  return target;
}

/** Above 1 MiB and below 2 MiB: inside the guest's memory, and no whole block of it. */
const WINDOW = { begin: 0x10_0000, length: 0x8_0000 };
const PLACED: ExportOptions[] = [
  { format: 'elf', layout: 'portable' },
  { format: 'elf', layout: 'qemu' },
  { format: 'elf', layout: 'portable', paging: true },
  { format: 'elf', layout: 'portable', ...WINDOW },
  { format: 'raw', layout: 'portable' },
  { format: 'raw', layout: 'portable', ...WINDOW },
  { format: 'lime', layout: 'portable' },
  { format: 'lime', layout: 'portable', ...WINDOW },
];

it.each(PLACED)('the size of $format (layout $layout, paging $paging, from $begin) is that of the file, and its parts add up to it', (options) => {
  const plan = planExport(tiny, options);
  expect(plan).toMatchObject({ exact: true, format: options.format });
  expect(plan.fileSize).toBe(statSync(written(tiny, options)).size);
  expect(plan.parts.reduce((sum, { size }) => sum + size, 0)).toBe(plan.fileSize);
});

it.each([true, false])('ranges of LiME stand where the plan says, each after its header (holes: %s)', (sparse) => {
  const options = { format: 'lime', layout: 'portable', sparse } as const;
  const { segments } = planExport(tiny, options);
  const file = readFileSync(written(tiny, options));
  expect(segments.length).toBeGreaterThan(1);
  for (const { physical, fileOffset, memorySize } of segments) {
    const header = file.subarray(fileOffset! - 32);
    expect([header.readUInt32LE(0), header.readBigUInt64LE(8), header.readBigUInt64LE(16)]).toEqual([
      0x4c694d45,
      BigInt(physical),
      BigInt(physical + memorySize - 1),
    ]);
  }
});

it('raw memory names the file beside it, and has no notes; ELF has the notes of every CPU', () => {
  expect(planExport(tiny, { format: 'raw', layout: 'portable' })).toMatchObject({ sidecar: '.ranges.json', notes: [] });
  const { sidecar, notes } = planExport(tiny, { format: 'elf', layout: 'portable' });
  expect(sidecar).toBeNull();
  expect(notes.map(({ title }) => title)).toContain('NT_PRSTATUS, CPU 1');
});

it('segments with paging have the virtual addresses that the file then has', () => {
  const options = { format: 'elf', layout: 'portable', paging: true } as const;
  const { segments } = planExport(tiny, options);
  const file = readFileSync(written(tiny, options));
  const entry = (index: number) => file.subarray(64 + index * 56);
  segments.forEach(({ virtual, physical }, index) => {
    if (index > 0) expect([entry(index).readBigUInt64LE(16), entry(index).readBigUInt64LE(24)]).toEqual([virtual, BigInt(physical)]);
  });
  expect(segments.some(({ virtual, physical }) => virtual !== BigInt(physical))).toBe(true);
});

it('VMCOREINFO that the dump lacks is said to be looked for, in formats that have a place for it', () => {
  const says = (options: Partial<ExportOptions>) =>
    planExport(tiny, { format: 'elf', layout: 'portable', ...options }).warnings.some((warning) => warning.includes('looked for in memory'));
  expect([says({}), says({ format: 'kdump' }), says({ layout: 'qemu' }), says({ format: 'raw' })]).toEqual([true, true, false, false]);
});

describe('a kdump file', () => {
  const KDUMPS: Partial<ExportOptions>[] = [
    { compression: 'zlib' },
    { compression: 'lzo' },
    { compression: 'snappy', flattened: true },
    { compression: 'zstd' },
    { compression: 'zlib', excludeZero: true },
  ];
  it.each(KDUMPS)('of %o is as large as estimated, give or take a tenth', (options) => {
    const kdump: ExportOptions = { format: 'kdump', layout: 'portable', ...options };
    const plan = planExport(linux, kdump);
    expect(plan.exact).toBe(false);
    const ratio = plan.fileSize / statSync(written(linux, kdump)).size;
    expect(ratio).toBeGreaterThan(0.9);
    expect(ratio).toBeLessThan(1.1);
  });

  it('with pages as they are is as large as planned but for zero pages that the sample missed', () => {
    const kdump: ExportOptions = { format: 'kdump', layout: 'portable', compression: 'none' };
    const { fileSize } = planExport(tiny, kdump);
    expect(Math.abs(fileSize - statSync(written(tiny, kdump)).size)).toBeLessThan(0.1 * fileSize);
  });

  it('without zero pages does not list memory that is known to be zero', () => {
    const listed = (excludeZero: boolean) =>
      planExport(tiny, { format: 'kdump', layout: 'portable', excludeZero }).segments.reduce((sum, { memorySize }) => sum + memorySize, 0);
    expect(listed(true)).toBeLessThan(listed(false) / 2);
  });

  it('of a range is refused as the export refuses it', () => {
    expect(() => planExport(tiny, { format: 'kdump', layout: 'portable', ...WINDOW })).toThrow(/holds all memory/);
  });
});

it('a plan for 64 GiB reads a sample of it, and says how long the export takes', () => {
  const large = path.join(folder, 'large.vmcore');
  writeLargeVmcore(large, 64 * 1024 ** 3);
  const source = openToExport(large);
  let read = 0;
  const memory = source.memory;
  const readAll = memory.read.bind(memory);
  memory.read = (physical, target) => {
    read += target.length;
    return readAll(physical, target);
  };
  for (const format of ['elf', 'kdump', 'raw', 'lime'] as const) {
    read = 0;
    const { seconds } = planExport(source, { format, layout: 'portable' });
    expect(seconds).toBeGreaterThan(0.5);
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(16 * 1024 ** 2);
  }
});

it('a range without memory is refused, with where memory is', () => {
  const begin = 0x4000_0000_0000;
  expect(() => planExport(tiny, { format: 'raw', layout: 'portable', begin, length: 4096 })).toThrow(
    expect.objectContaining({ code: 'bad-request', message: expect.stringContaining('0x400000000000') }),
  );
});

it.each([
  ['guest.raw', 'raw', 'guest-export.raw'],
  ['guest.lime', 'lime', 'guest-export.lime'],
  ['GUEST.VMCORE', 'kdump', 'GUEST-export.vmcore'],
  ['guest.vmcore', 'raw', 'guest.raw'],
  ['guest', 'lime', 'guest.lime'],
] as const)('the name for %s as %s is %s: never the source’s own', (name, format, suggested) => {
  expect(planExport({ ...tiny, name, files: [`/dumps/${name}`] }, { format, layout: 'portable' }).suggestedName).toBe(suggested);
});

it('the name is not that of another part of the source either', () => {
  const files = ['/dumps/guest.1', '/dumps/guest.lime', '/dumps/guest-export.lime'];
  expect(planExport({ ...tiny, name: 'guest.1', files }, { format: 'lime', layout: 'portable' }).suggestedName).toBe('guest-export-2.lime');
});
