import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ref, type Ref } from 'vue';
import { compareCpus, onlyDifferences } from '../../../src/renderer/src/features/registers/compare-cpus.ts';
import { filterSections, sectionsOf, setFields } from '../../../src/renderer/src/features/registers/register-rows.ts';
import { useRovingRows } from '../../../src/renderer/src/features/registers/use-roving-rows.ts';
import type { CpuView } from '../../../src/shared/model/index.ts';
import { tinyCpus } from './real-cpus.ts';

const folder = mkdtempSync(join(tmpdir(), 'registers-'));
let cpus: CpuView[];
beforeAll(async () => void (cpus = await tinyCpus(folder)));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const names = (text: string): string[] => filterSections(sectionsOf(cpus[0]!), text).flatMap(({ rows }) => rows.map(({ name }) => name));

describe('sections', () => {
  it('hold every register and segment once', () => {
    const sections = sectionsOf(cpus[0]!);
    const ids = sections.flatMap(({ rows }) => rows.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toHaveLength(cpus[0]!.registers.length + cpus[0]!.segments.length);
    expect(sections.slice(0, 3).map(({ title }) => title)).toEqual(['General', 'Control', 'Segments']);
  });
  it('summarise a control register by its set bits', () => {
    const cr0 = cpus[0]!.registers.find(({ name }) => name === 'cr0');
    expect(setFields(cr0!.fields)).toEqual(['PG', 'WP', 'NE', 'ET', 'MP', 'PE']);
  });
});

describe('the filter', () => {
  it('finds a register by name, by a bit, by a bit’s long name, by value', () => {
    expect(names('rip')).toContain('rip');
    expect(names('smep')).toContain('cr4');
    expect(names('write protect')).toContain('cr0');
    expect(names('0x2d72617820726178')).toEqual(['rax']);
    expect(names('6773')).toContain('gs_base');
  });
  it('finds a group by its title and a segment by what it is', () => {
    expect(names('floating')).toContain('fcw');
    expect(names('64-bit code readable')).toEqual(['cs']);
  });
  it('wants every word, and finds nothing where there is nothing', () => {
    expect(names('cr paging')).toContain('cr0');
    expect(names('cr0 zzz')).toEqual([]);
    expect(names('  ')).toHaveLength(cpus[0]!.registers.length + cpus[0]!.segments.length);
  });
});

describe('all CPUs side by side', () => {
  // CPU 1 of the tiny guest was never started: it halts in the firmware, in 32-bit mode without paging.
  const row = (name: string) =>
    compareCpus(cpus)
      .flatMap(({ rows }) => rows)
      .find((candidate) => candidate.id === name);

  it('mark a register that differs, with the bits that do', () => {
    expect(row('cr0')).toMatchObject({ differs: true });
    // QEMU: CR0=80010033 and CR0=00000011.
    expect(row('cr0')?.differingFields.sort()).toEqual(['MP', 'NE', 'PG', 'WP']);
    expect(row('segment-gdt')?.differs).toBe(true);
  });
  it('do not mark what is the same', () => expect(row('mxcsr')).toMatchObject({ differs: false, differingFields: [] }));
  it('can be cut down to the differences', () => {
    const rows = onlyDifferences(compareCpus(cpus)).flatMap(({ rows: shown }) => shown);
    expect(rows.length).toBeGreaterThan(10);
    expect(rows.every(({ differs }) => differs)).toBe(true);
  });
  it('list a register that one CPU lacks, as a difference', () => {
    const [first, second] = cpus;
    const without = { ...second!, registers: second!.registers.filter(({ name }) => name !== 'mxcsr') };
    const rows = compareCpus([first!, without]).flatMap(({ rows: shown }) => shown);
    expect(rows.find(({ id }) => id === 'mxcsr')).toMatchObject({ differs: true, cells: [expect.anything(), undefined] });
  });
});

describe('one tab stop', () => {
  const press = (key: string, held = {}) => ({ key, ctrlKey: false, altKey: false, metaKey: false, ...held });
  const list = (...ids: string[]): Ref<readonly string[]> => ref(ids);

  it('moves with the arrows and stays in the list', () => {
    const rows = useRovingRows(list('a', 'b', 'c'));
    expect(rows.active.value).toBe('a');
    rows.onKey(press('ArrowUp'));
    expect(rows.active.value).toBe('a');
    rows.onKey(press('End'));
    rows.onKey(press('ArrowDown'));
    expect(rows.active.value).toBe('c');
    rows.onKey(press('Home'));
    expect(rows.active.value).toBe('a');
  });
  it('unfolds with Enter, Right and Space, and folds with Left', () => {
    const rows = useRovingRows(list('a', 'b'));
    rows.onKey(press('Enter'));
    expect([...rows.unfolded.value]).toEqual(['a']);
    rows.onKey(press('ArrowRight'));
    expect([...rows.unfolded.value]).toEqual(['a']);
    rows.onKey(press('ArrowLeft'));
    expect([...rows.unfolded.value]).toEqual([]);
  });
  it('leaves keys with Alt or Ctrl to the shell', () => {
    const rows = useRovingRows(list('a', 'b'));
    expect(rows.onKey(press('ArrowLeft', { altKey: true }))).toBe(false);
    expect(rows.onKey(press('g', { ctrlKey: true }))).toBe(false);
  });
  it('is always on a row that is there', () => {
    const ids = list('a', 'b', 'c');
    const rows = useRovingRows(ids);
    rows.setActive('c');
    ids.value = ['a', 'b'];
    expect(ids.value).toContain(rows.active.value);
    ids.value = [];
    expect(rows.active.value).toBeNull();
    expect(rows.onKey(press('Enter'))).toBe(false);
  });
  it('keeps folds over a filter', () => {
    const ids = list('a', 'b');
    const rows = useRovingRows(ids);
    rows.toggle('b');
    ids.value = ['a'];
    ids.value = ['a', 'b'];
    expect(rows.unfolded.value.has('b')).toBe(true);
  });
});
