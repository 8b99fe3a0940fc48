/** A session over the tiny guest, whose page tables and registers are known from its source (lab guests/tiny.S). */
import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DumpSession } from '../../../src/main/engine/session/dump-session.ts';
import { projectPath } from '../../../src/main/engine/session/project-file.ts';
import { copyOfSample, newFolder } from '../../hosts/sample-dump.ts';

const CPU0 = { kind: 'cpu', cpu: 0 } as const;
const quiet = { report: () => undefined };

let path: string;
let session: DumpSession;

const openAt = (file: string) => DumpSession.open({ paths: [file], mapping: true, options: {} }, quiet);

beforeEach(async () => {
  path = copyOfSample(newFolder());
  session = await openAt(path);
});

afterEach(() => session.close());

describe('typed text', () => {
  const titles = (text: string) => session.resolveText({ text, root: CPU0 }).map(({ space, address }) => `${space} ${address.toString(16)}`);

  test.each([
    ['rsp', 'gva ffffffff80280000'],
    ['$RSP+0x20', 'gva ffffffff80280020'],
    ['rsp - 8', 'gva ffffffff8027fff8'],
    ['cr3', 'gpa 200000'],
    ['idt', 'gva ffffffff80208000'],
    ['pfn:200', 'gpa 200000'],
    ['gpa:0x300000', 'gpa 300000'],
    ['gva: 15 0000', 'gva 150000'],
    ['file:0x10', 'file 10'],
    ['pc.ram+0x1000', 'gpa 1000'],
    ['pc.bios', 'gpa fffc0000'],
    ['ffff ffff 8030 0000', 'gva ffffffff80300000'],
    ['ffff`80300000', 'gva ffff80300000'],
  ])('%s leads first to %s', (text, first) => {
    expect(titles(text)[0]).toBe(first);
  });

  test('a bare number that both spaces can hold leads to both', () => {
    expect(titles('150000')).toEqual(['gva 150000', 'gpa 150000']);
  });

  test.each(['', 'no such thing', 'pfn:zz', 'file:ffffffffff', '1ffffffffffffffff', 'rsp+'])('%j leads nowhere', (text) => {
    expect(titles(text)).toEqual([]);
  });
});

describe('virtual memory', () => {
  const read = (address: bigint, length: number) => session.readMemory({ space: 'gva', address, length, root: CPU0 });

  test('shows the guest text through a 2 MiB kernel page', () => {
    const { bytes, spans } = read(0xffff_ffff_8030_0000n, 29);
    expect(Buffer.from(bytes).toString('latin1')).toBe('tiny guest page of known text');
    expect(spans).toEqual([{ start: 0, end: 29, state: 'present' }]);
  });

  test('an unmapped page between mapped ones is unmapped, not zero', () => {
    const { spans } = read(0x15_4ff8n, 0x1010);
    expect(spans.map(({ start, end, state }) => [start, end, state])).toEqual([
      [0, 8, 'present'],
      [8, 0x1008, 'unmapped'],
      [0x1008, 0x1010, 'absent'],
    ]);
  });

  test('a page outside RAM is absent although it is mapped', () => {
    expect(read(0x15_6000n, 16).spans).toEqual([{ start: 0, end: 16, state: 'absent' }]);
  });

  test('a table outside RAM makes its addresses absent, with the reason', () => {
    expect(read(0xffff_ffff_4000_0000n, 16).spans).toEqual([{ start: 0, end: 16, state: 'absent', reason: 'the page table is not in the dump' }]);
  });

  test('a read at the end of the address space is cut there', () => {
    expect(read(0xffff_ffff_ffff_fff8n, 64).bytes).toHaveLength(8);
  });

  test('a non-canonical address is named as such', () => {
    expect(read(0x8000_0000_0000_0000n, 16).spans[0]).toMatchObject({ state: 'unmapped', reason: 'not a canonical address' });
  });
});

describe('corrections of the map', () => {
  const move = { start: 0x1000_0000, last: 0x1000_0fff, block: 'pc.ram', blockOffset: 0x30_0000 };

  test('show the block at its new place, marked as the user’s, and are kept beside the dump', async () => {
    const map = session.correctMemoryMap({ corrections: [move] });
    expect(map.regions.find(({ start }) => start === move.start)).toMatchObject({ block: 'pc.ram', evidence: { strength: 'user' } });
    const { bytes } = session.readMemory({ space: 'gpa', address: 0x1000_0000n, length: 4, root: CPU0 });
    expect(Buffer.from(bytes).toString('latin1')).toBe('tiny');

    const again = await openAt(path);
    expect(again.getMemoryMap().corrections).toEqual([move]);
    expect(again.summary('d').projectFile).toBe(projectPath(path));
    again.close();
  });

  test('taken back leave the map as the dump proves it and no file', () => {
    const proven = session.getMemoryMap();
    session.correctMemoryMap({ corrections: [move] });
    expect(session.correctMemoryMap({ corrections: [] })).toEqual(proven);
    expect(fs.existsSync(projectPath(path))).toBe(false);
  });

  test('with no block take memory away: a walk through it ends in a missing table', () => {
    session.correctMemoryMap({ corrections: [{ start: 0x20_0000, last: 0x20_0fff, block: null, blockOffset: 0 }] });
    expect(session.walk({ address: 0x1000n, root: CPU0 }).result).toMatchObject({ kind: 'fault', reason: 'table-missing' });
  });

  test.each([
    ['ends before it starts', { ...move, last: 0 }, /cannot end/],
    ['is not page-aligned', { ...move, start: 0x1000_0001 }, /not a multiple/],
    ['names no block', { ...move, block: 'pc.rum' }, /no RAM block named "pc.rum"/],
    ['ends beyond the block', { ...move, blockOffset: 0x80_0000 }, /which is 0x800000 bytes long/],
  ])('one that %s is refused', (_what, correction, message) => {
    expect(() => session.correctMemoryMap({ corrections: [correction] })).toThrow(message);
    expect(session.getMemoryMap().corrections).toEqual([]);
  });

  test('in a damaged project file are not obeyed, and the damage is said', async () => {
    fs.writeFileSync(projectPath(path), '{"version": 1, "memoryMap": [{"start": "zero"}]}');
    const again = await openAt(path);
    expect(again.getMemoryMap().corrections).toEqual([]);
    expect(again.summary('d').diagnostics.map(({ code }) => code)).toContain('project-file-unusable');
    again.close();
  });
});

test('a session in another thread’s place reads the same memory from the shared image', () => {
  const { image } = session;
  const copy = structuredClone(image);
  const adopted = DumpSession.adopt(copy);
  const wanted = { space: 'gpa', address: 0x20_0000n, length: 4096, root: CPU0 } as const;
  expect(adopted.readMemory(wanted)).toEqual(session.readMemory(wanted));
  expect(adopted.getMemoryMap()).toEqual(session.getMemoryMap());
});

test('a walk from a typed-in root names it, and a CPU that is not there is a bad request', () => {
  expect(session.walk({ address: 0x1000n, root: { kind: 'root', root: 0x20_0000 } })).toMatchObject({
    rootSource: 'typed in: 0x200000',
    result: { kind: 'page', physical: 0x1000 },
  });
  expect(() => session.walk({ address: 0n, root: { kind: 'cpu', cpu: 7 } })).toThrow(/there is no CPU 7: there are CPUs 0 to 1/);
});

test('an address is described with its block, its translation and its state', () => {
  expect(session.describeAddress({ space: 'gva', address: 0xffff_ffff_8030_0000n, root: CPU0 })).toMatchObject({
    label: 'pc.ram + 0x300000',
    translation: '→ GPA 0000 0030 0000, 2 MiB page',
    physical: 0x30_0000,
    state: 'present',
  });
  const { fileOffset } = session.describeAddress({ space: 'gpa', address: 0x30_0004n, root: CPU0 });
  expect(session.describeAddress({ space: 'file', address: BigInt(fileOffset ?? 0), root: CPU0 })).toMatchObject({
    label: 'pc.ram + 0x300004',
    physical: 0x30_0004,
  });
  expect(session.describeAddress({ space: 'file', address: 0n, root: CPU0 })).toMatchObject({ label: 'no guest memory', physical: null });
  expect(session.describeAddress({ space: 'gpa', address: 0x800_0000n, root: CPU0 }).label).toBe('not in the dump');
  expect(session.describeAddress({ space: 'gva', address: 0x15_5000n, root: CPU0 }).label).toBe('not mapped');
});
