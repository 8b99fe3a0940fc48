/** Segments with virtual addresses: against QEMU's file of the tiny guest, and against a page-by-page account of random mappings. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ListedMapping } from '#engine/export/elf/mapping-list.ts';
import { inWindow, uncovered, virtualSegments, type PlacedRange } from '#engine/export/elf/paging.ts';
import { planElf } from '#engine/export/elf/plan.ts';
import { exportDump } from '#engine/export/job.ts';
import { fixture } from '../../fixtures/fixture.ts';
import { seededRandom } from '../io/seeded-random.ts';
import { temporaryFolder } from '../io/temporary-folder.ts';
import { openToExport, SILENT } from './export-case.ts';

const folder = temporaryFolder();
const PAGING = { format: 'elf', layout: 'qemu', paging: true } as const;
const PT_LOAD = 1;

/** (virtual, physical, file size, memory size) of each PT_LOAD, read here again; virtual addresses made canonical, which QEMU's of the lower half are not. */
function loads(elf: Buffer): string[] {
  const small = elf.readUInt16LE(56);
  const count = small === 0xffff ? elf.readUInt32LE(Number(elf.readBigUInt64LE(40)) + 44) : small;
  return Array.from({ length: count }, (_, index) => Number(elf.readBigUInt64LE(32)) + index * 56)
    .filter((at) => elf.readUInt32LE(at) === PT_LOAD)
    .map((at) => {
      const [virtual, ...rest] = [16, 24, 32, 40].map((field) => elf.readBigUInt64LE(at + field));
      return [BigInt.asUintN(64, BigInt.asIntN(48, virtual!)), ...rest].map((value) => value.toString(16)).join(' ');
    })
    .sort();
}

describe('of a guest', () => {
  it('are those that QEMU writes, all canonical', () => {
    const target = path.join(folder, 'tiny.elf');
    exportDump(openToExport(fixture('tiny/stream.qevm')), PAGING, target, SILENT);
    const ours = readFileSync(target);
    expect(loads(ours)).toEqual(loads(readFileSync(fixture('tiny/paging-on.elf'))));
    const { segments } = planElf(openToExport(fixture('tiny/stream.qevm')), PAGING);
    for (const { virtual } of segments) expect(BigInt.asUintN(64, BigInt.asIntN(48, virtual))).toBe(virtual);
  });

  it("that show less than the file holds, as QEMU's do, say so, and name what a reader finds", () => {
    const source = openToExport(fixture('tiny/stream.qevm'));
    const { found, warnings } = planElf(source, PAGING);
    expect(found).toEqual([{ physical: 0, length: 0x800000 }]);
    expect(warnings.join(' ')).toContain('256 KiB of memory are in the file without a segment');
  });

  it('hold all memory in the portable layout, mapped or not', () => {
    const source = openToExport(fixture('tiny/stream.qevm'));
    const { segments, pieces } = planElf(source, { ...PAGING, layout: 'portable' });
    const ram = source.dump.regions.reduce((sum, { start, last }) => sum + last - start + 1, 0);
    expect(pieces.reduce((sum, { length }) => sum + length, 0)).toBe(ram);
    for (const { start, last } of source.dump.regions) {
      for (let address = start; address <= last; address += 4096) {
        expect(segments.some(({ type, physical, fileSize }) => type === PT_LOAD && physical <= address && address < physical + fileSize)).toBe(true);
      }
    }
  });

  it('more than 65,534 are counted in section 0 (PN_XNUM), and readelf reads them all', () => {
    const target = path.join(folder, 'linux.elf');
    exportDump(openToExport(fixture('linux/stream.qevm')), { ...PAGING, layout: 'portable' }, target, SILENT);
    const count = /Number of program headers: +65535 \((\d+)\)/.exec(execFileSync('readelf', ['-h', '-W', target], { encoding: 'utf8' }))?.[1];
    expect(Number(count)).toBeGreaterThan(65_535);
    expect(loads(readFileSync(target))).toHaveLength(Number(count) - 1);
    const again = openToExport(target);
    expect(again.dump.diagnostics).toEqual([]);
    expect(again.memory.regions.count).toBe(openToExport(fixture('linux/stream.qevm')).memory.regions.count);
  });

  it('whose CPUs have paging off, or are not there, are the physical addresses, and that is said', () => {
    const source = openToExport(fixture('tiny/stream.qevm'));
    const plan = planElf({ ...source, dump: { ...source.dump, cpus: [] } }, PAGING);
    expect(plan.segments.slice(1).map(({ virtual }) => Number(virtual))).toEqual(plan.segments.slice(1).map(({ physical }) => physical));
    expect(plan.warnings.join(' ')).toContain('No CPU of the dump has paging on');
  });
});

/** Random ranges of memory with places in a file, and mappings that overlap, leave gaps and run out of memory. */
function randomCase(seed: number): { ranges: PlacedRange[]; mappings: ListedMapping[] } {
  const random = seededRandom(seed);
  const pick = (limit: number) => Math.floor(random() * limit);
  const ranges: PlacedRange[] = [];
  let start = pick(5);
  let offset = pick(3);
  for (let n = 1 + pick(4); n > 0; n--) {
    const length = 1 + pick(12);
    ranges.push({ start, length, offset });
    start += length + pick(6);
    offset += length + pick(3);
  }
  const mappings = Array.from({ length: pick(12) }, () => ({
    virtual: BigInt(1000 * (1 + pick(5)) + pick(40)),
    physical: pick(50),
    length: 1 + pick(15),
  }));
  return { ranges, mappings: mappings.sort((a, b) => a.physical - b.physical) };
}

/** Every address that segments show: "virtual physical offset". */
const shown = (segments: { virtual: bigint; physical: number; offset: number; fileSize: number }[]) =>
  segments.flatMap(({ virtual, physical, offset, fileSize }) =>
    Array.from({ length: fileSize }, (_, at) => `${virtual + BigInt(at)} ${physical + at} ${offset + at}`),
  );

describe('of random mappings', () => {
  const placeOf = (ranges: readonly PlacedRange[], physical: number) => {
    const range = ranges.find(({ start, length }) => start <= physical && physical < start + length);
    return range && range.offset + (physical - range.start);
  };

  it('show every mapped address that the file holds, and what is not mapped once (500 guests)', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const { ranges, mappings } = randomCase(seed);
      const segments = virtualSegments(mappings, ranges, false);
      const expected = mappings.flatMap(({ virtual, physical, length }) =>
        Array.from({ length }, (_, at) => [virtual + BigInt(at), physical + at, placeOf(ranges, physical + at)] as const)
          .filter(([, , place]) => place !== undefined)
          .map((row) => row.join(' ')),
      );
      expect(shown(segments).sort(), `seed ${seed}`).toEqual(expected.sort());

      const mapped = new Set(segments.flatMap(({ physical, fileSize }) => Array.from({ length: fileSize }, (_, at) => physical + at)));
      const rest = ranges.flatMap(({ start, length, offset }) =>
        Array.from({ length }, (_, at) => start + at)
          .filter((address) => !mapped.has(address))
          .map((address) => `${address} ${address} ${offset + (address - start)}`),
      );
      expect(shown(uncovered(segments, ranges)), `seed ${seed}`).toEqual(rest);
    }
  });

  it("one segment each in QEMU's layout, as long as the mapping, with the bytes up to the end of the block it starts in (500 guests)", () => {
    for (let seed = 1; seed <= 500; seed++) {
      const { ranges, mappings } = randomCase(seed);
      const expected = mappings.flatMap(({ virtual, physical, length }) => {
        const range = ranges.find(({ start, length: size }) => start <= physical && physical < start + size);
        if (!range) return [];
        const fileSize = Math.min(physical + length, range.start + range.length) - physical;
        return [{ virtual, physical, fileSize, memorySize: length, offset: range.offset + (physical - range.start) }];
      });
      expect(virtualSegments(mappings, ranges, true), `seed ${seed}`).toEqual(expected);
    }
  });

  it('in a window are cut at its ends, virtual addresses too (500 guests)', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const { mappings } = randomCase(seed);
      const begin = seed % 30;
      const length = 1 + (seed % 17);
      const rowsOf = (list: readonly ListedMapping[]) =>
        list.flatMap(({ virtual, physical, length: size }) =>
          Array.from({ length: size }, (_, at) => [physical + at, virtual + BigInt(at)] as const),
        );
      const expected = rowsOf(mappings).filter(([physical]) => physical >= begin && physical < begin + length);
      expect(rowsOf(inWindow(mappings, { format: 'elf', layout: 'qemu', begin, length })), `seed ${seed}`).toEqual(expected);
    }
  });
});
