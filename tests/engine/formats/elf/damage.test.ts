/**
 * ELF, LiME, AVML and raw files, damaged: every byte of the headers and notes changed, cut at every length of them. What comes out is an error
 * that names the file, or a dump that is right wherever it claims to know memory.
 */
import { describe, expect, it } from 'vitest';
import { WorkbenchError } from '#shared/errors.ts';
import { decoderOf } from '#engine/formats/coding.ts';
import { wholeFile } from '#engine/formats/format.ts';
import { openDump } from '#engine/formats/registry.ts';
import { ExtentTable } from '#engine/memory/extent-table.ts';
import { GuestMemory } from '#engine/memory/guest-memory.ts';
import { PhysicalRegions } from '#engine/memory/physical-regions.ts';
import { ArraySource } from '../../memory/array-source.ts';
import { fixtureBytes, SILENT } from '../open-bytes.ts';
import { writeLime } from '../lime/write-lime.ts';
import { writeElf } from './write-elf.ts';

const TIMEOUT = { timeout: 60_000 };
const LIMIT_SECONDS = 3;

interface Subject {
  name: string;
  bytes: Uint8Array;
  /** Bytes from the start that are not memory. */
  structure: number;
}

const pattern = (length: number, seed: number) => Uint8Array.from({ length }, (_, at) => (at * seed) >> 4);
const small = (bits: 32 | 64, littleEndian: boolean): Subject => {
  const notes = [
    { owner: 'CORE', type: 1, description: pattern(144, 3) },
    { owner: 'QEMU', type: 0, description: pattern(440, 5) },
  ];
  const loads = [
    { physical: 0, data: pattern(4096, 7) },
    { physical: 0x8000, data: pattern(8192, 11), memorySize: 0x4000 },
  ];
  const bytes = writeElf({ bits, littleEndian, machine: 3, notes, loads });
  return { name: `ELF${bits} ${littleEndian ? 'LE' : 'BE'}`, bytes, structure: bytes.length - 12288 };
};

const SUBJECTS: Subject[] = [
  small(32, true),
  small(32, false),
  small(64, true),
  small(64, false),
  { name: 'arm.elf', bytes: fixtureBytes('elf/arm.elf').slice(0, 12_000), structure: 0x444 },
  { name: 'ppc.elf', bytes: fixtureBytes('elf/ppc.elf').slice(0, 12_000), structure: 0x740 },
  { name: 'microvm.elf', bytes: fixtureBytes('elf/microvm.elf').slice(0, 12_000), structure: 0x448 },
  {
    name: 'LiME',
    bytes: writeLime([
      { start: 0x1000, bytes: pattern(8192, 3) },
      { start: 0x8000, bytes: pattern(4096, 5) },
    ]),
    structure: 32,
  },
  { name: 'AVML', bytes: fixtureBytes('avml/tiny.avml').slice(0, 40_000), structure: 60 },
];

/** With a family that is named, so that nobody looks for page tables where there are none. */
function open(bytes: Uint8Array) {
  const source = new ArraySource(bytes, 'damaged');
  return { source, dump: openDump(source, { ...wholeFile(source, SILENT), architecture: 'arm64' }) };
}

/** Costs 16 MiB of zeros: not for each of thousands of files. */
function memoryOf({ source, dump }: ReturnType<typeof open>): GuestMemory {
  const decoder = dump.coding && decoderOf(dump.coding, source);
  return new GuestMemory(source, new ExtentTable(dump.extents), new PhysicalRegions(dump.regions), decoder);
}

function openDamaged(bytes: Uint8Array, what: string): ReturnType<typeof open> | undefined {
  const began = process.cpuUsage();
  try {
    return open(bytes);
  } catch (error) {
    if (!(error instanceof WorkbenchError)) throw new Error(`${what}: ${String((error as Error).stack)}`, { cause: error });
    expect([error.code === 'internal', error.message.includes('damaged')], what).toEqual([false, true]);
    return undefined;
  } finally {
    const { user, system } = process.cpuUsage(began);
    expect((user + system) / 1e6, `${what}: seconds`).toBeLessThan(LIMIT_SECONDS);
  }
}

describe.each(SUBJECTS)('$name', TIMEOUT, ({ bytes, structure }) => {
  it('cut at every length of its structure, and at many of its memory: what is present is right', () => {
    const whole = memoryOf(open(bytes));
    const page = new Uint8Array(512);
    const original = new Uint8Array(512);
    let opened = 0;
    for (let length = 0; length < bytes.length; length += length < structure + 40 || length > bytes.length - 20 ? 1 : 4099) {
      const damaged = openDamaged(bytes.subarray(0, length), `cut at ${length}`);
      if (!damaged) continue;
      if (++opened % 16 !== 0 && length < bytes.length - 20) continue;
      const memory = memoryOf(damaged);
      const { starts, lasts, count } = memory.regions;
      for (let region = 0; region < Math.min(count, 8); region++) {
        for (let at = starts[region]!; at < Math.min(lasts[region]!, starts[region]! + 0x20000); at += 3 * 512) {
          if (!memory.read(at, page).every(({ state }) => state === 'present')) continue;
          whole.read(at, original);
          if (Buffer.compare(page, original) !== 0) throw new Error(`cut at ${length}: 0x${at.toString(16)} is wrong, and claims to be present`);
        }
      }
    }
    expect(opened).toBeGreaterThan(3);
  });

  it('with any byte of its structure changed', () => {
    for (let at = 0; at < structure; at++) {
      // The headers in three ways; the notes behind them in one.
      for (const change of at < 0x130 ? [0x01, 0x80, 0xff] : [0xff]) {
        const damaged = bytes.slice();
        damaged[at]! ^= change;
        const opened = openDamaged(damaged, `byte ${at} ^ ${change}`);
        // Reading must not fail either, wherever the headers now lead.
        if (!opened || at % 16 !== 0) continue;
        const memory = memoryOf(opened);
        for (let region = 0; region < Math.min(memory.regions.count, 4); region++) memory.read(memory.regions.starts[region]!, new Uint8Array(64));
      }
    }
  });
});
