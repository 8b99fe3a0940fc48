/**
 * Damaged kdump files: cut at every length, every byte of the headers, the bitmaps and the descriptors changed. What opens has the right bytes wherever it claims
 * to have any; only plain pages whose own bytes or descriptors were changed can be wrong, since nothing guards those.
 */
import { describe, expect, it } from 'vitest';
import { WorkbenchError } from '#shared/errors.ts';
import { decoderOf } from '#engine/formats/coding.ts';
import { wholeFile, type OpenedDump } from '#engine/formats/format.ts';
import { openDump } from '#engine/formats/registry.ts';
import { ExtentKind, ExtentTable } from '#engine/memory/extent-table.ts';
import type { UnitDecoder } from '#engine/memory/unit-decoder.ts';
import { ArraySource } from '../../memory/array-source.ts';
import { fixtureBytes, openBytes, SILENT } from '../open-bytes.ts';
import { seededRandom } from '../../io/seeded-random.ts';
import { kdumpFile, notes, textPage, type Page } from './kdump-file.ts';

const PAGE = 4096;
const LIMIT_SECONDS = 3;
/** Bytes of buffers that cases may leave behind before they are collected. */
const LIMIT_BUFFERS = 2 ** 30;
const TIMEOUT = { timeout: 120_000 };

const PAGES: Page[] = [
  ...Array.from({ length: 12 }, (_, number) => textPage(number)),
  'excluded',
  'hole',
  ...Array.from({ length: 4 }, () => new Uint8Array(PAGE)),
  ...Array.from({ length: 6 }, (_, number) => textPage(100 + number)),
];

let cases = 0;

/** A dump without a GuestMemory, whose 16 MiB of tables would be most of the time of ten thousand cases. */
interface Opened {
  dump: OpenedDump;
  source: ArraySource;
  extents: ExtentTable;
  decoder: UnitDecoder;
}

function openLean(bytes: Uint8Array): Opened {
  const source = new ArraySource(bytes, 'damaged');
  const dump = openDump(source, wholeFile(source, SILENT));
  return { dump, source, extents: new ExtentTable(dump.extents), decoder: decoderOf(dump.coding!, source) };
}

/** Fills `page` and says whether its bytes are known. Units and pages are of one size here. */
function readPage({ source, extents, decoder }: Opened, address: number, page: Uint8Array): boolean {
  const index = extents.find(address);
  if (index < 0) return false;
  const place = extents.places[index]!;
  const within = address - extents.starts[index]!;
  switch (extents.kinds[index]) {
    case ExtentKind.Data:
      return source.read(place + within, page) === page.length;
    case ExtentKind.Fill:
      page.fill(place);
      return true;
    case ExtentKind.Coded: {
      const unitSize = extents.strides[index]!;
      const unit = new Uint8Array(unitSize);
      if (decoder.decode(place + Math.floor(within / unitSize), unit)) return false;
      page.set(unit.subarray(within % unitSize, (within % unitSize) + page.length));
      return true;
    }
    default:
      return false;
  }
}

function openDamaged(bytes: Uint8Array, what: string): Opened | undefined {
  const began = process.cpuUsage();
  try {
    return openLean(bytes);
  } catch (error) {
    if (!(error instanceof WorkbenchError)) throw new Error(`${what}: ${String((error as Error).stack)}`, { cause: error });
    expect(['bad-format', 'unknown-format', 'unsupported'], what).toContain(error.code);
    expect(error.message, what).toContain('damaged');
    return undefined;
  } finally {
    const { user, system } = process.cpuUsage(began);
    expect((user + system) / 1e6, `${what}: seconds`).toBeLessThan(LIMIT_SECONDS);
    if (cases++ % 64 === 0) expect(process.memoryUsage().arrayBuffers, `${what}: bytes of buffers`).toBeLessThan(LIMIT_BUFFERS);
  }
}

/** Addresses of pages that are known and wrong; `original` is undefined for pages that cannot be known. */
function wrongPages(opened: Opened, original: (address: number) => Uint8Array | undefined): string[] {
  const page = new Uint8Array(PAGE);
  const wrong: string[] = [];
  for (const { start, last } of opened.dump.regions) {
    // Damaged bitmaps name pages far away; what matters is what is claimed of any.
    for (let address = start; address <= Math.min(last, start + 512 * PAGE); address += PAGE) {
      const known = readPage(opened, address, page);
      const right = original(address);
      if (known && (!right || Buffer.compare(page, right) !== 0)) wrong.push(address.toString(16));
    }
  }
  return wrong;
}

const ofBuilt = (address: number) => {
  const page = PAGES[address / PAGE];
  return page instanceof Uint8Array ? page : undefined;
};
const built = kdumpFile({ pages: PAGES, sharesZeros: true, notes: notes(true, { owner: 'CORE', type: 1, size: 336 }), vmcoreinfo: 'OSRELEASE=6\n' });

describe('a kdump file that is cut', TIMEOUT, () => {
  it('opens as far as it goes and says what is missing, or is refused, at every length', () => {
    let opened = 0;
    const { bytes, descriptors } = built;
    for (let length = 0; length < bytes.length; length += length > 470 && length < descriptors - 100 ? 13 : 1) {
      const what = `cut at ${length}`;
      const damaged = openDamaged(bytes.subarray(0, length), what);
      if (!damaged) continue;
      opened++;
      expect(
        damaged.dump.diagnostics.some(({ severity }) => severity === 'data-loss'),
        what,
      ).toBe(true);
      expect(wrongPages(damaged, ofBuilt), what).toEqual([]);
    }
    expect(opened).toBeGreaterThan(1000);
  });

  it.each(['lzo', 'snappy', 'zstd'])('of %s pages by makedumpfile, too', (name) => {
    const bytes = fixtureBytes(`kdump/x86.${name}`);
    const whole = openBytes(bytes);
    const original = (address: number) => whole.memory.readExact(address, PAGE);
    for (let length = 20_000; length < bytes.length; length += 101) {
      const damaged = openDamaged(bytes.subarray(0, length), `${name} cut at ${length}`);
      expect(damaged).toBeDefined();
      expect(damaged!.dump.diagnostics.map(({ code }) => code)).toEqual(['file-truncated']);
      if (length % 5 === 0) expect(wrongPages(damaged!, original)).toEqual([]);
    }
  });
});

describe('a kdump file with a byte changed', TIMEOUT, () => {
  /** Where plain pages, whose bytes nothing guards, lie: there are none in the built file but the page of zeros. */
  const ranges: [string, number, number][] = [
    ['header', 0, 470],
    ['sub-header and notes', PAGE, PAGE + 104 + 20 + 336 + 12],
    ['bitmap 1', built.bitmaps, built.bitmaps + 8],
    ['bitmap 2', built.bitmaps + PAGE, built.bitmaps + PAGE + 8],
    ['descriptors', built.descriptors, built.data],
  ];

  it.each(ranges)('in its %s never shows a wrong byte', (_, from, to) => {
    for (let at = from; at < to; at++) {
      for (const change of [0x01, 0x10, 0x80, 0xff]) {
        const bytes = built.bytes.slice();
        bytes[at]! ^= change;
        const what = `byte 0x${at.toString(16)} ^ 0x${change.toString(16)}`;
        const damaged = openDamaged(bytes, what);
        if (damaged) expect(wrongPages(damaged, ofBuilt), what).toEqual([]);
      }
    }
  });

  it.each(['arm', 'ppc'])('in the 32-bit headers of QEMU (%s), after the flattening is taken off', (name) => {
    const bytes = unflatten(fixtureBytes(`kdump/${name}.zlib`));
    const whole = openBytes(bytes);
    const ram = whole.dump.regions[0]!;
    const original = (address: number) => (address >= ram.start && address < ram.last ? whole.memory.readExact(address, PAGE) : undefined);
    for (const [from, to] of [
      [0, 460],
      [PAGE, PAGE + 90],
    ] as const) {
      for (let at = from; at < to; at++) {
        const damaged = bytes.slice();
        damaged[at]! ^= 1 << (at % 8);
        const opened = openDamaged(damaged, `byte 0x${at.toString(16)}`);
        if (opened && at % 4 === 0) expect(wrongPages(opened, original), `byte 0x${at.toString(16)}`).toEqual([]);
      }
    }
  });
});

describe('bytes changed at random (seeded)', TIMEOUT, () => {
  it('several at once, 3000 times: an error or a dump, in time and in bounded memory', () => {
    for (let seed = 1; seed <= 3000; seed++) {
      const random = seededRandom(seed);
      const bytes = built.bytes.slice();
      const limit = [470, PAGE + 104, built.data, bytes.length][seed % 4]!;
      for (let change = 0; change < 1 + (seed % 7); change++) bytes[8 + Math.floor(random() * (limit - 8))] = Math.floor(random() * 256);
      openDamaged(bytes, `seed ${seed}`);
    }
  });

  it('garbage behind the signature, 500 times', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const random = seededRandom(seed);
      const bytes = Uint8Array.from({ length: 600 + Math.floor(random() * 20_000) }, () => Math.floor(random() * 256));
      bytes.set(new TextEncoder().encode(seed % 2 ? 'KDUMP   ' : 'DISKDUMP'));
      openDamaged(bytes, `seed ${seed}`);
    }
  });
});

describe('a hostile kdump file', TIMEOUT, () => {
  it('with bitmaps of alternating bits does not take room for every page', () => {
    const pages: Page[] = Array.from({ length: 400_000 }, (_, pfn) => (pfn % 2 ? 'hole' : 'excluded'));
    const opened = openDamaged(kdumpFile({ pages }).bytes, 'alternating');
    expect(opened!.dump.regions.length).toBeLessThanOrEqual(65536);
    expect(opened!.dump.diagnostics.map(({ code }) => code)).toContain('bitmap-fragmented');
  });
});

/** What is inside a flattened file, by the plainest of means. */
function unflatten(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const inside = new Uint8Array(1 << 20);
  let size = 0;
  for (let at = PAGE; view.getBigInt64(at) >= 0n; at += 16 + Number(view.getBigInt64(at + 8))) {
    const [offset, length] = [Number(view.getBigInt64(at)), Number(view.getBigInt64(at + 8))];
    inside.set(bytes.subarray(at + 16, at + 16 + length), offset);
    size = Math.max(size, offset + length);
  }
  return inside.slice(0, size);
}
