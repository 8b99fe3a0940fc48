import { describe, expect, it } from 'vitest';
import { guestExtents, type GuestExtents } from '#engine/kvm-guest/guest-memory-extents.ts';
import { ExtentBuilder } from '#engine/memory/extent-builder.ts';
import { ExtentKind, ExtentTable } from '#engine/memory/extent-table.ts';
import { GuestMemory } from '#engine/memory/guest-memory.ts';
import { PhysicalRegions, type PlacedRegion } from '#engine/memory/physical-regions.ts';
import type { UnitDecoder } from '#engine/memory/unit-decoder.ts';
import { UnitPartDecoder } from '#engine/memory/unit-parts.ts';
import type { LinuxArea } from '#shared/model/index.ts';
import { SILENT } from '../formats/open-bytes.ts';
import { seededRandom } from '../io/seeded-random.ts';
import { ArraySource } from '../memory/array-source.ts';
import { ProcessTables } from './process-tables.ts';

const HVA = 0x7f00_0020_0000;
const PAGE = 4096;

const noise = new ArraySource(Uint8Array.from({ length: 2 ** 20 }, (_, index) => (index * 7 + (index >> 8) * 13 + 1) & 255));

/** A unit's bytes tell its number and the place in it. */
const numbered: UnitDecoder = {
  decode(unit, target) {
    for (let at = 0; at < target.length; at++) target[at] = (unit * 31 + at + (at >> 8)) & 255;
    return unit % 11 === 10 ? { state: 'corrupt', reason: `unit ${unit} is damaged` } : undefined;
  },
};

const area = (start: number, length: number, more: Partial<LinuxArea> = {}): LinuxArea => ({
  start: BigInt(start),
  last: BigInt(start + length - 1),
  access: 'rw-p',
  flags: [],
  offset: 0,
  device: '00:00',
  inode: 0,
  name: null,
  file: false,
  ...more,
});

interface Made {
  tables: ProcessTables;
  /** Of the host: HPA to RAM space. */
  regions: PlacedRegion[];
  build: (builder: ExtentBuilder) => void;
  length: number;
  areas?: LinuxArea[];
  swapAreas?: number;
}

/** The guest's memory, from GPA 0 on, and its host's. */
function compose({ tables, regions, build, length, areas = [area(HVA, length)], swapAreas = 1 }: Made) {
  const builder = new ExtentBuilder();
  build(builder);
  const extents = builder.finish();
  const placed = new PhysicalRegions(regions);
  const host = new GuestMemory(noise, extents, placed, numbered);
  const result: GuestExtents = guestExtents(
    { regions: placed, extents, translator: tables.translator, mode: tables.mode, areas, swapAreas },
    [{ name: 'memory', length, ram: 0, host: HVA }],
    SILENT,
  );
  const decoder = result.parts ? new UnitPartDecoder(numbered, result.parts) : numbered;
  const table = new ExtentTable(result.extents);
  return { host, result, table, guest: new GuestMemory(noise, table, new PhysicalRegions([{ start: 0, last: length - 1, ram: 0 }]), decoder) };
}

/** Bytes and state of each page. */
function page(memory: GuestMemory, address: number) {
  const bytes = new Uint8Array(PAGE);
  const spans = memory.read(address, bytes);
  return { bytes, spans };
}

const whole = (length: number): PlacedRegion[] => [{ start: 0, last: length - 1, ram: 0 }];

describe("a guest's pages", () => {
  it('have the bytes and the state that their frames have in the host, whatever holds these (200 random hosts)', () => {
    const random = seededRandom(6);
    const upTo = (n: number) => Math.floor(random() * n);
    for (let round = 0; round < 200; round++) {
      const frames = 64;
      const tables = new ProcessTables();
      const map = new Map<number, number>();
      for (let n = 0; n < 40; n++) {
        const frame = random() < 0.5 && n > 0 ? ((map.get(n - 1) ?? 0) + 1) % frames : upTo(frames);
        map.set(n, frame);
        tables.map(HVA + n * PAGE, frame * PAGE);
      }
      // Regions and extents begin and end in the middle of pages.
      const cut = PAGE * 20 + upTo(PAGE);
      const regions = [
        { start: 0, last: cut - 1, ram: 0x1000 },
        { start: cut + 16, last: frames * PAGE - 1, ram: 0x1000 + cut },
      ];
      const build = (builder: ExtentBuilder) => {
        let at = 0;
        while (at < (frames + 2) * PAGE) {
          const length = random() < 0.5 ? PAGE * (1 + upTo(9)) : 1 + upTo(3 * PAGE);
          const kind = upTo(7);
          if (kind === 0) builder.addFill(at, length, upTo(3));
          else if (kind === 1) builder.addUnreadable(at, length, ExtentKind.Excluded);
          else if (kind === 2) builder.addUnreadable(at, length, ExtentKind.Corrupt);
          else if (kind === 3) builder.addData(at, length, upTo(2 ** 19));
          else if (kind === 4) builder.addPages(at, upTo(2 ** 19), 4104, Math.ceil(length / PAGE));
          // Nothing for 5: a gap.
          at += kind === 4 ? Math.ceil(length / PAGE) * PAGE : length;
        }
      };
      const { host, guest } = compose({ tables, regions, build, length: 40 * PAGE });
      for (const [n, frame] of map) {
        const ours = page(guest, n * PAGE);
        const theirs = page(host, frame * PAGE);
        expect(ours.bytes).toEqual(theirs.bytes);
        expect(ours.spans.map(({ start, end, state }) => ({ start, end, state }))).toEqual(joined(theirs.spans));
      }
    }
  });

  it('out of units as large as a page are the same units', () => {
    const tables = new ProcessTables();
    [7, 8, 9, 3, 10].forEach((frame, n) => tables.map(HVA + n * PAGE, frame * PAGE));
    const { host, guest, table, result } = compose({
      tables,
      regions: whole(16 * PAGE),
      build: (b) => b.addCoded(0, 16 * PAGE, 100, PAGE),
      length: 5 * PAGE,
    });
    expect(result.parts).toBeUndefined();
    expect(Array.from(table.places)).toEqual([107, 103, 110]);
    [7, 8, 9, 3, 10].forEach((frame, n) => expect(page(guest, n * PAGE)).toEqual(page(host, frame * PAGE)));
  });

  it('out of units of 64 KiB, the last one shorter, are decoded page by page', () => {
    const tables = new ProcessTables();
    const frames = [17, 0, 15, 16, 31, 32, 33, 34, 35];
    frames.forEach((frame, n) => tables.map(HVA + n * PAGE, frame * PAGE));
    const last = 2 * PAGE + 100;
    const build = (builder: ExtentBuilder) => {
      builder.addCoded(0, 2 * 65536, 0, 65536);
      builder.addCoded(2 * 65536, last, 2, last);
      builder.addFill(2 * 65536 + last, 16 * PAGE, 0x5a);
    };
    const { host, guest, result } = compose({ tables, regions: whole(48 * PAGE), build, length: frames.length * PAGE });
    expect(result.parts?.perUnit).toBe(16);
    frames.forEach((frame, n) => expect(page(guest, n * PAGE)).toEqual(page(host, frame * PAGE)));
  });

  it('out of a unit that is damaged are corrupt for the same reason', () => {
    const tables = new ProcessTables();
    tables.map(HVA, 163 * PAGE);
    const { guest } = compose({ tables, regions: whole(176 * PAGE), build: (b) => b.addCoded(0, 176 * PAGE, 0, 65536), length: PAGE });
    expect(page(guest, 0).spans).toEqual([{ start: 0, end: PAGE, state: 'corrupt', reason: 'unit 10 is damaged' }]);
  });

  it('that follow each other in the host are one extent', () => {
    const tables = new ProcessTables();
    for (let n = 0; n < 64; n++) tables.map(HVA + n * PAGE, (100 + n) * PAGE);
    for (const stride of [4096, 4104]) {
      const build = (builder: ExtentBuilder) => builder.addPages(0, 512, stride, 200);
      const { table } = compose({ tables, regions: whole(200 * PAGE), build, length: 64 * PAGE });
      expect(table.count).toBe(1);
      expect([table.places[0], table.strides[0], table.lengths[0]]).toEqual([512 + 100 * stride, stride, 64 * PAGE]);
    }
  });

  it('in a huge page are shown at once, from any place in it', () => {
    const tables = new ProcessTables();
    tables.mapHuge(HVA, 0x20_0000);
    const { table } = compose({ tables, regions: whole(2 ** 23), build: (b) => b.addData(0, 2 ** 23, 4096), length: 0x20_0000 });
    expect(Array.from(table.places)).toEqual([0x20_0000 + 4096]);
    expect(Array.from(table.lengths)).toEqual([0x20_0000]);
  });

  it('that several addresses share are there each time', () => {
    const tables = new ProcessTables();
    for (let n = 0; n < 3; n++) tables.map(HVA + n * PAGE, 5 * PAGE);
    const { host, guest } = compose({ tables, regions: whole(9 * PAGE), build: (b) => b.addData(0, 9 * PAGE, 77), length: 3 * PAGE });
    for (let n = 0; n < 3; n++) expect(page(guest, n * PAGE)).toEqual(page(host, 5 * PAGE));
  });

  it.each([1, 2])('that only their protection hides (PROT_NONE, level %i) are there', (level) => {
    const tables = new ProcessTables();
    tables.protect(HVA, 0x20_0000, level);
    const { host, guest } = compose({
      tables,
      regions: [{ start: 0x20_0000, last: 0x2f_ffff, ram: 0 }],
      build: (b) => b.addData(0, 2 ** 20, 0),
      length: PAGE,
    });
    expect(page(guest, 0)).toEqual(page(host, 0x20_0000));
  });
});

describe('what the tables have no page for', () => {
  const host = { regions: whole(16 * PAGE), build: (builder: ExtentBuilder) => builder.addData(0, 8 * PAGE, 0) };

  it('is zero in memory without a file: nobody ever touched it', () => {
    const { guest, result } = compose({ tables: new ProcessTables(), ...host, length: 2 ** 30 });
    expect(page(guest, 12345 * PAGE).spans).toEqual([{ start: 0, end: PAGE, state: 'zero' }]);
    expect(result).toMatchObject({ untouched: 2 ** 30 });
    expect(result.absent.size).toBe(0);
  });

  it.each([
    ['a file', [area(HVA, PAGE, { file: true, name: '/dev/shm/ram' })], "not mapped by its process: it is in the file, or in the host's page cache"],
    ['a device', [area(HVA, PAGE, { flags: ['pfnmap'] })], 'no memory of its own: a device, or special memory'],
    ['userfaultfd', [area(HVA, PAGE, { flags: ['uffd_missing'] })], 'waiting for userfaultfd: QEMU has not been given it yet (postcopy)'],
    ['no area', [], 'its process has no memory there, or its areas are not in the dump'],
  ])('is absent in memory of %s, and says why', (_, areas, reason) => {
    const { guest, result } = compose({ tables: new ProcessTables(), ...host, length: PAGE, areas });
    expect(page(guest, 0).spans).toEqual([{ start: 0, end: PAGE, state: 'absent', reason }]);
    expect([...result.absent]).toEqual([[reason, PAGE]]);
    expect(result.untouched).toBe(0);
  });

  it('counts from where an area begins to where it ends', () => {
    const { guest } = compose({ tables: new ProcessTables(), ...host, length: 4 * PAGE, areas: [area(HVA + PAGE, 2 * PAGE)] });
    expect([0, 1, 2, 3].map((n) => page(guest, n * PAGE).spans[0]?.state)).toEqual(['absent', 'zero', 'zero', 'absent']);
  });

  it('says where it was swapped to, page by page', () => {
    const tables = new ProcessTables();
    for (let n = 0; n < 3; n++) tables.swapOut(HVA + n * PAGE, 0, 0x15e6f + n);
    tables.swapOut(HVA + 3 * PAGE, 3, 0x77);
    const { guest, result } = compose({ tables, ...host, length: 4 * PAGE, swapAreas: 2 });
    const reasons = [0, 1, 2, 3].map((n) => page(guest, n * PAGE).spans[0]?.reason);
    expect(reasons).toEqual([
      'swapped out by the host: swap entry type 0 offset 0x15e6f',
      'swapped out by the host: swap entry type 0 offset 0x15e70',
      'swapped out by the host: swap entry type 0 offset 0x15e71',
      'being moved by the host, or poisoned: swap type 3, which is no swap area, offset 0x77',
    ]);
    expect([...result.absent.values()]).toEqual([3 * PAGE, PAGE]);
  });

  it("names the frame that the host's dump lacks", () => {
    const tables = new ProcessTables();
    tables.map(HVA, 12 * PAGE);
    tables.map(HVA + PAGE, 100 * PAGE);
    const { guest } = compose({ tables, ...host, length: 2 * PAGE });
    expect(page(guest, 0).spans[0]).toMatchObject({ state: 'absent', reason: "not in the host's dump: HPA 0xc000" });
    expect(page(guest, PAGE).spans[0]).toMatchObject({ state: 'absent', reason: "not in the host's dump: HPA 0x64000" });
  });

  it('is told at once of addresses that no process has, however many', () => {
    const beyond = 2 ** 47;
    const tables = new ProcessTables();
    const { extents, absent } = guestExtents(
      {
        regions: new PhysicalRegions([]),
        extents: new ExtentBuilder().finish(),
        translator: tables.translator,
        mode: tables.mode,
        areas: [],
        swapAreas: 0,
      },
      [{ name: 'memory', length: 2 ** 38, ram: 0, host: beyond }],
      SILENT,
    );
    expect([extents.count, [...absent]]).toEqual([0, [["the host's page table for it is damaged", 2 ** 38]]]);
  });

  it('is absent where a table is not in the dump, or damaged', () => {
    const tables = new ProcessTables();
    tables.set(HVA, 2, 0x7000_0067n);
    tables.set(HVA + 0x20_0000, 2, 0x0020_2000n | 0xe7n);
    const { guest } = compose({ tables, ...host, length: 0x40_0000 });
    expect(page(guest, 0x5000).spans[0]?.reason).toBe("the host's page table for it is not in the host's dump");
    expect(page(guest, 0x20_5000).spans[0]?.reason).toBe("the host's page table for it is damaged");
  });
});

/** Spans of the host, without reasons; those that then go on are one. */
function joined(spans: readonly { start: number; end: number; state: string }[]) {
  const out: { start: number; end: number; state: string }[] = [];
  for (const { start, end, state } of spans) {
    const last = out.at(-1);
    if (last?.state === state) last.end = end;
    else out.push({ start, end, state });
  }
  return out;
}
