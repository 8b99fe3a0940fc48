/**
 * Damaged and hostile images: cut at many lengths, every byte of the header and the tables changed, tables that ask for work or room without end.
 * What opens is the state as far as it is whole, or something that says that it may be wrong.
 */
import { describe, expect, it } from 'vitest';
import type { Unwrapped } from '#engine/containers/container.ts';
import { wholeFile } from '#engine/formats/format.ts';
import { openDump } from '#engine/formats/registry.ts';
import { ExtentTable } from '#engine/memory/extent-table.ts';
import { GuestMemory } from '#engine/memory/guest-memory.ts';
import { PhysicalRegions } from '#engine/memory/physical-regions.ts';
import { WorkbenchError } from '#shared/errors.ts';
import { fixtureBytes, SILENT } from '../../formats/open-bytes.ts';
import { seededRandom } from '../../io/seeded-random.ts';
import { writeImage, type ClusterKind, type WrittenImage } from './image-writer.ts';
import { contentOf, unwrapBytes } from './opened-bytes.ts';

const LIMIT_SECONDS = 3;
const TIMEOUT = { timeout: 60_000 };

/** Undefined when the image is refused as it should be. */
async function unwrapDamaged(bytes: Uint8Array, what: string): Promise<Unwrapped | undefined> {
  const began = process.cpuUsage();
  try {
    return await unwrapBytes(bytes);
  } catch (error) {
    if (!(error instanceof WorkbenchError)) throw new Error(`${what}: ${String((error as Error).stack)}`, { cause: error });
    expect(['bad-format', 'unsupported'], what).toContain(error.code);
    expect(error.message, what).toContain('disk.qcow2');
    return undefined;
  } finally {
    const { user, system } = process.cpuUsage(began);
    expect((user + system) / 1e6, `${what}: seconds`).toBeLessThan(LIMIT_SECONDS);
  }
}

const warnings = (found: Unwrapped) => found.diagnostics!.filter(({ severity }) => severity !== 'info').map(({ code }) => code);
const isStartOf = (content: Uint8Array, whole: Uint8Array) => Buffer.compare(content, whole.subarray(0, content.length)) === 0;

interface Sample {
  name: string;
  bytes: Uint8Array;
  state: Uint8Array;
  /** Header and tables, as half-open ranges. */
  tables: [string, number, number][];
}

const KINDS: ClusterKind[] = ['data', 'compressed', 'compressed', 'data'];
const random = seededRandom(7);
const text = Uint8Array.from({ length: 90_000 }, () => 97 + Math.floor(random() * 4));

function crafted(name: string, plan: Omit<Parameters<typeof writeImage>[0], 'snapshots'>, length: number, kinds: ClusterKind[]): Sample {
  const state = text.subarray(0, length);
  const snapshots = [{ id: '1', name: 'a', state, kindOf: (index: number) => kinds[index % kinds.length]! }];
  const { bytes, table, l1, l2 } = writeImage({ ...plan, snapshots });
  const clusterSize = 2 ** (plan.clusterBits ?? 16);
  const entry = plan.extendedL2 ? 16 : 8;
  const span = (clusterSize / entry) * clusterSize;
  return {
    name,
    bytes,
    state,
    tables: [
      ['header', 0, 112],
      ['snapshot table', table, table + 64],
      ...l1.map((at) => range('L1', at, l2[0]!.length * 8)),
      ...l2[0]!.map((at, index) => range('L2', at, Math.ceil(Math.min(span, length - index * span) / clusterSize) * entry)),
    ],
  };
}

function range(name: string, at: number, length: number): [string, number, number] {
  return [name, at, at + length];
}

/** QEMU's own image: one snapshot, with one L2 table of machine state. */
function real(): Sample {
  const bytes = fixtureBytes('qcow2/tiny.qcow2');
  const state = fixtureBytes('tiny/stream.qevm');
  const view = new DataView(bytes.buffer);
  const table = Number(view.getBigUint64(64));
  const l1 = Number(view.getBigUint64(table));
  const l2 = Number(view.getBigUint64(l1 + 8) % 2n ** 56n);
  const clusters = Math.ceil(state.length / 65536);
  const tables = [range('header', 0, 112), range('snapshot table', table, 64), range('L1', l1, 16), range('L2', l2, clusters * 8)];
  return { name: "QEMU's image", bytes, state, tables };
}

const SAMPLES: Sample[] = [
  real(),
  crafted('clusters of 4 KiB', { clusterBits: 12 }, 60_000, ['data']),
  crafted('clusters of 512 bytes, two L2 tables', { clusterBits: 9, version: 2 }, 40_000, ['data']),
  crafted('compressed clusters', { clusterBits: 12 }, 60_000, KINDS),
  crafted('zstd clusters', { clusterBits: 12, compression: 'zstd' }, 60_000, KINDS),
  crafted('extended L2 entries', { clusterBits: 14, extendedL2: true }, 90_000, ['data', 'compressed']),
];

describe.each(SAMPLES)('$name with a changed byte', TIMEOUT, ({ bytes, state, tables }) => {
  it.each(tables)('in the %s is refused, shows that it is damaged, or gives what it gave before', async (name, from, to) => {
    const sizes = new Set<number>();
    let told = 0;
    for (let at = from; at < to; at++) {
      for (const change of [0xff, 1 << (at % 8), 1 << ((at * 5 + 3) % 8)]) {
        bytes[at]! ^= change;
        const what = `${name} byte ${at - from} changed by 0x${change.toString(16)}`;
        const found = await unwrapDamaged(bytes, what);
        bytes[at]! ^= change;
        if (!found || warnings(found).length > 0) {
          told++;
          continue;
        }
        const content = contentOf(found);
        sizes.add(content.length);
        // Where only vm_state_size is wrong, no more than that can be known here: the stream inside ends before its end, or has bytes behind it.
        const common = Math.min(content.length, state.length);
        if (!isStartOf(content.subarray(0, common), state)) throw new Error(`${what}: other bytes, and nothing says so`);
        if (content.length !== state.length)
          expect([name, Math.floor((at - from) / 8) * 8], what).toEqual(['snapshot table', at - from < 40 ? 32 : 40]);
      }
    }
    expect(told).toBeGreaterThan(name.startsWith('L') ? (to - from) * 1.2 : 20);
    if (name !== 'snapshot table') expect([...sizes].every((size) => size === state.length)).toBe(true);
  });
});

describe('an image that is cut', TIMEOUT, () => {
  /** Everything that leads to the state lies before it here, and the state is a real stream. */
  const stream = fixtureBytes('tiny/stream.qevm');
  const layouts: [string, ClusterKind[]][] = [
    ['as QEMU writes clusters', ['data']],
    ['with compressed clusters', ['compressed', 'data']],
  ];

  it.each(layouts)('(%s) opens as far as it goes and says what is missing, or is refused, at every length', async (_, kinds) => {
    const image = writeImage({
      clusterBits: 12,
      snapshots: [{ id: '1', name: 'a', state: stream, kindOf: (index) => kinds[index % kinds.length]! }],
    });
    const elf = memoryOf((await unwrapBytes(image.bytes))!);
    const lengths = new Set<number>();
    for (let length = 0; length < image.bytes.length; length += 20_011) lengths.add(length);
    for (let length = 0; length < 200; length++) lengths.add(length);
    for (let length = image.table - 10; length < image.table + 70; length++) lengths.add(length);
    let opened = 0;
    let longest = 0;
    for (const length of [...lengths].sort((a, b) => a - b)) {
      const found = await unwrapDamaged(image.bytes.slice(0, length), `cut at ${length}`);
      if (!found) continue;
      expect(warnings(found), `cut at ${length}`).toEqual(['qcow2-state-cut']);
      const content = contentOf(found);
      expect(isStartOf(content, stream), `cut at ${length}`).toBe(true);
      expect(content.length).toBeGreaterThanOrEqual(longest);
      longest = content.length;
      if (++opened % 10 === 0) expectRightOrUnknown(found, elf, `cut at ${length}`);
    }
    expect(opened).toBeGreaterThan(40);
    expect(longest).toBeGreaterThan(stream.length - 40_000);
  });

  it("as QEMU wrote it, with the snapshot table at the file's end, is refused at every length by its name and place", async () => {
    const whole = fixtureBytes('qcow2/tiny.qcow2');
    const table = Number(new DataView(whole.buffer).getBigUint64(64));
    for (let length = 0; length < table + 40; length += length < 300 ? 1 : 9973) {
      expect(await unwrapDamaged(whole.slice(0, length), `cut at ${length}`)).toBeUndefined();
    }
  });
});

/** The guest's memory, by the format behind the container; undefined when that refuses it. */
function memoryOf(found: Unwrapped): GuestMemory | undefined {
  const { source } = found.inside;
  try {
    const dump = openDump(source, wholeFile(source, SILENT));
    return new GuestMemory(source, new ExtentTable(dump.extents), new PhysicalRegions(dump.regions));
  } catch (error) {
    expect(error).toBeInstanceOf(WorkbenchError);
    return undefined;
  }
}

function expectRightOrUnknown(found: Unwrapped, whole: GuestMemory | undefined, what: string): void {
  const memory = memoryOf(found);
  if (!memory || !whole) return;
  const page = new Uint8Array(4096);
  const original = new Uint8Array(4096);
  for (let address = 0; address < 8 * 2 ** 20; address += 13 * 4096) {
    if (!memory.read(address, page).every(({ state }) => state === 'present' || state === 'zero')) continue;
    whole.read(address, original);
    expect(Buffer.compare(page, original), `${what}: GPA 0x${address.toString(16)}`).toBe(0);
  }
}

describe('a snapshot table', () => {
  const state = text.subarray(0, 5000);
  const three = () => writeImage({ snapshots: ['a', 'b', 'c'].map((name, index) => ({ id: String(index + 1), name, state, date: 1000 - index })) });

  it.each([
    ['without an id', 12, 0],
    ['with more extra data than there is', 36, 2000],
  ])('whose second entry is damaged (%s) still leads to the first, and says that others are lost', async (_, field, value) => {
    const { bytes, table } = three();
    const view = new DataView(bytes.buffer);
    if (field === 12) view.setUint16(table + 64 + field, value);
    else view.setUint32(table + 64 + field, value);
    const found = await unwrapBytes(bytes);
    expect(found.snapshots?.map(({ name }) => name)).toEqual(['a']);
    expect(Buffer.compare(contentOf(found), state)).toBe(0);
    expect(found.diagnostics).toMatchObject([{ severity: 'data-loss', code: 'qcow2-snapshot-table', fileOffset: table + 64 + field }]);
    view.setUint16(table + 12, 0);
    await expect(unwrapBytes(bytes)).rejects.toMatchObject({ code: 'bad-format', details: { field: 'id_str_size', fileOffset: table + 12 } });
  });
});

describe('tables that ask for work or room without end', TIMEOUT, () => {
  const cut = (found: Unwrapped) => found.diagnostics!.find(({ code }) => code === 'qcow2-state-cut')?.message;
  function image(plan: Partial<Parameters<typeof writeImage>[0]>, length: number): WrittenImage & { view: DataView } {
    const written = writeImage({ snapshots: [{ id: '1', name: 'a', state: new Uint8Array(length).fill(0x61) }], ...plan });
    return { ...written, view: new DataView(written.bytes.buffer) };
  }

  it('an L1 table whose entries all lead to one L2 table', async () => {
    const { bytes, view, l1, l2, table } = image({ clusterBits: 21 }, 1000);
    for (let entry = 1; entry < 1000; entry++) view.setBigUint64(l1[0]! + entry * 8, BigInt(l2[0]![0]!));
    view.setUint32(table + 8, 1000);
    view.setBigUint64(table + 40, 2n ** 50n);
    const found = (await unwrapDamaged(bytes, 'one L2 table'))!;
    expect(found.inside.source.size).toBe(2 ** 39);
    expect(cut(found)).toContain('an L2 table serves twice');
  });

  it('a state of petabytes that was never written', async () => {
    const { bytes, view, table } = image({}, 1000);
    view.setUint32(table + 8, 8192);
    view.setBigUint64(table + 40, 2n ** 52n);
    expect(cut((await unwrapDamaged(bytes, 'all zeros'))!)).toContain(`more than ${2 ** 40} bytes were never written`);
  });

  it.each([
    ['vm_state_size', 40, 2 ** 31],
    ['l1_size', 8, 2 ** 22 + 1],
  ])('an impossible %s', async (field, at, value) => {
    const { bytes, view, table } = image({}, 1000);
    view.setUint32(table + at, value);
    await expect(unwrapBytes(bytes)).rejects.toMatchObject({ code: 'bad-format', details: { field } });
  });

  it('clusters of which no two lie side by side: a million pieces, no more, and less than 256 MB', async () => {
    const clusters = 1_200_000;
    const tables = Math.ceil(clusters / 64);
    const bytes = new Uint8Array((tables + 2000) * 512);
    const small = image({ clusterBits: 9 }, 512 * 64);
    bytes.set(small.bytes);
    const view = new DataView(bytes.buffer);
    // The tables behind each other, then an L1 table that leads to them; every entry leads to one of two clusters.
    const first = small.bytes.length;
    const l1 = first + tables * 512;
    for (let table = 0; table < tables; table++) view.setBigUint64(l1 + table * 8, BigInt(first + table * 512));
    for (let entry = 0; entry < clusters; entry++) view.setBigUint64(first + entry * 8, BigInt(1024 + 1024 * (entry % 2)));
    view.setBigUint64(small.table, BigInt(l1));
    view.setUint32(small.table + 8, tables);
    view.setBigUint64(small.table + 40, BigInt(clusters * 512));
    const before = process.memoryUsage();
    const found = (await unwrapDamaged(bytes, 'a million pieces'))!;
    const after = process.memoryUsage();
    expect(cut(found)).toContain('it lies in more than 1048576 pieces');
    expect(found.inside.source.size).toBeGreaterThan(500_000_000);
    expect(after.arrayBuffers + after.heapUsed - before.arrayBuffers - before.heapUsed).toBeLessThan(256 * 2 ** 20);
  });
});
