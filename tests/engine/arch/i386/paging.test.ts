/** 32-bit and PAE page tables, made by hand after the SDM's tables of entry formats. Against QEMU's answers: tests/lab/translate.lab.test.ts. */
import { describe, expect, it } from 'vitest';
import { i386 } from '#engine/arch/i386/index.ts';
import { mappings } from '#engine/translate/mappings.ts';
import { readPageTable } from '#engine/translate/page-table.ts';
import { Translator } from '#engine/translate/translator.ts';
import { collectWalk } from '#engine/translate/walk.ts';
import type { PagingModeId } from '#shared/model/index.ts';
import { BufferMemory } from '../../translate/buffer-memory.ts';

/** 64 KiB of memory at 0 with these words in it. */
function memoryWith(words: readonly (readonly [address: number, low: number, high?: number])[]): BufferMemory {
  const bytes = Buffer.alloc(0x10000);
  for (const [address, low, high] of words) {
    bytes.writeUInt32LE(low >>> 0, address);
    if (high !== undefined) bytes.writeUInt32LE(high >>> 0, address + 4);
  }
  return new BufferMemory([{ start: 0, bytes }]);
}

/** What walk, translator and mapping list say of an address; they must agree. */
function ask(memory: BufferMemory, id: PagingModeId, root: number, address: bigint, options = {}) {
  const mode = i386.pagingMode(id);
  const { result, steps } = collectWalk(memory, mode, root, 'test', address, options);
  const answer = new Translator(memory, mode, root, options).answer(address);
  expect(answer.physical).toBe(result.kind === 'page' ? result.physical : null);
  const row = [...mappings(memory, mode, root, options)].find(({ start, last }) => start <= address && address <= last);
  expect(row === undefined ? null : row.physical + Number(address - row.start)).toBe(answer.physical);
  if (row && result.kind === 'page') expect(row.effective).toEqual(result.effective);
  for (const { flags, entry } of steps) {
    // Every bit that is set belongs to a field.
    const covered = flags.reduce((sum, { bit, value }) => sum | (value << BigInt(bit)), 0n);
    expect((entry ?? 0n) & ~covered).toBe(0n);
  }
  return { result, steps, flags: 'flags' in answer ? answer.flags : undefined };
}

describe('32-bit paging', () => {
  const PD = 0x1000;
  const memory = memoryWith([
    [PD + 4 * 0, 0x2007],
    [PD + 4 * 1, 0x0040_00e3],
    // Bits 13 to 20 are bits 32 to 39 of the address: 0x12.
    [PD + 4 * 3, 0x0080_00e7 | (0x12 << 13)],
    [PD + 4 * 4, 0x0020_00e7],
    [PD + 4 * 1023, 0x9000_0007],
    [0x2000 + 4 * 5, 0x7005],
    [0x2000 + 4 * 6, 0x8001],
    [0x2000 + 4 * 7, 0xfee0_0000],
  ]);

  it('reads entries of 4 bytes, the odd ones too', () => {
    expect(ask(memory, 'x86-32', PD, 0x5123n).result).toMatchObject({ physical: 0x7123, pageSize: 4096, effective: { writable: false, user: true } });
    expect(ask(memory, 'x86-32', PD, 0x6123n).result).toMatchObject({
      physical: 0x8123,
      effective: { writable: false, user: false, executable: true },
    });
    expect(ask(memory, 'x86-32', PD, 0x7000n).result).toMatchObject({ kind: 'fault', reason: 'not-present' });
  });

  it('has pages of 4 MiB, above 4 GiB as well (PSE-36)', () => {
    const { result, flags, steps } = ask(memory, 'x86-32', PD, 0x0041_2345n);
    expect(result).toMatchObject({ physical: 0x0041_2345, pageSize: 2 ** 22 });
    expect(flags).toEqual(['P', 'RW', 'A', 'D', 'PS']);
    expect(steps).toHaveLength(1);
    expect(ask(memory, 'x86-32', PD, 0x00c1_2345n).result).toMatchObject({ physical: 0x12_0081_2345 });
  });

  it('faults on the reserved bit of a large page, and tells a table that is not there', () => {
    expect(ask(memory, 'x86-32', PD, 0x0100_0000n).result).toMatchObject({ reason: 'reserved-bit' });
    expect(ask(memory, 'x86-32', PD, 0xffff_f000n).result).toMatchObject({ reason: 'table-missing' });
    expect(ask(memory, 'x86-32', PD, 0x1_0000_0000n).result).toMatchObject({ reason: 'non-canonical' });
  });

  it('shows a table of 1024 entries', () => {
    const { entries } = readPageTable(memory, i386.pagingMode('x86-32'), 0x2000, 1, 0n);
    expect(entries).toHaveLength(1024);
    expect(entries[5]).toMatchObject({ entry: 0x7005n, kind: 'page', target: 0x7000, virtual: 0x5000n });
    expect(entries[7]).toMatchObject({ entry: 0xfee0_0000n, kind: 'not-present' });
  });
});

describe('PAE paging', () => {
  // Not at the start of a page: any multiple of 32 will do.
  const ROOT = 0x1b40;
  const memory = memoryWith([
    [ROOT, 0x2001, 0],
    [ROOT + 8, 0x2003, 0],
    [ROOT + 16, 0x2021, 0],
    [ROOT + 24, 0x2001, 0x10_0000],
    [0x2000, 0x3067, 0],
    [0x2008, 0x0020_00e3, 0x8000_0001],
    [0x2010, 0x3067, 0x0010_0000],
    [0x3000, 0x7063, 0x8000_0000],
    [0x3008, 0x8067, 0],
  ]);

  it('starts from a table of four entries that give no rights of their own', () => {
    const { result, steps } = ask(memory, 'x86-pae', ROOT, 0x1234n);
    expect(result).toMatchObject({ physical: 0x8234, effective: { writable: true, user: true, executable: true } });
    expect(steps.map(({ levelName, table, entryAddress }) => [levelName, table, entryAddress])).toEqual([
      ['PDPT', ROOT, ROOT],
      ['PD', 0x2000, 0x2000],
      ['PT', 0x3000, 0x3008],
    ]);
    expect(ask(memory, 'x86-pae', ROOT, 0x234n).result).toMatchObject({ effective: { user: false, executable: false } });
  });

  it('has pages of 2 MiB above 4 GiB, and bit 63 that is reserved without EFER.NXE', () => {
    expect(ask(memory, 'x86-pae', ROOT, 0x21_2345n).result).toMatchObject({ physical: 0x1_0021_2345, pageSize: 2 ** 21 });
    expect(ask(memory, 'x86-pae', ROOT, 0x21_2345n, { noExecuteOff: true }).result).toMatchObject({ reason: 'reserved-bit' });
  });

  it('faults on reserved bits, of the top table and of others; bit 5 of the top table is what QEMU leaves there', () => {
    const reasonAt = (address: bigint) => {
      const { result } = ask(memory, 'x86-pae', ROOT, address);
      return result.kind === 'fault' ? result.reason : 'page';
    };
    expect([0x4000_1000n, 0x8000_1000n, 0xc000_1000n, 0x0040_0000n].map(reasonAt)).toEqual(['reserved-bit', 'page', 'reserved-bit', 'reserved-bit']);
    const { steps } = ask(memory, 'x86-pae', ROOT, 0xc000_1000n);
    expect(steps.at(-1)?.conclusion).toEqual({ kind: 'reserved', bits: [52] });
  });
});
