/** Walks of s390x address spaces: of a real guest, against QEMU's gva2gpa and the guest's own words; and of made-up tables, for what that guest does not have. */
import { describe, expect, it } from 'vitest';
import type { Regime } from '#engine/arch/architecture.ts';
import type { CpuState } from '#engine/arch/cpu-state.ts';
import { s390x } from '#engine/arch/s390x/index.ts';
import type { Mapping } from '#shared/model/index.ts';
import { translationTables } from '#engine/session/translation-root.ts';
import { mappings } from '#engine/translate/mappings.ts';
import { visitPages } from '#engine/translate/page-visitor.ts';
import { FAULT_REASONS } from '#engine/translate/translator.ts';
import { tablesOfRegime } from '#engine/translate/regime-tables.ts';
import { TranslationSpace } from '#engine/translate/translation-space.ts';
import { BufferMemory } from '../../translate/buffer-memory.ts';
import { randomSource } from '../../translate/fuzzed-tables.ts';
import { guestMemory, processes, streamCpus, translations } from './guest.ts';

const hex = (digits: string) => BigInt(`0x${digits}`);

describe('the lab guest', () => {
  const memory = guestMemory();
  const spaceOf = (choice: Parameters<typeof translationTables>[2]) => new TranslationSpace(memory, translationTables(s390x, streamCpus, choice));

  it.each([0, 1])('translates on CPU %i every address as gva2gpa does: the lowcore is where the prefix of that CPU says', (cpu) => {
    const asked = translations.filter((translation) => translation.cpu === cpu);
    expect(asked).toHaveLength(39);
    const ours = asked.map(({ gva }) => {
      const answer = spaceOf({ kind: 'cpu', cpu }).answer(hex(gva));
      const { result } = spaceOf({ kind: 'cpu', cpu }).walk(hex(gva));
      expect(result.kind === 'page' ? result.physical : null).toBe(answer.physical);
      return `${gva} ${answer.physical?.toString(16) ?? null}`;
    });
    expect(ours).toEqual(asked.map(({ gva, gpa }) => `${gva} ${gpa}`));
  });

  it.each(processes)('has the memory of process $pid under its root where the process saw it, with its marks', ({ root, marks }) => {
    const space = spaceOf({ kind: 'root', root: Number.parseInt(root, 16), mode: 's390x-region-third' });
    for (const { kind, address, physical, text } of marks) {
      const walk = space.walk(hex(address));
      expect([kind, walk.result.kind === 'page' ? walk.result.physical.toString(16) : null]).toEqual([kind, physical]);
      if (walk.result.kind !== 'page') continue;
      expect([kind, walk.result.effective]).toEqual([kind, { writable: kind !== 'ro' && kind !== 'text', user: true, executable: kind === 'text' }]);
      if (text === undefined) continue;
      const bytes = new Uint8Array(text.length);
      memory.read(walk.result.physical, bytes);
      expect(String.fromCharCode(...bytes)).toBe(text);
    }
    const missing = space.walk(hex(marks.find(({ kind }) => kind === 'notpresent')!.address));
    expect(missing.result).toMatchObject({ kind: 'fault', reason: 'not-present' });
    expect(missing.steps.at(-1)!.sentence).toMatch(
      /^PT\[\d+\] is not present: I \(0x400\) is set, so the CPU raises a page-translation exception\.$/,
    );
  });

  it('says in a walk what prefixing does', () => {
    const walk = spaceOf({ kind: 'cpu', cpu: 1 }).walk(0xe0cn);
    expect(walk.rootSource).toBe('CR13 of CPU 1');
    expect(walk.steps.map(({ levelName }) => levelName)).toEqual(['RTT', 'ST', 'PT']);
    expect(walk.steps.at(-1)!.sentence).toBe('PT[0] maps a 4 KiB page at real address 0x0; the page table is the last level.');
    expect(walk.result.sentence).toContain(
      "Prefixing exchanges the first 8 KiB with those at the CPU's prefix, 0x1a6e000: real address 0xe0c is absolute address 0x1a6ee0c.",
    );
  });

  it('names the regimes that are loaded, the one in force first', () => {
    const { paging, regimes } = s390x.describeCpu(streamCpus[0]!);
    expect(regimes.map(({ id, register, root }) => [id, register, root])).toEqual([
      ['home', 'CR13', 0x1290000],
      ['primary', 'CR1', 0x1290000],
      ['secondary', 'CR7', 0x235c000],
    ]);
    expect(paging).toEqual(regimes[0]);
    // Enhanced DAT is off: QEMU's emulator does not have it.
    expect(paging.mode).toBe('s390x-region-third-noedat');
    expect(paging.reason).toBe('PSW.T is set, PSW.AS says home space; CR13 = 0000 0000 0129 0007');
  });
});

/** Big-endian entries in memory that is otherwise all invalid entries (0x420: I of every level). */
class Tables extends BufferMemory {
  constructor(size: number) {
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size; at += 8) new DataView(bytes.buffer).setBigUint64(at, 0x420n);
    super([{ start: 0, bytes }]);
  }

  put(address: number, value: bigint): void {
    const swapped = Buffer.alloc(8);
    swapped.writeBigUInt64LE(value);
    this.writeU64(address, swapped.readBigUInt64BE());
  }
}

const EDAT = 1n << 23n;
const IEP = 1n << 20n;

interface Registers {
  asce: bigint;
  cr0?: bigint;
  psw?: bigint;
  prefix?: bigint;
}

function cpu({ asce, cr0 = EDAT | IEP, psw = 0x0400_0001_8000_0000n, prefix = 0n }: Registers): CpuState {
  const registers = Object.entries({ cr0, cr1: asce, cr7: 0x7007n, cr13: 0xd007n, pswm: psw, prefix });
  const values = registers.map(([name, value]) => [name, { value, width: 64, source: 'test' }] as const);
  return { index: 0, registers: Object.fromEntries(values), segments: {} };
}

const inForce = (registers: Registers): Regime => s390x.regimesOf(cpu(registers))[0];
const space = (memory: BufferMemory, registers: Registers) => new TranslationSpace(memory, tablesOfRegime(s390x, inForce(registers), 0));

const R1 = 0x10000;
const R2 = 0x14000;
const R3 = 0x18000;
const SEGMENTS = 0x1c000;
const PAGES = 0x20800;

/** A way down all five levels to the page at 0x30000, for the address ADDRESS. */
function fiveLevels(): Tables {
  const memory = new Tables(0x22000);
  memory.put(R1 + 8 * 2047, BigInt(R2) | 0xcn | 3n);
  memory.put(R2 + 8 * 1025, BigInt(R3) | 0x8n | 3n);
  memory.put(R3 + 8 * 3, BigInt(SEGMENTS) | 0x4n | 3n);
  memory.put(SEGMENTS + 8 * 700, BigInt(PAGES));
  memory.put(PAGES + 8 * 255, 0x30000n);
  return memory;
}
const ADDRESS = (2047n << 53n) | (1025n << 42n) | (3n << 31n) | (700n << 20n) | (255n << 12n) | 0x123n;
const FIRST = BigInt(R1) | 0xcn | 3n;

describe('tables of made-up guests', () => {
  it.each([
    ['region-first', FIRST, ADDRESS, 5],
    ['region-second', BigInt(R2) | 0x8n | 3n, BigInt.asUintN(53, ADDRESS), 4],
    ['region-third', BigInt(R3) | 0x4n | 3n, BigInt.asUintN(42, ADDRESS), 3],
    ['segment', BigInt(SEGMENTS) | 3n, BigInt.asUintN(31, ADDRESS), 2],
  ])('an ASCE of a %s table starts there', (_, asce, address, levels) => {
    const walk = space(fiveLevels(), { asce }).walk(address);
    expect(walk.steps).toHaveLength(levels);
    expect(walk.result).toMatchObject({ kind: 'page', physical: 0x30123, effective: { writable: true, user: true, executable: true } });
  });

  it('an address that the top table is too small for raises an ASCE-type exception, one beyond its length the translation exception of its level', () => {
    const third = BigInt(R3) | 0x4n;
    const beyond = space(fiveLevels(), { asce: third | 3n }).walk(1n << 42n);
    expect(beyond.result).toMatchObject({ reason: 'non-canonical', sentence: expect.stringContaining('the CPU raises an ASCE-type exception') });
    // TL 0: 512 entries, of which the last one covers up to 1 TiB.
    const short = space(fiveLevels(), { asce: third }).walk(512n << 31n);
    expect(short.result).toEqual({
      kind: 'fault',
      reason: 'outside-table',
      sentence: 'RTT[512] is outside of the table: it has the entries 0 to 511 only, so the CPU raises a region-third-translation exception.',
    });
  });

  it('TF and TL of an entry say which part of the next table there is', () => {
    const memory = fiveLevels();
    memory.put(R3 + 8 * 3, BigInt(SEGMENTS) | 0x40n | 0x4n | 1n);
    const walk = (address: bigint) => space(memory, { asce: FIRST }).walk(address);
    expect(walk(ADDRESS).result.kind).toBe('page');
    for (const segment of [511n, 1024n]) {
      const outside = walk((ADDRESS & ~(2047n << 20n)) | (segment << 20n));
      expect(outside.result.sentence).toContain('entries 512 to 1023 only, so the CPU raises a segment-translation exception');
    }
  });

  it.each([
    [5, R1 + 8 * 2047, 0x20n, 'RFT[2047] is not present: I (0x20) is set, so the CPU raises a region-first-translation exception.'],
    [4, R2 + 8 * 1025, 0x28n, 'RST[1025] is not present: I (0x20) is set, so the CPU raises a region-second-translation exception.'],
    [2, SEGMENTS + 8 * 700, 0x20n, 'ST[700] is not present: I (0x20) is set, so the CPU raises a segment-translation exception.'],
    [
      3,
      R3 + 8 * 3,
      0x3n,
      /^RTT\[3\] is valid, but its type \(TT\) is that of a segment-table entry where a region-third-table entry belongs: .*specification/,
    ],
    [1, PAGES + 8 * 255, 0x30800n, /must be 0 here: the CPU raises a translation-specification exception/],
    [1, PAGES + 8 * 255, 0x34_5670_0e14n, /Linux would read it as a swap entry: type 5, offset 0x345670/],
    [1, PAGES + 8 * 255, 0x30411n, /Linux would read it as a page at 0x30000 that it lets fault/],
  ])('an entry of level %i that is wrong ends the walk with the exception of the Principles of Operation', (_level, at, entry, sentence) => {
    const memory = fiveLevels();
    memory.put(at, entry);
    const { result } = space(memory, { asce: FIRST }).walk(ADDRESS);
    expect(result.kind).toBe('fault');
    if (typeof sentence === 'string') expect(result.sentence).toBe(sentence);
    else expect(result.sentence).toMatch(sentence);
  });

  it('P counts on every level with enhanced DAT, in segment and page entries without', () => {
    for (const [at, entry, edat, plain] of [
      [R1 + 8 * 2047, BigInt(R2) | 0xfn, false, true],
      [R3 + 8 * 3, BigInt(SEGMENTS) | 0x7n, false, true],
      [SEGMENTS + 8 * 700, BigInt(PAGES), false, false],
      [PAGES + 8 * 255, 0x30000n, false, false],
    ] as const) {
      const memory = fiveLevels();
      memory.put(at, entry | 0x200n);
      expect(space(memory, { asce: FIRST }).walk(ADDRESS).result).toMatchObject({ effective: { writable: edat } });
      expect(space(memory, { asce: FIRST, cr0: IEP }).walk(ADDRESS).result).toMatchObject({ effective: { writable: plain } });
    }
  });

  it('IEP forbids execution where CR0 has it enabled, and means nothing where it has not', () => {
    const memory = fiveLevels();
    memory.put(PAGES + 8 * 255, 0x30100n);
    for (const [cr0, executable] of [
      [EDAT | IEP, false],
      [EDAT, true],
    ] as const) {
      const made = space(memory, { asce: FIRST, cr0 });
      expect(made.walk(ADDRESS).result).toMatchObject({ kind: 'page', effective: { executable } });
      expect(made.listMappings(0n, 9).mappings).toMatchObject([{ effective: { executable } }]);
    }
  });

  it('FC makes a segment entry a frame of 1 MiB and a region-third entry one of 2 GiB, with enhanced DAT alone', () => {
    const memory = fiveLevels();
    memory.put(SEGMENTS + 8 * 700, 0x1234_5680_0000n | 0x1_7900n | 0x400n);
    const frame = space(memory, { asce: FIRST }).walk(ADDRESS);
    expect(frame.result).toMatchObject({
      physical: 0x1234_568f_f123,
      pageSize: 2 ** 20,
      flags: ['FC', 'IEP', 'AV', 'F'],
      effective: { executable: false },
    });
    expect(frame.steps.at(-1)!.sentence).toContain('maps a 1 MiB page');
    expect(frame.steps.at(-1)!.flags.find(({ name }) => name === 'ACC')).toMatchObject({ value: 7n, bit: 12 });
    expect(space(memory, { asce: FIRST, cr0: 0n }).walk(ADDRESS).result).toMatchObject({ reason: 'table-missing' });

    memory.put(R3 + 8 * 3, 0x9_8000_0000n | 0x400n | 0x4n);
    const region = space(memory, { asce: FIRST }).walk(ADDRESS);
    expect(region.result).toMatchObject({ physical: 0x9_8000_0000 + Number(ADDRESS & 0x7fff_ffffn), pageSize: 2 ** 31 });
  });

  it('a common segment in a private space is a translation-specification exception', () => {
    const memory = fiveLevels();
    memory.put(SEGMENTS + 8 * 700, BigInt(PAGES) | 0x10n);
    expect(space(memory, { asce: FIRST }).walk(ADDRESS).result.kind).toBe('page');
    const { result } = space(memory, { asce: FIRST | 0x100n }).walk(ADDRESS);
    expect(result).toMatchObject({ reason: 'reserved-bit', sentence: expect.stringMatching(/private space.*translation-specification exception/) });
  });

  it('DAT off and real spaces have no tables: addresses are real, and prefixing counts', () => {
    const memory = fiveLevels();
    const off = { asce: FIRST, psw: 0x0000_0001_8000_0000n, prefix: 0x20000n };
    const [real, ...loaded] = s390x.regimesOf(cpu(off));
    expect([real.id, ...loaded.map(({ id }) => id)]).toEqual(['real', 'primary', 'secondary', 'home']);
    expect(inForce({ asce: 0x5000n | 0x20n, prefix: 0x20000n })).toMatchObject({ id: 'primary', tables: [{ mode: 's390x-real-space' }] });
    for (const registers of [off, { asce: 0x5000n | 0x20n, prefix: 0x20000n }]) {
      const made = space(memory, registers);
      const at = (address: bigint) => made.answer(address).physical;
      expect([0x123n, 0x1fffn, 0x2000n, 0x20000n, 0x21fffn, 0x22000n, 0x1_2345_6789_abcdn].map(at)).toEqual([
        ...[0x20123, 0x21fff, 0x2000, 0, 0x1fff, 0x22000, 0x1_2345_6789_abcd],
      ]);
      expect(made.walk(0x123n).result.sentence).toContain('real address 0x123 is absolute address 0x20123');
      const { mappings: rows } = made.listMappings(0n, 99);
      expect(rows.map(({ start, last, physical }) => [start, last, physical])).toEqual([
        [0n, 0x1fffn, 0x20000],
        [0x2000n, 0x1ffffn, 0x2000],
        [0x20000n, 0x21fffn, 0],
        [0x22000n, 0xffff_ffff_ffff_ffffn, 0x22000],
      ]);
      expect(made.listMappings(0x20000n, 99).mappings.map(({ start }) => start)).toEqual([0x20000n, 0x22000n]);
    }
  });

  it('access-register mode is taken as the primary space, and says so', () => {
    const regime = inForce({ asce: FIRST, psw: 0x0400_4001_8000_0000n });
    expect(regime.id).toBe('primary');
    expect(regime.reason).toContain('what access registers select is not followed');
  });

  it('a frame of 1 MiB that holds the prefix is one whose pages are exchanged one by one', () => {
    const memory = fiveLevels();
    memory.put(SEGMENTS + 8 * 700, 0x30_0000n | 0x400n);
    memory.put(SEGMENTS + 8 * 701, 0x400n);
    const made = space(memory, { asce: FIRST, prefix: 0x304000n });
    const base = ADDRESS & ~0xfffffn;
    const at = (offset: bigint) => made.answer(base + offset);
    expect(at(0x3fffn)).toMatchObject({ physical: 0x303fff, pageSize: 4096 });
    expect(at(0x4010n)).toMatchObject({ physical: 0x10, pageSize: 4096 });
    expect(at(0x10_0010n)).toMatchObject({ physical: 0x304010 });
    const { mappings: rows } = made.listMappings(0n, 99);
    expect(rows.map(({ start, last, physical }) => [start - base, last - base, physical])).toEqual([
      [0n, 0x3fffn, 0x300000],
      [0x4000n, 0x5fffn, 0],
      [0x6000n, 0xfffffn, 0x306000],
      [0x10_0000n, 0x10_1fffn, 0x304000],
      [0x10_2000n, 0x1f_ffffn, 0x2000],
    ]);
  });
});

describe('walk, translator, mappings and visitor agree on noise', () => {
  const ends = new Set<string>();
  const LEVELS = [
    { table: R1, type: 0xcn, next: R2, shift: 53n },
    { table: R2, type: 0x8n, next: R3, shift: 42n },
    { table: R3, type: 0x4n, next: SEGMENTS, shift: 31n },
    { table: SEGMENTS, type: 0n, next: PAGES, shift: 20n },
  ];

  /** Tables that point down, and some entries that do not, at random places; and addresses that lead through them. */
  function noise(random: () => number): { memory: Tables; addresses: bigint[] } {
    const memory = new Tables(0x24000);
    const indexes = LEVELS.map(({ table, type, next }) =>
      Array.from({ length: 6 }, (_, n) => {
        const index = random() % 2048;
        const wild = (BigInt(random()) << 12n) | BigInt(random() & 0xfff);
        const kinds = [BigInt(next) | type | BigInt(random() & 0x3), BigInt(next) | type | BigInt(random() & 0x2c3), (wild & ~0x2cn) | 0x400n | type];
        memory.put(table + index * 8, [...kinds, wild, 0x7_0000n | type | 3n, BigInt(next) | type | 3n][n]!);
        return BigInt(index);
      }),
    );
    for (let entry = 0; entry < 256; entry += 3) memory.put(PAGES + entry * 8, ((BigInt(random()) << 8n) & ~0xfffn) | BigInt(random() & 0xbff));
    const addresses = Array.from({ length: 120 }, () => {
      const upper = LEVELS.reduce((sum, { shift }, n) => sum | (indexes[n]![random() % 6]! << shift), 0n);
      return upper | BigInt(random() & 0xf_ffff);
    });
    return { memory, addresses };
  }

  it.each([
    ['region-first', FIRST, 64, 1],
    ['region-first, private', FIRST | 0x100n, 64, 2],
    ['region-second', BigInt(R2) | 0xbn, 53, 3],
    ['region-third', BigInt(R3) | 0x6n, 42, 4],
    ['segment', BigInt(SEGMENTS) | 2n, 31, 5],
  ])('from a %s table', (_, asce, bits, seed) => {
    const random = randomSource(seed * 0x9e37_79b9);
    for (let round = 0; round < 10; round++) {
      const { memory, addresses } = noise(random);
      const prefix = round % 3 === 0 ? 0n : 0x2000n * BigInt(random() % 64);
      const made = space(memory, { asce, cr0: round % 4 === 0 ? 0n : EDAT | IEP, prefix });
      const { mode, root, options } = made.main;
      const rows: Mapping[] = [];
      for (const row of mappings(memory, mode, root, options)) if (rows.push(row) >= 1500) break;
      const visited: [number, number, number][] = [];
      visitPages(memory, mode, root ?? 0, options, (page, physical, size) => visited.push([page, physical, size]) < 1500);
      expect(visited).toEqual(rows.map(({ start, last, physical }) => [Number(start >> 12n), physical, Number(last - start) + 1]));
      const sample = rows.filter((_row, n) => n % Math.ceil(rows.length / 40) === 0);
      for (const { start, last, physical, pageSize, effective } of sample)
        expect(made.walk(last).result).toMatchObject({ kind: 'page', physical: physical + Number(last - start), pageSize, effective });
      const through = addresses.map((address) => (random() % 16 === 0 ? address : BigInt.asUintN(bits, address)));
      for (const address of [...through, ...sample.map(({ start }) => start)]) {
        const mapped = made.translateAddress(address);
        const { found } = made;
        const { result, steps } = made.walk(address);
        ends.add(result.kind === 'page' ? `page ${result.pageSize}` : result.reason);
        expect(found.level).toBe(steps.at(-1)?.level ?? 0);
        if (result.kind === 'fault') expect([mapped, FAULT_REASONS[found.fault]]).toEqual([false, result.reason]);
        else expect([mapped, found.physical, found.pageSize]).toEqual([true, result.physical, result.pageSize]);
      }
    }
  });

  it('and every kind of end has come up', () => {
    const pages = [2 ** 12, 2 ** 20, 2 ** 31].map((size) => `page ${size}`);
    expect([...ends].sort()).toEqual([...pages, 'non-canonical', 'not-present', 'outside-table', 'reserved-bit', 'table-missing'].sort());
  });
});
