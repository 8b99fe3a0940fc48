/** A guest's memory by memslots and by nested tables, on a host of a few pages; real hosts are looked at by tests/lab/kvm-translate.lab.test.ts. */
import { describe, expect, it } from 'vitest';
import { x86_64 } from '#engine/arch/x86-64/index.ts';
import { compareRoads } from '#engine/kvm/agreement.ts';
import { MemslotMap } from '#engine/kvm/memslot-map.ts';
import { MemslotMemory } from '#engine/kvm/memslot-memory.ts';
import { kvmMode } from '#engine/kvm/spte-format.ts';
import type { SpteMarks } from '#engine/kvm/spte-marks.ts';
import { ENTRY_PAGE } from '#engine/translate/paging-mode.ts';
import { Translator } from '#engine/translate/translator.ts';
import { collectWalk } from '#engine/translate/walk.ts';
import type { Memslot, Walk } from '#shared/model/index.ts';
import { BufferMemory } from '../translate/buffer-memory.ts';

const LONG = x86_64.pagingMode('x86-64-4level');
const MARKS: SpteMarks = {
  mmio: { mask: (1n << 51n) | 1n, value: (1n << 51n) | 1n },
  hostWritable: 9,
  mmuWritable: 10,
  memory: 11,
  encryption: undefined,
};
const NPT = kvmMode(x86_64.pagingMode('npt-4level'), MARKS);
const HVA = 0x7f12_3450_0000n;
const SLOT: Memslot = { addressSpace: 0, id: 0, baseGfn: 0, npages: 0x20, userspaceAddr: HVA, flags: [] };
/** Shows two pages of the first once more, as firmware below 4 GiB is shown. */
const ALIAS: Memslot = { addressSpace: 0, id: 1, baseGfn: 0x40, npages: 2, userspaceAddr: HVA + 0x10000n, flags: ['readonly'] };
const SMM: Memslot = { ...SLOT, addressSpace: 1, npages: 0x30 };
const PROCESS = 0x1000;
const NESTED = 0x2000;
/** Pages of the guest's memory, in another order than the guest's. */
const frameOf = (gfn: number) => 0x10_0000 + ((gfn * 7) % 32) * 4096;

class Host {
  readonly memory = new BufferMemory([
    { start: 0, bytes: new Uint8Array(0x10000) },
    { start: 0x10_0000, bytes: new Uint8Array(0x2_0000) },
  ]);
  #free = 0x3000;

  /** Puts an entry where tables of 4 levels lead the address; returns nothing of the tables that it makes. */
  map(root: number, address: bigint, entry: bigint, level = 1): void {
    let table = root;
    for (let at = 4; at > level; at--) {
      const place = table + Number((address >> BigInt(12 + 9 * (at - 1))) & 511n) * 8;
      this.memory.readU64(place);
      if (this.memory.low === 0) {
        this.memory.writeU64(place, BigInt(this.#free) | 7n);
        table = this.#free;
        this.#free += 4096;
      } else table = this.memory.low & ~0xfff;
    }
    this.memory.writeU64(table + Number((address >> BigInt(12 + 9 * (level - 1))) & 511n) * 8, entry);
  }

  /** A page of slot 0 in the process, and in the nested tables. */
  page(gfn: number, { process = 0x67n, nested = 0xe67n }: { process?: bigint | null; nested?: bigint | null } = {}): void {
    if (process !== null) this.map(PROCESS, HVA + BigInt(gfn * 4096), BigInt(frameOf(gfn)) | process);
    if (nested !== null) this.map(NESTED, BigInt(gfn * 4096), BigInt(frameOf(gfn)) | nested);
  }

  get guest(): MemslotMemory {
    return new MemslotMemory(this.memory, new MemslotMap([ALIAS, SMM, SLOT], 0), new Translator(this.memory, LONG, PROCESS));
  }

  nestedWalk(gpa: number): Walk {
    return collectWalk(this.memory, NPT, NESTED, 'nested CR3', BigInt(gpa));
  }

  compare(gpa: number, { memslot = SLOT, invalidating = false }: { memslot?: Memslot | null; invalidating?: boolean } = {}) {
    const hva = memslot && memslot.userspaceAddr + BigInt(gpa - memslot.baseGfn * 4096);
    const host = hva === null ? null : collectWalk(this.memory, LONG, PROCESS, 'mm.pgd', hva, { leadsTo: 'HPA' });
    return compareRoads({ memslot, host, nested: this.nestedWalk(gpa), marks: MARKS, invalidating });
  }
}

it('an address in a nested table is read apart from the bit that marks encrypted memory (AMD SME)', () => {
  const { format } = kvmMode(x86_64.pagingMode('npt-4level'), { ...MARKS, encryption: 47 });
  const entry = (1n << 47n) | 0x1_2345_6000n | 0x67n;
  expect(format.target(1, Number(entry & 0xffff_ffffn), Number(entry >> 32n), ENTRY_PAGE)).toBe(0x1_2345_6000);
  expect(format.fields(1, entry, ENTRY_PAGE, false).filter(({ name }) => name === 'C')).toMatchObject([{ bit: 47, value: 1n }]);
});

describe('memslots', () => {
  const slots = new MemslotMap([ALIAS, SMM, SLOT], 0);

  it('lead from a GPA to its HVA, at both ends of each', () => {
    expect([0, 0x1ffff, 0x20000, 0x3ffff, 0x40000, 0x41fff, 0x42000].map((gpa) => slots.hvaOf(gpa))).toEqual([
      Number(HVA),
      Number(HVA) + 0x1ffff,
      undefined,
      undefined,
      Number(HVA) + 0x10000,
      Number(HVA) + 0x11fff,
      undefined,
    ]);
    expect(new MemslotMap([], 0).hvaOf(0)).toBeUndefined();
    expect(new MemslotMap([SMM, SLOT], 1).hvaOf(0x2f000)).toBe(Number(HVA) + 0x2f000);
  });

  it('lead back from an HVA to every GPA that shows it', () => {
    expect(slots.gpasOf(Number(HVA) + 0x11008).map(({ gpa, slot }) => [gpa, slot.id])).toEqual([
      [0x11008, 0],
      [0x41008, 1],
    ]);
    expect(slots.gpasOf(Number(HVA) - 1)).toEqual([]);
  });
});

describe("a guest's memory", () => {
  it('is read page by page wherever the host has each, and says what it has not', () => {
    const host = new Host();
    host.page(0);
    host.page(1);
    host.memory.writeU64(frameOf(0) + 0xff8, 0x1111_2222_3333_4444n);
    host.memory.writeU64(frameOf(1), 0x5555_6666_7777_8888n);
    const bytes = new Uint8Array(0x1010);
    expect(host.guest.read(0xff8, bytes)).toEqual([
      { start: 0, end: 0x1008, state: 'present' },
      { start: 0x1008, end: 0x1010, state: 'absent', reason: 'its process has no page there' },
    ]);
    expect(new DataView(bytes.buffer).getBigUint64(0, true)).toBe(0x1111_2222_3333_4444n);
    expect(new DataView(bytes.buffer).getBigUint64(8, true)).toBe(0x5555_6666_7777_8888n);
    const { guest } = host;
    expect([guest.readU64(0x1000), guest.low, guest.high]).toEqual([true, 0x7777_8888, 0x5555_6666]);
    expect([guest.readU64(0x2000), guest.low, guest.high]).toEqual([false, 0, 0]);
  });

  it('has no memory between its slots and above them, however much is asked for', () => {
    const { guest } = new Host();
    const none = 'no memslot holds it';
    expect(guest.read(0x1f000, new Uint8Array(0x22000)).map(({ end, reason }) => [end, reason])).toEqual([
      [0x1000, 'its process has no page there'],
      [0x21000, none],
      [0x22000, 'its process has no page there'],
    ]);
    expect(guest.read(0x1_0000_0000, new Uint8Array(16))).toEqual([{ start: 0, end: 16, state: 'absent', reason: none }]);
    expect(() => guest.readExact(0x42000, 8)).toThrow('GPA 0x42000 of the guest');
  });

  it('is not known where tables of its process are not in the dump', () => {
    const host = new Host();
    host.memory.writeU64(PROCESS + Number(HVA >> 39n) * 8, 0x80_0000n | 7n);
    const [span] = host.guest.read(0, new Uint8Array(8));
    expect(span).toMatchObject({ state: 'absent', reason: 'page tables of its process are not in the dump' });
  });
});

describe('two roads', () => {
  it('agree where both lead to the same byte', () => {
    const host = new Host();
    host.page(3);
    expect(host.compare(0x3010)).toEqual({ agree: true, sentence: `Both roads lead to HPA 0x${(frameOf(3) + 0x10).toString(16)}.` });
  });

  it.each([
    ['not faulted in', null, 'has not touched it'],
    ['taken by a thread (0x5a0)', 0x5a0n, 'is about to come or to go'],
    ['taken by a thread, of Linux 6.13', (1n << 63n) | 0x498n, 'is about to come or to go'],
    ['watched for accesses', 0x10_5800n | (5n << 54n), 'rights of PT[4] away for a while'],
    ['marked as no memory', (1n << 51n) | 0x4000n | 0xd9n, 'marked the page as no memory'],
  ])('have no contradiction where the nested entry is %s', (_name, entry, words) => {
    const host = new Host();
    host.page(4, { nested: null });
    if (entry !== null) host.map(NESTED, 0x4000n, entry);
    const { agree, sentence } = host.compare(0x4000);
    expect(agree).toBeNull();
    expect(sentence).toContain(words);
  });

  it('have no contradiction where the process has given the page up', () => {
    const host = new Host();
    host.page(5, { process: null });
    host.page(6);
    expect(host.compare(0x5000)).toMatchObject({ agree: null, sentence: expect.stringContaining('swapped out') as string });
    const private_ = { ...SLOT, flags: ['guest-memfd'] };
    expect(host.compare(0x5000, { memslot: private_ }).sentence).toContain('guest_memfd');
  });

  it('disagree where they lead to different bytes, and say which', () => {
    const host = new Host();
    host.page(7, { nested: null });
    host.map(NESTED, 0x7000n, BigInt(frameOf(8)) | 0xe67n);
    const { agree, sentence } = host.compare(0x7000);
    expect(agree).toBe(false);
    expect(sentence).toContain(`HPA 0x${frameOf(8).toString(16)}, the memslot to HPA 0x${frameOf(7).toString(16)}`);
    expect(host.compare(0x7000, { invalidating: true }).sentence).toContain('exchanging pages');
  });

  it('agree that there is no memory where no memslot is and no entry; disagree where an entry is left', () => {
    const host = new Host();
    host.page(0);
    expect(host.compare(0x30_0000, { memslot: null })).toMatchObject({ agree: true });
    host.map(NESTED, 0x30_0000n, (1n << 51n) | 1n);
    expect(host.compare(0x30_0000, { memslot: null }).sentence).toContain('marked the page as such');
    host.map(NESTED, 0x30_1000n, BigInt(frameOf(1)) | 0xe67n);
    expect(host.compare(0x30_1000, { memslot: null })).toMatchObject({ agree: false });
  });

  it.each([
    [{ flags: ['log-dirty-pages'] }, 0xe65n, 0x67n, 'dirty logging'],
    [{ flags: ['readonly'] }, 0x865n, 0x67n, 'slot is read-only'],
    [{ flags: [] }, 0x865n, 0x65n, 'shared until'],
    [{ flags: [] }, 0xe65n, 0x67n, 'KVM wants to see'],
    [{ flags: [] }, 0xa65n, 0x67n, 'guest inside the guest'],
    [{ flags: [] }, 0x865n, 0x67n, 'next write makes it writable'],
  ])('say why the guest may not write a page: %o %#', (slot, nested, process, words) => {
    const host = new Host();
    host.page(9, { nested, process });
    const { agree, sentence } = host.compare(0x9000, { memslot: { ...SLOT, ...slot } });
    expect(agree).toBe(true);
    expect(sentence).toContain(words);
  });

  it('name what KVM keeps in an entry', () => {
    const host = new Host();
    host.page(10, { nested: 0xa67n });
    const { flags } = host.nestedWalk(0xa000).steps.at(-1)!;
    const meaning = (name: string) => flags.find((field) => field.name === name)?.meaning;
    expect([meaning('HW'), meaning('MW'), meaning('MEM')]).toEqual([
      'the process may write the page',
      'KVM does not let the guest write the page',
      'leads to a table or a page of memory',
    ]);
    const bits = flags.reduce((sum, { width }) => sum + width, 0);
    expect(bits).toBe(64);
  });
});

describe('the walk that the CPU does', () => {
  it('reads 24 entries for one address with 4 KiB pages, and ends where the memslot road does', () => {
    const host = new Host();
    for (let gfn = 0; gfn < 12; gfn++) host.page(gfn);
    const guestTables = [0x1000, 0x3000, 0x5000, 0x7000];
    const virtual = 0xffff_8880_1234_5678n;
    const target = [...guestTables.slice(1), 0x9000];
    guestTables.forEach((table, depth) => {
      const index = Number((virtual >> BigInt(39 - 9 * depth)) & 511n);
      host.memory.writeU64(frameOf(table / 4096) + index * 8, BigInt(target[depth]!) | 3n);
    });
    const below = { mode: NPT, root: NESTED, source: 'nested CR3', options: {} };
    const walk = collectWalk(host.memory, LONG, 0x1000, 'CR3', virtual, { below });
    const accesses = walk.steps.reduce((sum, { below: nested }) => sum + 1 + nested!.steps.length, 0) + walk.result.below!.steps.length;
    expect(accesses).toBe(24);
    const own = collectWalk(host.guest, LONG, 0x1000, 'CR3', virtual).result;
    expect(own).toMatchObject({ kind: 'page', physical: 0x9678, effective: { writable: true, user: false } });
    expect(walk.result).toMatchObject({ kind: 'page', physical: host.guest.hostPhysical(0x9678), effective: { writable: true, user: false } });
  });
});
