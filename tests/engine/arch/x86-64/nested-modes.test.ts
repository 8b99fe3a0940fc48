/** Nested page tables of AMD (NPT) and Intel (EPT), entry by entry as the manuals have them; a real hypervisor's are looked at by tests/lab/kvm-translate.lab.test.ts. */
import { describe, expect, it } from 'vitest';
import { x86_64 } from '#engine/arch/x86-64/index.ts';
import { ENTRY_NOT_PRESENT, ENTRY_PAGE, ENTRY_RESERVED, ENTRY_TABLE, type EntryKind, type PagingOptions } from '#engine/translate/paging-mode.ts';
import { FAULT_NOT_PRESENT, FAULT_RESERVED_BIT, Translator } from '#engine/translate/translator.ts';
import { collectWalk } from '#engine/translate/walk.ts';
import { BufferMemory } from '../../translate/buffer-memory.ts';

const NPT = x86_64.pagingMode('npt-4level');
const EPT = x86_64.pagingMode('ept-4level');
const ROOT = 0x1000;
const low = (entry: bigint) => Number(BigInt.asIntN(32, entry));
const high = (entry: bigint) => Number(BigInt.asIntN(32, entry >> 32n));
const kindOf = ({ format }: typeof NPT, level: number, entry: bigint) => format.kind(level, low(entry), high(entry), false);

/** Tables at 0x1000 to 0x4000, the top first, through each of which address 0 leads. */
function tables(pointer: bigint, leaf: bigint, pageLevel = 1): BufferMemory {
  const memory = new BufferMemory([{ start: ROOT, bytes: new Uint8Array(0x8000) }]);
  for (let level = 4; level > pageLevel; level--) memory.writeU64(ROOT + (4 - level) * 4096, BigInt(ROOT + (5 - level) * 4096) | pointer);
  memory.writeU64(ROOT + (4 - pageLevel) * 4096, leaf);
  return memory;
}

describe('NPT', () => {
  it('leads a guest-physical address to a host-physical one, and says so', () => {
    const memory = tables(7n, 0x7000n | 0x8000_0000_0000_0067n);
    const { result, steps } = collectWalk(memory, NPT, ROOT, 'nCR3', 0x123n);
    expect(steps.map(({ levelName }) => levelName)).toEqual(['PML4', 'PDPT', 'PD', 'PT']);
    expect(result).toMatchObject({ kind: 'page', physical: 0x7123, effective: { writable: true, user: true, executable: false } });
    expect(result.sentence).toContain('0x123 is at HPA 0x7123');
    expect(steps[0]!.sentence).toContain('points to the PDPT at HPA 0x2000');
    expect(steps[3]!.flags.find(({ name }) => name === 'address')?.meaning).toContain('HPA 0x7000');
  });

  it.each([
    [2, 0x20_0000n, 0x20_0000],
    [3, 0x4000_0000n, 0x4000_0000],
  ])('has large pages at level %i', (level, page, physical) => {
    const translator = new Translator(tables(7n, page | 0xe7n, level), NPT, ROOT);
    expect(translator.translateNumber(0x1234)).toBe(true);
    expect([translator.physical, translator.pageSize]).toEqual([physical + 0x1234, physical]);
  });

  it('lets nothing through an entry with US clear, at any level', () => {
    for (const memory of [tables(3n, 0x7007n), tables(7n, 0x7003n)]) {
      const translator = new Translator(memory, NPT, ROOT);
      expect([translator.translateNumber(0), translator.fault]).toEqual([false, FAULT_NOT_PRESENT]);
      expect(translator.answer(0n)).toMatchObject({ physical: null, reason: expect.stringContaining('bit 2 (US) is clear') as string });
    }
  });

  it('takes addresses without a sign: bit 47 set is one, bit 48 is none', () => {
    const memory = tables(7n, 0x7007n);
    memory.writeU64(ROOT + 256 * 8, 0x2007n);
    const translator = new Translator(memory, NPT, ROOT);
    expect(translator.translateNumber(2 ** 47)).toBe(true);
    expect(translator.translateNumber(2 ** 48)).toBe(false);
    expect(collectWalk(memory, NPT, ROOT, 'nCR3', 1n << 48n).result.sentence).toContain('it has 48 bits');
    expect(x86_64.pagingMode('npt-5level').levels).toHaveLength(5);
  });

  it('reserves NX where the host has no-execute protection off', () => {
    const options: PagingOptions = { noExecuteOff: true };
    const translator = new Translator(tables(7n, 0x8000_0000_0000_7007n), NPT, ROOT, options);
    expect([translator.translateNumber(0), translator.fault]).toEqual([false, FAULT_RESERVED_BIT]);
  });

  it('is a second stage, in which the first one speaks of GPAs', () => {
    const memory = tables(7n, 0x5007n);
    // The guest's one table of 2 MiB pages is at GPA 0, which is HPA 0x5000.
    const guest = { ...x86_64.pagingMode('x86-64-4level'), levels: [{ level: 2, name: 'PD', shift: 21, bits: 9 }] };
    memory.writeU64(0x5000, 0xe3n);
    const below = { mode: NPT, root: ROOT, source: 'nCR3', options: {} };
    const { result, steps } = collectWalk(memory, guest, 0, 'CR3', 0x10n, { below });
    expect(steps[0]!.below?.result).toMatchObject({ kind: 'page', physical: 0x5000 });
    expect(result).toMatchObject({ kind: 'page', physical: 0x5010, effective: { user: false, writable: true } });
    expect(result.sentence).toContain('at HPA 0x5010 (GPA 0x10)');
    memory.writeU64(0x5000, 0xa000e3n);
    const fault = collectWalk(memory, guest, 0, 'CR3', 0x10n, { below }).result;
    expect(fault.sentence).toMatch(/is at GPA 0xa00010, which the second stage does not translate.*nested page fault \(#NPF\)/);
  });
});

describe('EPT', () => {
  it('reads R, W and X of every level, and no user bit', () => {
    const memory = tables(7n, 0x7000n | 0x35n);
    const { result } = collectWalk(memory, EPT, ROOT, 'EPTP', 0x10n);
    expect(result).toMatchObject({
      kind: 'page',
      physical: 0x7010,
      flags: ['R', 'X', 'WB'],
      effective: { writable: false, user: true, executable: true },
    });
    const readOnly = collectWalk(tables(1n, 0x7000n | 0x37n), EPT, ROOT, 'EPTP', 0x10n).result;
    expect(readOnly).toMatchObject({ effective: { writable: false, executable: false } });
  });

  it.each<[string, number, bigint, EntryKind]>([
    ['all of R, W and X clear is not present, whatever else stands there', 1, 0xfff8n, ENTRY_NOT_PRESENT],
    ['execute alone is a page', 1, 0x7034n, ENTRY_PAGE],
    ['bit 7 of a last entry does not count', 1, 0x70b7n, ENTRY_PAGE],
    ['W without R is misconfigured', 1, 0x7032n, ENTRY_RESERVED],
    ['W and X without R is misconfigured, in a pointer too', 3, 0x7006n, ENTRY_RESERVED],
    ['memory type 2 is misconfigured', 1, 0x7017n, ENTRY_RESERVED],
    ['memory type 3 is misconfigured', 1, 0x701fn, ENTRY_RESERVED],
    ['memory type 7 is misconfigured', 2, 0x20_00bfn, ENTRY_RESERVED],
    ['memory types 0, 1, 4, 5 are pages', 2, 0x20_00afn, ENTRY_PAGE],
    ['bits 3 to 6 of a pointer are reserved', 2, 0x700fn, ENTRY_RESERVED],
    ['bit 7 of a PML4 entry is reserved', 4, 0x7087n, ENTRY_RESERVED],
    ['address bits below a 2 MiB page are reserved, bit 12 among them', 2, 0x20_10b7n, ENTRY_RESERVED],
    ['address bits below a 1 GiB page are reserved', 3, 0x4020_00b7n, ENTRY_RESERVED],
    ['a pointer may have A and software bits', 3, 0x05f0_0000_0000_7907n, ENTRY_TABLE],
  ])('%s', (_name, level, entry, kind) => {
    expect(kindOf(EPT, level, entry)).toBe(kind);
    const reserved = EPT.format.fields(level, entry, kind, false).filter((field) => field.reserved === true);
    if (kind === ENTRY_PAGE || kind === ENTRY_TABLE) expect(reserved).toEqual([]);
  });

  it('says what is misconfigured', () => {
    const reason = (leaf: bigint) => collectWalk(tables(7n, leaf), EPT, ROOT, 'EPTP', 0n).result.sentence;
    expect(reason(0x7006n)).toContain('without bit 0 (R)');
    expect(reason(0x701fn)).toContain('memory type 3');
    expect(reason(0x7017n)).toContain('EPT misconfiguration');
    expect(reason(0n)).toBe('PT[0] is not present: bits 0 to 2 (R, W, X) are clear.');
  });

  it('names every bit of every kind of entry once', () => {
    for (const [level, entry] of [
      [1, 0x8000_0000_0000_7637n],
      [2, 0x20_00b7n],
      [3, 0x7007n],
      [3, 0x4000_00b7n],
      [5, 0x7107n],
      [1, 0n],
    ] as const) {
      const fields = EPT.format.fields(level, entry, kindOf(EPT, level, entry), false);
      let next = 0;
      for (const { bit, width } of fields) {
        expect(bit).toBe(next);
        next = bit + width;
      }
      expect(next).toBe(64);
    }
  });

  it('takes what KVM keeps in entries that nothing uses for nothing', () => {
    expect(EPT.format.isEmpty?.(1, 0, 0x8000_0000 | 0)).toBe(true);
    expect(EPT.format.isEmpty?.(1, 0x5a0, 0)).toBe(false);
  });
});
