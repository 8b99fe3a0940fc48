/** A real guest's kernel as it would be on a machine with memory encryption (AMD SME): the encryption bit set in every entry of every page table, and in CR3. No lab can make such a machine. */
import { describe, expect, it } from 'vitest';
import type { OpenedDump } from '#engine/formats/format.ts';
import { parseVmcoreinfo } from '#engine/formats/vmcoreinfo.ts';
import { memoryRuns } from '#engine/export/memory-runs.ts';
import { readLog } from '#engine/linux/log.ts';
import { describeModules } from '#engine/linux/module-list.ts';
import { listTasks } from '#engine/linux/tasks.ts';
import type { ByteSource } from '#engine/memory/byte-source.ts';
import type { GuestMemory } from '#engine/memory/guest-memory.ts';
import { kernelOfDump } from '#engine/session/kernel-of-dump.ts';
import { translationTables } from '#engine/session/translation-root.ts';
import { LinuxQueries } from '#engine/session/linux-queries.ts';
import { TranslationSpace } from '#engine/translate/translation-space.ts';
import { fixture } from '../../fixtures/fixture.ts';
import { openToExport, sourceOf } from '../export/export-case.ts';

const plain = openToExport(fixture('linux/stream.qevm'));
const architecture = plain.architecture!;
const plainKernel = kernelOfDump(plain.dump, plain.memory, architecture);
const PAGE = 4096;
const ADDRESS = 0x000f_ffff_ffff_f000n;

/** GPAs of all tables below these roots, by the manual alone: present is bit 0, a large page bit 7. */
function tablesBelow(memory: GuestMemory, roots: readonly number[]): Set<number> {
  const found = new Set<number>();
  const visit = (table: number, level: number) => {
    if (found.has(table)) return;
    found.add(table);
    if (level === 1) return;
    for (const entry of entriesOf(memory, table)) if ((entry & 1n) !== 0n && (entry & 0x80n) === 0n) visit(Number(entry & ADDRESS), level - 1);
  };
  for (const root of roots) visit(root, 4);
  return found;
}

function entriesOf(memory: GuestMemory, table: number): BigUint64Array {
  const page = new Uint8Array(PAGE);
  memory.read(table, page);
  return new BigUint64Array(page.buffer);
}

/** The file with other pages at some places. */
function patched(source: ByteSource, pages: ReadonlyMap<number, Uint8Array>): ByteSource {
  return Object.create(source, {
    read: {
      value: (offset: number, target: Uint8Array) => {
        const length = source.read(offset, target);
        for (const [place, page] of pages) {
          const from = Math.max(place, offset);
          const to = Math.min(place + PAGE, offset + length);
          if (from < to) target.set(page.subarray(from - place, to - place), from - offset);
        }
        return length;
      },
    },
  }) as ByteSource;
}

function encrypted(bit: number): { dump: OpenedDump; memory: GuestMemory } {
  const { dump, memory } = plain;
  const mask = 1n << BigInt(bit);
  const roots = [
    ...listTasks(plainKernel).tasks.flatMap(({ root }) => root ?? []),
    ...dump.cpus.map(({ registers }) => Number(registers.cr3!.value & ADDRESS)),
  ];
  const pages = new Map<number, Uint8Array>();
  for (const table of tablesBelow(memory, roots)) {
    const entries = entriesOf(memory, table).map((entry) => ((entry & 1n) === 0n ? entry : entry | mask));
    for (const { place } of memoryRuns(memory, table, table + PAGE)) if (place >= 0) pages.set(place, new Uint8Array(entries.buffer));
  }
  const note = dump.vmcoreinfo!;
  const text = new TextDecoder().decode(note.description).replace(/^NUMBER\(sme_mask\)=0$/m, `NUMBER(sme_mask)=${mask}`);
  const vmcoreinfo = { ...note, description: new TextEncoder().encode(text) };
  const result = sourceOf(dump, patched(memory.source, pages), 'encrypted');
  const cpus = dump.cpus.map((cpu) => {
    const cr3 = cpu.registers.cr3!;
    return { ...cpu, registers: { ...cpu.registers, cr3: { ...cr3, value: cr3.value | mask } } };
  });
  const completed = architecture.completeCpus!(cpus, { memory: result.memory, vmcoreinfo: parseVmcoreinfo(vmcoreinfo) });
  return { dump: { ...dump, cpus: completed, vmcoreinfo }, memory: result.memory };
}

describe.each([47, 51])('a kernel whose page tables mark encrypted memory by bit %i', (bit) => {
  const { dump, memory } = encrypted(bit);
  const kernel = kernelOfDump(dump, memory, architecture);

  it('has the tasks, modules and log that it has without', () => {
    for (const read of [listTasks, describeModules, readLog]) expect(read(kernel)).toEqual(read(plainKernel));
  });

  it("has its processes' memory and areas behind their own tables", () => {
    const { pid, root } = listTasks(kernel).tasks.find(({ comm }) => comm === 'marker')!;
    const [task, expected] = [kernel, plainKernel].map((each) => new LinuxQueries(() => each).getTask({ pid }));
    expect(task!.areas!.length).toBeGreaterThan(5);
    expect(task).toEqual(expected);
    const pagesOf = (of: OpenedDump, held: GuestMemory) => {
      const space = new TranslationSpace(held, translationTables(architecture, of.cpus, { kind: 'root', root: root! }));
      return space.listMappings(0n, 2000).mappings.map(({ flags, ...mapping }) => ({ ...mapping, flags: flags.filter((name) => name !== 'C') }));
    };
    const pages = pagesOf(dump, memory);
    expect(pages.length).toBeGreaterThan(20);
    expect(pages).toEqual(pagesOf(plain.dump, plain.memory));
  });

  it('shows the bit in each step of a walk, apart from the address', () => {
    const tables = translationTables(architecture, dump.cpus, { kind: 'cpu', cpu: 0 });
    const steps = new TranslationSpace(memory, tables).walk(kernel.text!).steps;
    expect(steps.length).toBeGreaterThan(2);
    for (const { flags } of steps) {
      expect(flags.filter(({ name }) => name === 'C')).toMatchObject([{ bit, width: 1, value: 1n }]);
      // Every bit once.
      let next = 0;
      for (const field of flags) {
        expect(field.bit).toBe(next);
        next += field.width;
      }
      expect(next).toBe(64);
    }
  });

  it('is not found by somebody who takes the bit for a part of the address', () => {
    const ignorant = dump.cpus.map(({ encryptionBit: _, ...cpu }) => cpu);
    const space = new TranslationSpace(memory, translationTables(architecture, ignorant, { kind: 'cpu', cpu: 0 }));
    expect(space.translateAddress(kernel.text!)).toBe(false);
  });
});
