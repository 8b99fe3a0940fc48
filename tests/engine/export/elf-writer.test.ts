import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportDump } from '#engine/export/job.ts';
import { planExport } from '#engine/export/plan.ts';
import { ExtentBuilder } from '#engine/memory/extent-builder.ts';
import { ExtentKind } from '#engine/memory/extent-table.ts';
import { fixture, readOracle, tinyVariants } from '../../fixtures/fixture.ts';
import { differencesFromElf, fixtureBytes, loadsOf, openBytes } from '../formats/open-bytes.ts';
import { seededRandom } from '../io/seeded-random.ts';
import { temporaryFolder } from '../io/temporary-folder.ts';
import { ArraySource } from '../memory/array-source.ts';
import { bareDump, openToExport, SILENT, sourceOf } from './export-case.ts';

const QEMU = { format: 'elf', layout: 'qemu' } as const;
const PORTABLE = { format: 'elf', layout: 'portable' } as const;
const folder = temporaryFolder();
let made = 0;
const newTarget = () => path.join(folder, `export-${made++}.elf`);

/** What readelf, which shares no code with us, says of the notes: owner and size, then the descriptions' bytes. */
function notesByReadelf(file: string): string {
  return execFileSync('readelf', ['-n', '-W', file], { encoding: 'utf8' }).replace(/^Displaying.*$/m, '');
}

describe("QEMU's layout", () => {
  // QEMU 5.2 wrote no section headers, and two variants hold pages that are not decoded yet.
  const same = tinyVariants().filter((variant) => variant.startsWith('qemu10') && variant !== 'qemu10-xbzrle');

  it.each(['tiny', ...same.map((variant) => `tiny-variants/${variant}`)])(
    'of the stream of %s is the file that QEMU wrote, byte for byte',
    (guest) => {
      const target = newTarget();
      const report = exportDump(openToExport(fixture(`${guest}/stream.qevm`)), QEMU, target, SILENT);
      expect(Buffer.compare(readFileSync(target), fixtureBytes(`${guest}/paging-off.elf`))).toBe(0);
      expect([report.missing, report.target]).toEqual([[], target]);
    },
  );

  it('of a Linux guest with VMCOREINFO is the file that QEMU wrote (by its SHA-256)', () => {
    const target = newTarget();
    exportDump(openToExport(fixture('linux/stream.qevm')), QEMU, target, SILENT);
    expect(createHash('sha256').update(readFileSync(target)).digest('hex')).toBe(readOracle('linux').sha256!['paging-off.elf']);
  });

  it("of QEMU's own file is that file again", () => {
    const target = newTarget();
    exportDump(openToExport(fixture('tiny/paging-off.elf')), QEMU, target, SILENT);
    expect(Buffer.compare(readFileSync(target), fixtureBytes('tiny/paging-off.elf'))).toBe(0);
  });
});

it("flash is left out of QEMU's layout, as by QEMU, which takes it for no RAM, and kept in the portable one", () => {
  const bytes = new Uint8Array(0x2000).fill(1);
  const builder = new ExtentBuilder();
  builder.addData(0, 0x2000, 0);
  const dump = bareDump(builder.finish(), [
    { start: 0, last: 0xfff, ram: 0, block: 0, blockOffset: 0 },
    { start: 0x4000_0000, last: 0x4000_0fff, ram: 0x1000, block: 1, blockOffset: 0 },
  ]);
  dump.blocks = [
    { name: 'virt.flash0', ram: 0, length: 0x1000 },
    { name: 'mach-virt.ram', ram: 0x1000, length: 0x1000 },
  ];
  const loads = (options: typeof QEMU | typeof PORTABLE) => {
    const { segments, warnings } = planExport(sourceOf(dump, new ArraySource(bytes), 'bytes'), options);
    return [segments.filter(({ type }) => type === 'LOAD').map(({ physical }) => physical), warnings.some((said) => said.includes('Flash'))];
  };
  expect(loads(QEMU)).toEqual([[0x4000_0000], true]);
  expect(loads(PORTABLE)).toEqual([[0, 0x4000_0000], false]);
});

describe('the portable layout', () => {
  it('is not taken for a file that QEMU wrote, whose own are, of either of its layouts', () => {
    const sentenceOf = (file: string) => openToExport(file).dump.sentence;
    const target = newTarget();
    exportDump(openToExport(fixture('tiny/stream.qevm')), PORTABLE, target, SILENT);
    expect(sentenceOf(target)).toMatch(/^An ELF64 vmcore of a QEMU guest, with 2 CPUs/);
    for (const name of ['tiny', 'tiny-variants/qemu5.2-plain']) {
      expect(sentenceOf(fixture(`${name}/paging-off.elf`))).toMatch(/^An ELF64 vmcore written by QEMU's dump-guest-memory, with/);
    }
  });

  it.each(['tiny/stream.qevm', 'tiny/paging-off.elf', 'tiny-variants/qemu5.2-plain/stream.qevm', 'tiny-variants/qemu5.2-plain/paging-off.elf'])(
    'of %s holds the memory of the ELF that QEMU wrote, and its notes byte for byte',
    (name) => {
      const target = newTarget();
      exportDump(openToExport(fixture(name)), PORTABLE, target, SILENT);
      const expected = path.join(path.dirname(name), 'paging-off.elf');
      const { memory, dump } = openBytes(new Uint8Array(readFileSync(target)));
      expect(differencesFromElf(memory, fixtureBytes(expected))).toEqual([]);
      expect(dump.diagnostics).toEqual([]);
      expect(notesByReadelf(target)).toBe(notesByReadelf(fixture(expected)));
    },
  );

  it('has the header that the ABI wants, offsets aligned like addresses, and p_align 0, on which crash depends', () => {
    const target = newTarget();
    exportDump(openToExport(fixture('tiny/stream.qevm')), PORTABLE, target, SILENT);
    const said = execFileSync('readelf', ['-h', '-l', '-W', target], { encoding: 'utf8' });
    expect(said).toContain('Size of this header:               64 (bytes)');
    expect(said).toContain('Number of section headers:         0');
    expect(said.match(/LOAD .*RWE 0$/gm)).toHaveLength(2);
    for (const { offset, physical } of loadsOf(new Uint8Array(readFileSync(target)))) expect(offset % 4096).toBe(physical % 4096);
  });

  it('leaves zero pages as holes: the file takes up no more than its data', () => {
    const target = newTarget();
    const report = exportDump(openToExport(fixture('tiny/stream.qevm')), PORTABLE, target, SILENT);
    const { size, blocks } = statSync(target);
    expect(size).toBe(report.bytesWritten + report.sparseBytes);
    expect(report.bytesWritten).toBeLessThan(1_700_000);
    expect(blocks * 512).toBeLessThan(2_000_000);
  });

  it('finds zero pages inside data, too, where the source does not know them', () => {
    const target = newTarget();
    expect(exportDump(openToExport(fixture('tiny/paging-off.elf')), PORTABLE, target, SILENT).bytesWritten).toBeLessThan(1_700_000);
  });
});

describe('memory that the source does not hold', () => {
  /** The tiny guest's stream, cut off inside its RAM: what comes after is absent. */
  function truncatedStream(): string {
    const file = newTarget();
    writeFileSync(file, readFileSync(fixture('tiny/stream.qevm')).subarray(0, 1_000_000));
    return file;
  }

  it('ends the segment before it and is listed; nothing of it comes out as zero', () => {
    const target = newTarget();
    const source = openToExport(truncatedStream());
    const report = exportDump(source, PORTABLE, target, SILENT);
    const { start, last } = report.missing[0]!;
    expect(source.memory.stateAt(start - 1)).not.toBe('absent');
    expect(report.missing[0]?.reason).toBe('not in the dump');
    expect(report.warnings.join(' ')).toContain('are not in the dump');
    const { memory } = openBytes(new Uint8Array(readFileSync(target)));
    expect([memory.stateAt(start - 1), memory.stateAt(start), memory.stateAt(last)]).toEqual([source.memory.stateAt(start - 1), 'absent', 'absent']);
    expect(loadsOf(new Uint8Array(readFileSync(target))).some(({ physical, length }) => physical <= last && physical + length > start)).toBe(false);
  });

  it("is zeros in QEMU's layout, which has no other way, and is said to be", () => {
    const target = newTarget();
    const report = exportDump(openToExport(truncatedStream()), QEMU, target, SILENT);
    expect(report.missing.length).toBeGreaterThan(0);
    expect(report.warnings[0]).toContain('written as zeros');
    const whole = loadsOf(new Uint8Array(readFileSync(fixture('tiny/paging-off.elf'))));
    expect(loadsOf(new Uint8Array(readFileSync(target))).map(({ length }) => length)).toEqual(whole.map(({ length }) => length));
  });

  it('of a filtered vmcore stays out: only what it holds is written', () => {
    const target = newTarget();
    const report = exportDump(openToExport(fixture('tiny/filtered.elf')), PORTABLE, target, SILENT);
    expect(loadsOf(new Uint8Array(readFileSync(target)))).toMatchObject([{ physical: 0x100000, length: 0x345000 }]);
    const bytes = report.missing.reduce((sum, { start, last }) => sum + last - start + 1, 0);
    expect(report.warnings.some((warning) => warning.includes('not in the dump'))).toBe(bytes > 0);
  });
});

describe('any layout of memory', () => {
  /** Random extents and regions, and what each page of guest-physical memory then is: bytes, or undefined. */
  function randomGuest(seed: number) {
    const random = seededRandom(seed);
    const pick = (limit: number) => Math.floor(random() * limit);
    const file = Uint8Array.from({ length: 600_000 }, () => (random() < 0.3 ? 0 : pick(256)));
    const builder = new ExtentBuilder();
    const ram: (Uint8Array | undefined)[] = new Array<Uint8Array | undefined>(48).fill(undefined);
    let place = pick(100);
    for (let page = 0; page < 48; page++) {
      switch (pick(6)) {
        case 0:
          break;
        case 1:
          builder.addUnreadable(page * 4096, 4096, ExtentKind.Corrupt);
          break;
        case 2:
          builder.addFill(page * 4096, 4096, 0);
          ram[page] = new Uint8Array(4096);
          break;
        case 3:
          builder.addFill(page * 4096, 4096, 0xa5);
          ram[page] = new Uint8Array(4096).fill(0xa5);
          break;
        default:
          if (pick(3) === 0) file.fill(0, place, place + 4096);
          builder.addPage(page * 4096, place);
          ram[page] = file.slice(place, place + 4096);
          place += 4096 + [0, 8, 8, 8, 40, 5000][pick(6)]!;
      }
    }
    const regions: { start: number; last: number; ram: number }[] = [];
    for (let at = pick(3) * 4096; regions.length < 5;) {
      const from = pick(40) * 4096 + (pick(4) === 0 ? pick(4096) : 0);
      const length = Math.min(48 * 4096 - from, 1 + pick(12 * 4096));
      regions.push({ start: at, last: at + length - 1, ram: from });
      at += length + (pick(2) === 0 ? 0 : pick(20_000));
    }
    const source = new ArraySource(file, 'random');
    const expected = (address: number) => {
      const region = regions.find(({ start, last }) => start <= address && address <= last);
      const there = region && region.ram + (address - region.start);
      return there === undefined ? undefined : ram[Math.floor(there / 4096)]?.[there % 4096];
    };
    return { exported: sourceOf(bareDump(builder.finish(), regions), source, '/nowhere'), regions, expected };
  }

  it.each([PORTABLE, QEMU])('comes out byte for byte, with its holes (60 random guests, $layout)', { timeout: 120_000 }, (options) => {
    for (let seed = 1; seed <= 60; seed++) {
      const { exported, regions, expected } = randomGuest(seed);
      const target = path.join(folder, 'random.elf');
      exportDump(exported, options, target, SILENT);
      const elf = new Uint8Array(readFileSync(target));
      const loads = loadsOf(elf);
      for (const { start, last } of regions) {
        for (let address = start; address <= last; address += address + 97 < last ? 97 : 1) {
          const load = loads.find(({ physical, length }) => physical <= address && address < physical + length);
          const written = load && elf[load.offset + (address - load.physical)];
          const wanted = expected(address);
          const what = `seed ${seed}, 0x${address.toString(16)}`;
          if (wanted === undefined && options.layout === 'portable') expect(load, what).toBeUndefined();
          else if (written !== (wanted ?? 0)) expect(written, what).toBe(wanted ?? 0);
        }
      }
    }
  });

  it('of more than 65,534 segments is counted in section 0 (PN_XNUM), as readelf and the engine read it', () => {
    const builder = new ExtentBuilder();
    const count = 65_600;
    for (let page = 0; page < count; page++) builder.addFill(page * 8192, 4096, 0);
    builder.addData(0, 4096, 0);
    const regions = [{ start: 0, last: count * 8192 - 1, ram: 0 }];
    const target = newTarget();
    const source = sourceOf(bareDump(builder.finish(), regions), new ArraySource(new Uint8Array(4096).fill(7)), '/nowhere');
    const report = exportDump(source, PORTABLE, target, SILENT);
    expect([report.missing.length, report.missingCut]).toEqual([1000, true]);
    const header = execFileSync('readelf', ['-h', '-W', target], { encoding: 'utf8' });
    expect(header).toContain(`Number of program headers:         65535 (${count + 1})`);
    const back = openToExport(target);
    expect(back.memory.regions.count).toBe(count);
    expect([back.memory.stateAt(0), back.memory.stateAt(4096), back.memory.stateAt((count - 1) * 8192)]).toEqual(['present', 'absent', 'present']);
    const plan = planExport(source, PORTABLE);
    expect([plan.segmentCount, plan.segments.length]).toEqual([count + 1, 1000]);
  });

  it('that is empty makes a file without segments of memory, and says so', () => {
    const target = newTarget();
    const source = sourceOf(bareDump(new ExtentBuilder().finish(), []), new ArraySource(new Uint8Array(0)), '/nowhere');
    expect(exportDump(source, PORTABLE, target, SILENT).warnings[0]).toContain('holds no memory');
    expect(loadsOf(new Uint8Array(readFileSync(target)))).toEqual([]);
  });
});

describe('what is planned', () => {
  it('is what is written: size, segments and notes', () => {
    const source = openToExport(fixture('linux/stream.qevm'));
    const plan = planExport(source, PORTABLE);
    const target = newTarget();
    const report = exportDump(source, PORTABLE, target, SILENT);
    expect(plan.fileSize).toBe(statSync(target).size);
    expect(report.bytesWritten).toBeLessThanOrEqual(plan.dataSize);
    expect(plan.notes.map(({ title }) => title)).toEqual([
      'NT_PRSTATUS, CPU 0',
      'NT_PRSTATUS, CPU 1',
      'QEMU CPU state, CPU 0',
      'QEMU CPU state, CPU 1',
      'VMCOREINFO',
    ]);
    expect([plan.warnings, plan.suggestedName]).toEqual([[], 'stream.vmcore']);
    const loads = loadsOf(new Uint8Array(readFileSync(target)));
    expect(plan.segments.slice(1).map(({ physical, fileSize, fileOffset }) => ({ physical, length: fileSize, offset: fileOffset }))).toMatchObject(
      loads,
    );
  });

  it('warns of registers that the dump does not hold and the notes have a place for', () => {
    const source = openToExport(fixture('tiny/stream.qevm'));
    const [first] = source.dump.cpus;
    const { cr2, rax, ...registers } = first!.registers;
    expect(cr2 && rax).toBeDefined();
    const poor = { ...source, dump: { ...source.dump, cpus: [{ ...first!, registers }] } };
    expect(planExport(poor, PORTABLE).warnings).toContain('CPU 0: rax, cr2 are not in the dump and are written as 0.');
  });

  it('never suggests the name of the dump itself', () => {
    const file = path.join(folder, 'guest.vmcore');
    writeFileSync(file, fixtureBytes('tiny/filtered.elf'));
    expect(planExport(openToExport(file), PORTABLE).suggestedName).toBe('guest-export.vmcore');
  });
});
