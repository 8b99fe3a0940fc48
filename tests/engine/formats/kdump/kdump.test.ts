/** kdump-compressed files: real ones against the ELF of the same moment, and built ones for what no tool at hand writes. */
import { describe, expect, it } from 'vitest';
import type { WorkbenchError } from '#shared/errors.ts';
import { flattened } from '#engine/containers/flattened/index.ts';
import { decoderOf } from '#engine/formats/coding.ts';
import { wholeFile, type DumpPart, type OpenedDump } from '#engine/formats/format.ts';
import { openDump } from '#engine/formats/registry.ts';
import { ExtentTable } from '#engine/memory/extent-table.ts';
import { GuestMemory } from '#engine/memory/guest-memory.ts';
import { PhysicalRegions } from '#engine/memory/physical-regions.ts';
import { openFixture, fixtureBytes, openBytes, SILENT } from '../open-bytes.ts';
import { ArraySource } from '../../memory/array-source.ts';
import { BytesFile } from '../../containers/bytes-file.ts';
import { kdumpFile, notes, textPage, type KdumpOptions, type Page } from './kdump-file.ts';

const PAGE = 4096;
const ZERO = new Uint8Array(PAGE);
/** Incompressible. */
const NOISE = Uint8Array.from({ length: PAGE }, (_, at) => (Math.imul(at + 1, 2654435761) >>> 13) ^ (at * 31));

/** Ten text pages, zeros, noise, a page left out, a hole, and more. */
function somePages(size = PAGE): Page[] {
  const text = Array.from({ length: 10 }, (_, number) => textPage(number, size));
  const zeros = Array.from({ length: 6 }, () => new Uint8Array(size));
  const noise = size === PAGE ? Array.from({ length: 9 }, () => NOISE) : [];
  return [...text, ...zeros, ...noise, 'excluded', 'excluded', 'hole', 'hole', 'hole', textPage(10, size), new Uint8Array(size), textPage(11, size)];
}

function open(options: KdumpOptions) {
  return openBytes(kdumpFile(options).bytes, 'built.kdump');
}

/** How each page reads: its PFN's page, or a state. */
function readBack(memory: GuestMemory, pages: Page[], size = PAGE): string[] {
  return pages.map((page, pfn) => {
    const bytes = new Uint8Array(size);
    const [span] = memory.read(pfn * size, bytes);
    if (span!.state !== 'present' && span!.state !== 'zero') return span!.state;
    return typeof page !== 'string' && Buffer.compare(bytes, page) === 0 ? 'right' : 'wrong';
  });
}

const expected = (pages: Page[]) => pages.map((page) => (page === 'hole' ? 'absent' : page === 'excluded' ? 'excluded' : 'right'));
const codes = (dump: OpenedDump) => dump.diagnostics.map(({ code }) => code).filter((code) => code !== 'unknown-cpu' && code !== 'no-cpus');

/** Differences from an ELF32 or ELF64 file, read here by itself. */
function differences(memory: GuestMemory, elf: Uint8Array): string[] {
  const view = new DataView(elf.buffer, elf.byteOffset, elf.length);
  const [wide, little] = [elf[4] === 2, elf[5] === 1];
  const long = (at: number) => (wide ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little));
  const table = long(wide ? 32 : 28);
  const found: string[] = [];
  let compared = 0;
  for (let index = 0; index < view.getUint16(wide ? 56 : 44, little); index++) {
    const at = table + index * (wide ? 56 : 32);
    if (view.getUint32(at, little) !== 1) continue;
    const [offset, physical, length] = wide ? [long(at + 8), long(at + 24), long(at + 32)] : [long(at + 4), long(at + 12), long(at + 16)];
    for (let done = 0; done < length; done += PAGE, compared++) {
      const page = new Uint8Array(PAGE);
      const known = memory.read(physical + done, page).every(({ state }) => state === 'present' || state === 'zero');
      if (!known || Buffer.compare(page, elf.subarray(offset + done, offset + done + PAGE)) !== 0) found.push((physical + done).toString(16));
    }
  }
  expect(compared).toBeGreaterThan(255);
  return found;
}

async function openFlattened(name: string) {
  const file = new BytesFile(fixtureBytes(name), name);
  const { inside, diagnostics } = await flattened.unwrap({ source: file, start: 0 }, { mapping: false, progress: SILENT });
  expect(diagnostics).toEqual([]);
  const dump = openDump(inside.source, wholeFile(inside.source, SILENT));
  const decoder = decoderOf(dump.coding!, inside.source);
  return { dump, memory: new GuestMemory(inside.source, new ExtentTable(dump.extents), new PhysicalRegions(dump.regions), decoder) };
}

describe("QEMU's kdump-zlib", () => {
  it("of the tiny guest has the memory and the registers of QEMU's ELF", async () => {
    const { dump, memory } = await openFlattened('kdump/tiny.flat');
    expect(differences(memory, fixtureBytes('tiny/paging-off.elf'))).toEqual([]);
    const theirs = openFixture('tiny/paging-off.elf').dump;
    const values = ({ cpus }: OpenedDump) => cpus.map(({ registers }) => Object.entries(registers).map(([name, { value }]) => `${name} ${value}`));
    expect(values(dump)).toEqual(values(theirs));
    expect(dump.cpus).toHaveLength(2);
    expect(dump.diagnostics).toEqual([]);
    expect(dump.sentence).toBe("A kdump-compressed dump written by QEMU's dump-guest-memory, with 2 CPUs and 8.3 MiB of memory.");
    expect(dump.extents.count).toBeLessThan(40);
  });

  it.each([
    ['arm', '6 (32-bit, little-endian)', 'arm'],
    ['ppc', '6 (32-bit, big-endian)', 'ppc'],
    ['s390x', '6 (64-bit, big-endian)', 's390x'],
  ])("of %s has the memory of QEMU's ELF", async (name, version, architecture) => {
    const { dump, memory } = await openFlattened(`kdump/${name}.zlib`);
    expect(dump.facts.find(({ label }) => label === 'Header version')?.value).toBe(version);
    expect(dump.architecture).toBe(architecture);
    expect(codes(dump)).toEqual([]);
    expect(differences(memory, fixtureBytes(`kdump/${name}.elf`))).toEqual([]);
  });
});

describe('makedumpfile', () => {
  it.each(['zlib', 'lzo', 'snappy', 'zstd'])('%s pages are those of the ELF', (name) => {
    const { dump, memory } = openFixture(`kdump/x86.${name}`);
    expect(dump.facts.find(({ label }) => label === 'Pages')?.value).toBe(`96 ${name}, 3 plain, 157 zero`);
    expect(differences(memory, fixtureBytes('kdump/x86.elf'))).toEqual([]);
    expect(dump.cpus).toHaveLength(1);
    expect(dump.diagnostics).toEqual([]);
  });
});

describe('every header there is', () => {
  const VERSIONS = [0, 1, 2, 3, 4, 5, 6];
  const ABIS = ['lp64', 'packed', 'padded'] as const;
  const cases = VERSIONS.flatMap((version) => ABIS.flatMap((abi) => [true, false].map((littleEndian) => ({ version, abi, littleEndian }))));

  it.each(cases)('version $version, $abi, little-endian $littleEndian', ({ version, abi, littleEndian }) => {
    const pages = somePages();
    const machine = abi === 'lp64' ? 'x86_64' : abi === 'packed' ? 'i686' : 'armv7l';
    const area = notes(littleEndian, { owner: 'CORE', type: 1, size: 336 });
    const { dump, memory } = open({ pages, version, abi, littleEndian, machine, notes: area, vmcoreinfo: 'OSRELEASE=6.1.0\n', sharesZeros: true });
    expect(readBack(memory, pages)).toEqual(expected(pages));
    expect(codes(dump).filter((code) => code !== 'cpu-undecoded')).toEqual([]);
    expect(dump.notes).toHaveLength(version >= 4 ? 1 : 0);
    expect(dump.vmcoreinfo?.description.length).toBe(version >= 3 ? 16 : undefined);
  });

  it.each(['packed', 'padded'] as const)('%s of a machine that is not named', (abi) => {
    const pages = somePages();
    const { dump, memory } = open({ pages, abi, machine: 'Unknown', notes: notes(true, { owner: 'CORE', type: 1, size: 148 }) });
    expect(readBack(memory, pages)).toEqual(expected(pages));
    expect([dump.notes.length, dump.architecture]).toEqual([1, 'arm']);
  });

  it.each([4096, 8192, 16384, 32768, 65536])('blocks of %d bytes', (blockSize) => {
    const pages = somePages(blockSize);
    for (const compression of ['zlib', 'zstd', 'none'] as const) {
      const { dump, memory } = open({ pages, blockSize, compression, sharesZeros: true });
      expect(readBack(memory, pages, blockSize)).toEqual(expected(pages));
      expect(codes(dump)).toEqual([]);
    }
  });

  it('DISKDUMP, and a file with one bitmap only', () => {
    const pages = somePages().map((page) => (page === 'excluded' ? 'hole' : page));
    expect(readBack(open({ pages, signature: 'DISKDUMP', version: 1 }).memory, pages)).toEqual(expected(pages));
    expect(readBack(open({ pages, oneBitmap: true }).memory, pages)).toEqual(expected(pages));
  });
});

describe('the index', () => {
  it('makes runs of plain, zero, excluded and compressed pages', () => {
    const pages = somePages();
    const { dump } = open({ pages, sharesZeros: true });
    const extents = new ExtentTable(dump.extents);
    const rows = Array.from({ length: extents.count }, (_, index) => [
      extents.starts[index]! / PAGE,
      extents.lengths[index]! / PAGE,
      extents.kinds[index]!,
    ]);
    expect(rows).toEqual([
      [0, 10, 6],
      [10, 6, 2],
      [16, 9, 1],
      [25, 2, 3],
      [30, 1, 6],
      [31, 1, 2],
      [32, 1, 6],
    ]);
    expect(dump.regions.map(({ start, last }) => [start / PAGE, (last + 1) / PAGE])).toEqual([
      [0, 27],
      [30, 33],
    ]);
  });

  it('says what is left out, by level and in bytes', () => {
    const { dump } = open({ pages: somePages(), dumpLevel: 31, seconds: 1_700_000_000 });
    const fact = (label: string) => dump.facts.find((each) => each.label === label)?.value;
    expect(fact('Dump level')).toBe('31: leaves out zero, cache, private cache, user and free pages');
    expect(fact('Excluded')).toBe('8 KiB');
    expect(fact('Taken at')).toBe('2023-11-14T22:13:20Z');
    expect(dump.sentence).toBe('A kdump-compressed dump of Linux on host, with 1 CPU and 120 KiB of memory, of which 8 KiB were left out.');
  });
});

describe('an incomplete file', () => {
  it('shows pages that were not written as absent, and says how many', () => {
    const pages = somePages();
    const { dump, memory } = open({ pages, status: 8, writtenDescriptors: 12 });
    expect(codes(dump)).toEqual(['kdump-incomplete', 'pages-not-written']);
    const written = pages.flatMap((page, pfn) => (typeof page === 'string' ? [] : [pfn]))[12]!;
    expect(readBack(memory, pages)).toEqual(expected(pages).map((state, pfn) => (pfn >= written && state === 'right' ? 'absent' : state)));
    expect(dump.diagnostics.find(({ code }) => code === 'pages-not-written')?.message).toContain('16 pages (64 KiB)');
  });

  it('whose bitmap ends with the pages that were written, has those right', () => {
    const pages = somePages();
    const file = kdumpFile({ pages, status: 8, sharesZeros: true });
    // makedumpfile in cycles: bits of the cycles to come are not set yet.
    const [before, after] = [pages.slice(0, 16), pages.slice(16)];
    file.bytes.fill(0, file.bitmaps + PAGE + 2, file.bitmaps + 2 * PAGE);
    const { memory } = openBytes(file.bytes);
    expect(readBack(memory, pages)).toEqual([...expected(before), ...after.map((page) => (page === 'hole' ? 'absent' : 'excluded'))]);
  });
});

describe('a bitmap with a wrong bit', () => {
  it.each([0, 5, 12, 27, 32])('(%d) does not give pages the bytes of their neighbours', (pfn) => {
    for (const sharesZeros of [true, false]) {
      const pages = somePages();
      const file = kdumpFile({ pages, sharesZeros });
      file.bytes[file.bitmaps + PAGE + (pfn >> 3)]! ^= 1 << (pfn & 7);
      const { dump, memory } = openBytes(file.bytes);
      expect(codes(dump)).toContain('descriptors-misfit');
      expect(readBack(memory, pages).filter((state) => state === 'right' || state === 'wrong')).toEqual([]);
    }
  });
});

describe('a damaged descriptor', () => {
  const damage = (change: (view: DataView, at: number) => void, pfn = 3) => {
    const pages = somePages();
    const file = kdumpFile({ pages });
    change(new DataView(file.bytes.buffer), file.descriptors + pfn * 24);
    const { dump, memory } = openBytes(file.bytes);
    return { dump, states: readBack(memory, pages).slice(2, 6) };
  };

  it.each([
    ['unknown flags', (view: DataView, at: number) => view.setUint32(at + 12, 0x40, true), 'corrupt', 'descriptors-damaged'],
    ['two compressions', (view: DataView, at: number) => view.setUint32(at + 12, 3, true), 'corrupt', 'descriptors-damaged'],
    ['a plain page that is too short', (view: DataView, at: number) => view.setUint32(at + 12, 0, true), 'corrupt', 'descriptors-damaged'],
    ['a size of 0', (view: DataView, at: number) => view.setUint32(at + 8, 0, true), 'corrupt', 'descriptors-damaged'],
    ['a size above the block', (view: DataView, at: number) => view.setUint32(at + 8, 4097, true), 'corrupt', 'descriptors-damaged'],
    ['data among the headers', (view: DataView, at: number) => view.setUint32(at, 100, true), 'corrupt', 'descriptors-damaged'],
    ['data beyond the end', (view: DataView, at: number) => view.setUint32(at + 4, 1, true), 'absent', 'file-truncated'],
    ['all zeros', (view: DataView, at: number) => new Uint8Array(view.buffer, at, 24).fill(0), 'absent', 'pages-not-written'],
    ['data elsewhere', (view: DataView, at: number) => view.setUint32(at, view.getUint32(at, true) + 1, true), 'corrupt', 'pages-misplaced'],
  ] as const)('with %s costs its page alone', (_, change, state, code) => {
    const { dump, states } = damage(change);
    expect(states).toEqual(['right', state, 'right', 'right']);
    expect(codes(dump)).toEqual([code]);
  });

  it('whose page does not give a whole block, is corrupt with a reason', () => {
    const pages = somePages();
    const file = kdumpFile({ pages });
    file.bytes[file.data + 20]! ^= 0x55;
    const { memory } = openBytes(file.bytes);
    const [span] = memory.read(0, new Uint8Array(PAGE));
    expect(span).toEqual({ start: 0, end: PAGE, state: 'corrupt', reason: `damaged zlib data at 0x${file.data.toString(16)}` });
  });
});

describe('a split set', () => {
  const pages = somePages();
  const RANGES = [
    [0, 8],
    [8, 20],
    [20, pages.length],
  ] as const;
  const part = (start: number, end: number, options: Partial<KdumpOptions> = {}) =>
    kdumpFile({ pages, split: { start, end }, sharesZeros: true, seconds: 77, ...options }).bytes;

  function openSet(files: { name: string; bytes: Uint8Array }[]) {
    const starts: number[] = [];
    const pieces: Uint8Array[] = [];
    let at = 0;
    for (const { bytes } of files) {
      starts.push(at);
      pieces.push(bytes, new Uint8Array(65536 - (bytes.length % 65536)));
      at += bytes.length + 65536 - (bytes.length % 65536);
    }
    const source = new ArraySource(new Uint8Array(Buffer.concat(pieces)), 'set');
    const parts: DumpPart[] = files.map(({ name, bytes }, index) => ({ name, start: starts[index]!, length: bytes.length }));
    const dump = openDump(source, { ...wholeFile(source, SILENT), parts });
    const decoder = decoderOf(dump.coding!, source);
    return { dump, memory: new GuestMemory(source, new ExtentTable(dump.extents), new PhysicalRegions(dump.regions), decoder) };
  }
  const all = RANGES.map(([start, end], index) => ({ name: `part${index + 1}`, bytes: part(start, end) }));

  it('is one dump, whatever the order of its parts', () => {
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
    ]) {
      const { dump, memory } = openSet(order.map((index) => all[index]!));
      expect(readBack(memory, pages)).toEqual(expected(pages));
      expect(codes(dump)).toEqual([]);
      expect(dump.layers).toHaveLength(3);
    }
  });

  it('lacks the pages of a part that is not there, and nothing else', () => {
    const { dump, memory } = openSet([all[0]!, all[2]!]);
    expect(codes(dump)).toEqual(['part-missing']);
    expect(dump.diagnostics.find(({ code }) => code === 'part-missing')?.message).toMatch(/^PFN 0x8 to 0x13 \(48 KiB of pages\) are in parts that/);
    expect(readBack(memory, pages)).toEqual(expected(pages).map((state, pfn) => (pfn >= 8 && pfn < 20 ? 'absent' : state)));
  });

  it('of which one part is opened alone, says what it holds and what not', () => {
    const { dump, memory } = openSet([all[1]!]);
    expect(dump.diagnostics.find(({ code }) => code === 'part-missing')?.message).toContain(
      'part2 is one part of a split dump and holds PFN 0x8 to 0x13.',
    );
    expect(readBack(memory, pages)).toEqual(expected(pages).map((state, pfn) => (state === 'right' && (pfn < 8 || pfn >= 20) ? 'absent' : state)));
  });

  it.each([
    ['of another time', part(8, 20, { seconds: 78 }), 'time'],
    ['of another machine', part(8, 20, { machine: 'i686' }), 'utsname'],
    ['of another size', part(8, 20, { pages: [...pages, ZERO] }), 'max_mapnr'],
    ['that overlaps', part(7, 20), 'PFNs from 8 on'],
    ['that is whole', kdumpFile({ pages, seconds: 77 }).bytes, 'a part of a split dump'],
    ['that is no kdump file', new Uint8Array(8192), 'a kdump-compressed dump'],
  ])('with a part %s is refused by name', (_, bytes, reason) => {
    let thrown: WorkbenchError | undefined;
    try {
      openSet([all[0]!, { name: 'stranger', bytes }, all[2]!]);
    } catch (error) {
      thrown = error as WorkbenchError;
    }
    expect(thrown).toMatchObject({ code: 'not-one-dump', details: { source: 'stranger' } });
    expect(thrown!.message).toContain(reason);
  });
});
