/**
 * Small streams with one of everything, cut at lengths all over and with bytes changed: an error that says what is wrong, or a dump whose memory is right
 * wherever it claims to know it.
 */
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { WorkbenchError } from '#shared/errors.ts';
import { fixtureBytes, openBytes, openFixture, type Opened } from '../open-bytes.ts';
import { END, EOS, FULL, MEM_SIZE, PAGE, PART, payloadOf, ramOf, START, StreamWriter } from './stream-writer.ts';

const TIMEOUT = { timeout: 120_000 };
const guest = openFixture('tiny/stream.qevm');

/** Bytes that hardly repeat, so that a page of another place is not taken for the right one. */
const page = (seed: number) => Uint8Array.from({ length: PAGE }, (_, at) => (at * 31 + seed * 97 + (at >> 5) * seed) & 0xff);

function devices(writer: StreamWriter, footers: boolean): StreamWriter {
  const sections: [string, number][] = [
    ['timer', 2],
    ['cpu_common', 1],
    ['cpu', 12],
    ['apic', 3],
  ];
  for (const [index, [name, version]] of sections.entries()) {
    writer.section(FULL, 10 + index, name, version).raw(payloadOf(guest, name));
    if (footers) writer.footer(10 + index);
  }
  return writer;
}

const STREAMS: Record<string, () => StreamWriter> = {
  'version 4, with a configuration, addresses and page sizes': () => {
    const writer = new StreamWriter().header().configuration('pc-i440fx-7.2').subsection('configuration/capabilities').u32(1).name('x-ignore-shared');
    writer.subsection('configuration/other').u32(1).section(FULL, 0, 'early', 1).u64(77).footer(0).command(2, [0, 0, 0, 1]);
    writer.section(START, 2, 'ram', 4).u64(6 * PAGE + MEM_SIZE);
    writer
      .name('node0')
      .u64(4 * PAGE)
      .u64(2 ** 21)
      .u64(0)
      .name('node1')
      .u64(2 * PAGE)
      .u64(4 * PAGE)
      .u64(EOS)
      .footer(2);
    writer
      .part(PART, 2)
      .u64(8)
      .name('node0')
      .raw(page(1))
      .u64(PAGE + 0x22)
      .u8(0)
      .u64(2 * PAGE + 0x22)
      .u8(0x5a)
      .u64(0x200)
      .u64(EOS)
      .footer(2);
    writer.part(END, 2).u64(2).name('node1').u8(9).u64(EOS).footer(2);
    return devices(writer, true).eof();
  },
  'version 4, in several passes of coded pages, by postcopy': () => {
    const zlib = deflateSync(page(2).fill(3, 0, 3000));
    const writer = new StreamWriter().header().configuration('pc-i440fx-7.2').command(3, new Uint8Array(16)).section(START, 2, 'ram', 4);
    writer
      .u64(4 * PAGE + MEM_SIZE)
      .name('pc.ram')
      .u64(4 * PAGE)
      .u64(2)
      .name('pc.ram')
      .u8(0)
      .u64(PAGE + 0x120)
      .u32(zlib.length)
      .raw(zlib);
    writer
      .u64(2 * PAGE + 0x22)
      .u8(8)
      .u64(0x60)
      .u8(1)
      .u16(4)
      .raw([5, 2, 1, 2])
      .u64(PAGE + 0x60)
      .u8(1)
      .u16(3)
      .raw([0, 1, 9])
      .u64(EOS)
      .footer(2);
    const inner = devices(new StreamWriter().command(4), true).bytes();
    writer
      .command(7, [0, 0, inner.length >> 8, inner.length & 0xff])
      .raw(inner)
      .command(6, new StreamWriter().u8(0).name('pc.ram').u8(0).u64(0).u64(PAGE).bytes());
    return writer
      .part(END, 2)
      .u64(0x60)
      .u8(1)
      .u16(3)
      .raw([0, 1, 7])
      .u64(3 * PAGE + 0x22)
      .u8(1)
      .u64(EOS)
      .footer(2)
      .eof();
  },
  'version 3, flat, without footers and description': () => {
    const writer = new StreamWriter()
      .header()
      .section(START, 2, 'ram', 3)
      .u64(4 * PAGE + MEM_SIZE);
    writer
      .u64(8)
      .raw(page(3))
      .u64(PAGE + 2)
      .u8(0)
      .u64(2 * PAGE + 2)
      .u8(0xff)
      .u64(3 * PAGE + 2)
      .u8(0)
      .u64(EOS)
      .part(END, 2)
      .u64(EOS);
    return devices(writer, false).eof();
  },
};

/** Every place that has structure (the start, the end), and every 23rd of the pages and registers between. */
function placesIn(bytes: Uint8Array): number[] {
  return Array.from(bytes.keys()).filter((at) => at < 500 || at > bytes.length - 250 || at % 23 === 0);
}

function open(bytes: Uint8Array, what: string): Opened | undefined {
  const began = process.cpuUsage();
  try {
    return openBytes(bytes, 'damaged');
  } catch (error) {
    if (!(error instanceof WorkbenchError)) throw new Error(`${what}: ${String((error as Error).stack)}`, { cause: error });
    expect(error.message, what).toContain('damaged');
    return undefined;
  } finally {
    expect(process.cpuUsage(began).user / 1e6, `${what}: seconds`).toBeLessThan(3);
  }
}

/** All pages of the RAM space that are known: their bytes by block name and page. */
function knownPages(opened: Opened): Map<string, Uint8Array> {
  const ram = ramOf(opened);
  const pages = new Map<string, Uint8Array>();
  for (const block of opened.dump.blocks) {
    // A length that was changed may be anything: its first pages are the stream's.
    for (let at = 0; at < Math.min(block.length, 8 * PAGE); at += PAGE) {
      const bytes = new Uint8Array(Math.min(PAGE, block.length - at));
      if (ram.read(block.ram + at, bytes).every(({ state }) => state === 'present' || state === 'zero')) pages.set(`${block.name} ${at}`, bytes);
    }
  }
  return pages;
}

describe.each(Object.keys(STREAMS))('%s', TIMEOUT, (name) => {
  const bytes = STREAMS[name]!().bytes();
  const whole = openBytes(bytes);

  it('opens whole, with its CPU and all of its memory', () => {
    expect(whole.dump.cpus).toHaveLength(1);
    expect(whole.dump.devices!.sections.length).toBeGreaterThanOrEqual(4);
    expect(knownPages(whole).size).toBeGreaterThanOrEqual(3);
  });

  it('cut at any length: an error, or a loss that is told, and no page is wrong that was sent but once', () => {
    const expected = knownPages(whole);
    const severalPasses = name.includes('passes');
    let opened = 0;
    for (const length of placesIn(bytes)) {
      const what = `cut at ${length}`;
      const damaged = open(bytes.subarray(0, length), what);
      if (!damaged) continue;
      opened++;
      expect(damaged.dump.diagnostics.length, what).toBeGreaterThan(0);
      if (severalPasses) continue;
      for (const [key, known] of knownPages(damaged)) {
        if (Buffer.compare(known, expected.get(key)!) !== 0) throw new Error(`${what}: ${key} is wrong, and claims to be known`);
      }
    }
    expect(opened).toBeGreaterThan(300);
  });

  it.each([0x01, 0xff])('bytes changed by %d: an error, or a dump; reading it all never fails', (change) => {
    for (const at of placesIn(bytes)) {
      const copy = bytes.slice();
      copy[at]! ^= change;
      const damaged = open(copy, `byte ${at} changed by ${change}`);
      if (damaged) knownPages(damaged);
    }
  });
});

it(
  "a real stream's configuration, block list and records, each byte changed: every page that is known is right, or its own record was hit",
  TIMEOUT,
  () => {
    const bytes = fixtureBytes('qemu-streams/postcopy-huge-pages/stream.qevm');
    const expected = knownPages(openBytes(bytes));
    let opened = 0;
    for (let at = 0; at < 0x140; at++) {
      const copy = bytes.slice(0, 300_000);
      copy[at]! ^= 0x10;
      const damaged = open(copy, `byte ${at} changed`);
      if (!damaged) continue;
      opened++;
      const wrong = [...knownPages(damaged)].filter(([key, known]) => expected.has(key) && Buffer.compare(known, expected.get(key)!) !== 0);
      // One record tells one page's fill or place: no more than that page, and the one that it was taken for.
      expect(wrong.length, `byte ${at}: ${wrong.map(([key]) => key).join(', ')}`).toBeLessThanOrEqual(2);
    }
    expect(opened).toBeGreaterThan(50);
  },
);
