/** ELF files of both classes and byte orders: those that QEMU wrote, written again, and what decides between the classes of an x86 file. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { CPU_FAMILIES } from '#engine/arch/families.ts';
import { ARCHITECTURES } from '#engine/arch/index.ts';
import { exportDump } from '#engine/export/job.ts';
import { targetOf } from '#engine/export/elf/target.ts';
import { ExtentBuilder } from '#engine/memory/extent-builder.ts';
import type { ExportOptions } from '#shared/model/export.ts';
import { fixture } from '../../fixtures/fixture.ts';
import { temporaryFolder } from '../io/temporary-folder.ts';
import { ArraySource } from '../memory/array-source.ts';
import { bareDump, openToExport, SILENT, sourceOf } from './export-case.ts';

const folder = temporaryFolder();
let made = 0;

function written(source: Parameters<typeof exportDump>[0], layout: ExportOptions['layout']): { file: string; warnings: string[] } {
  const file = path.join(folder, `${made++}.elf`);
  const { warnings } = exportDump(source, { format: 'elf', layout }, file, SILENT);
  return { file, warnings };
}

const readelf = (file: string, ...options: string[]) =>
  execFileSync('readelf', [...options, '-W', file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).replace(/^Displaying notes.*$/gm, '');

describe.each(['aarch64', 'arm', 'ppc', 'riscv32', 's390x', 'microvm'])("QEMU's file of %s", (name) => {
  const original = fixture(`elf/${name}.elf`);

  // Segments that touch are one when the file is read; those of microvm's RAM do.
  it.runIf(name !== 'microvm')("is the same file again in QEMU's layout", () => {
    expect(Buffer.compare(readFileSync(written(openToExport(original), 'qemu').file), readFileSync(original))).toBe(0);
  });

  it('has its class, byte order, machine, notes and memory in the portable layout, and readelf finds nothing wrong', () => {
    const { file, warnings } = written(openToExport(original), 'portable');
    const facts = (said: string) => said.match(/(Class|Data|Machine): .*/g);
    expect(facts(readelf(file, '-h'))).toEqual(facts(readelf(original, '-h')));
    expect(readelf(file, '-n')).toBe(readelf(original, '-n'));
    expect(readelf(file, '-h', '-l', '-S')).not.toMatch(/warning|error/i);
    expect(warnings.filter((warning) => !warning.includes('VMCOREINFO'))).toEqual([]);
    const [ours, theirs] = [openToExport(file), openToExport(original)];
    expect(ours.dump.regions.map(({ start, last }) => [start, last])).toEqual(theirs.dump.regions.map(({ start, last }) => [start, last]));
    for (const { start, last } of theirs.dump.regions) {
      for (let at = start; at <= last; at += 65536) {
        const length = Math.min(65536, last + 1 - at);
        expect(Buffer.compare(ours.memory.readExact(at, length), theirs.memory.readExact(at, length))).toBe(0);
      }
    }
  });
});

describe('a dump of x86', () => {
  const tiny = openToExport(fixture('tiny/stream.qevm'));
  const [first, second] = tiny.dump.cpus as [(typeof tiny.dump.cpus)[0], (typeof tiny.dump.cpus)[0]];
  const efer = { ...first.registers.efer!, value: first.registers.efer!.value & ~(1n << 10n) };
  const startedUp = { ...tiny, dump: { ...tiny.dump, cpus: [{ ...first, registers: { ...first.registers, efer } }, second] } };

  it('whose CPU 0 is not in long mode is EM_386, of ELFCLASS64 since firmware ends at 4 GiB, with 32-bit notes of every CPU', () => {
    const { file, warnings } = written(startedUp, 'portable');
    const said = readelf(file, '-h', '-n');
    expect(said).toMatch(/Class: +ELF64/);
    expect(said).toMatch(/Machine: +Intel 80386/);
    expect(said.match(/CORE +0x00000090\tNT_PRSTATUS/g)).toHaveLength(2);
    expect(warnings.join(' ')).toContain('CPU 0 is not in long mode');
    const again = openToExport(file);
    expect([again.dump.architecture, again.dump.cpus.length]).toEqual(['i386', 2]);
    // The QEMU note has room for all of a register.
    expect(again.dump.cpus[0]!.registers.rip!.value).toBe(first.registers.rip!.value);
  });

  it('is of ELFCLASS32 when its memory ends below 4 GiB', () => {
    const regions = startedUp.dump.regions.filter(({ last }) => last < 2 ** 32 - 1);
    expect(regions.length).toBeGreaterThan(0);
    const { kind, machine } = targetOf({ ...startedUp, dump: { ...startedUp.dump, regions } });
    expect([kind.class.bits, machine]).toEqual([32, 3]);
    expect(targetOf({ ...tiny, dump: { ...tiny.dump, regions } }).kind.class.bits).toBe(64);
  });
});

describe('memory of a dump without CPUs', () => {
  const decoded = new Set(ARCHITECTURES.map(({ id }) => id));
  const x86 = new Set(['x86-64', 'i386']);
  it.each(CPU_FAMILIES.filter(({ id }) => !x86.has(id)).map(({ id }) => id))('%s: has its machine, and no CPU notes, which is said', (id) => {
    const family = CPU_FAMILIES.find((each) => each.id === id)!;
    const builder = new ExtentBuilder();
    builder.addData(0, 8192, 0);
    const bytes = Uint8Array.from({ length: 8192 }, (_, at) => at * 7);
    const dump = { ...bareDump(builder.finish(), [{ start: 0x40000000, last: 0x40001fff, ram: 0 }]), architecture: id };
    const { file, warnings } = written(sourceOf(dump, new ArraySource(bytes), '/nowhere'), 'portable');
    const undecoded = `The registers of ${family.title} CPUs cannot be written yet: the file has no CPU notes.`;
    expect(warnings[0]).toBe(decoded.has(id) ? 'The dump holds no CPU registers, so the file has none.' : undecoded);
    const again = openToExport(file);
    expect([again.dump.architecture, again.dump.littleEndian]).toEqual([id, family.bigEndian !== true]);
    expect(readelf(file, '-h')).toMatch(family.short ? /Class: +ELF32/ : /Class: +ELF64/);
    expect(Buffer.compare(again.memory.readExact(0x40000000, 8192), bytes)).toBe(0);
    // Memory beyond 4 GiB has no place in 32-bit headers.
    const high = { ...dump, regions: dump.regions.map((region) => ({ ...region, start: region.start + 2 ** 32, last: region.last + 2 ** 32 })) };
    expect(targetOf(sourceOf(high, new ArraySource(bytes), '/nowhere')).kind.class.bits).toBe(64);
  });
});
