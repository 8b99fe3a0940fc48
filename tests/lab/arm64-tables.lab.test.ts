/**
 * Page tables full of descriptors of every sort, of every granule, width and regime, in a real QEMU (-cpu max): each address leads where its monitor's gva2gpa says (guests/arm64-tables.S).
 *
 * QEMU 7.2 takes a block for one at levels where the architecture has none (level 0 with 4 KiB, level 1 with 16 KiB); those addresses are left out.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { arm64 } from '#engine/arch/arm64/index.ts';
import { translationTables } from '#engine/session/translation-root.ts';
import { TranslationSpace } from '#engine/translate/translation-space.ts';
import { openFile } from '../engine/containers/opened-image.ts';
import { randomSource } from '../engine/translate/fuzzed-tables.ts';
import { run } from './export-tools.ts';
import { labFolder } from './lab-guest.ts';
import { QemuGuest } from './qemu-guest.ts';

type Granule = 4 | 16 | 64;

interface Setup {
  title: string;
  granule: Granule;
  /** Widths of the lower and the upper half. */
  lower: number;
  upper: number;
  level: 1 | 2;
  lpa2?: boolean;
  /** EL2 with two halves. */
  host?: boolean;
  /** With stage 2 below, 4 KiB and 40 bits. */
  below?: boolean;
  bigEndian?: boolean;
  tagged?: boolean;
}

const SETUPS: readonly Setup[] = [
  { title: '4 KiB, 48 and 39 bits', granule: 4, lower: 48, upper: 39, level: 1 },
  { title: '4 KiB, 32 and 25 bits, tags', granule: 4, lower: 32, upper: 25, level: 1, tagged: true },
  { title: '16 KiB, 48 and 47 bits', granule: 16, lower: 48, upper: 47, level: 1 },
  { title: '64 KiB, 52 and 42 bits', granule: 64, lower: 52, upper: 42, level: 1, tagged: true },
  { title: '64 KiB, 48 and 48 bits, big-endian tables', granule: 64, lower: 48, upper: 48, level: 1, bigEndian: true },
  { title: '4 KiB, LPA2, 52 and 50 bits', granule: 4, lower: 52, upper: 50, level: 1, lpa2: true },
  { title: '16 KiB, LPA2, 52 and 48 bits', granule: 16, lower: 52, upper: 48, level: 1, lpa2: true },
  { title: 'EL2, 4 KiB, 48 bits', granule: 4, lower: 48, upper: 48, level: 2 },
  { title: 'EL2 as a host, 16 KiB, 47 and 36 bits', granule: 16, lower: 47, upper: 36, level: 2, host: true },
  { title: 'stage 2 below 4 KiB, 39 and 48 bits', granule: 4, lower: 39, upper: 48, level: 1, below: true },
];

const SHIFTS: Readonly<Record<Granule, number>> = { 4: 12, 16: 14, 64: 16 };
const CONFIG = 0x4010_0000;
/** Pages of tables; the first is the root of the lower half, the second that of the upper one. */
const TABLES = 16;
const START = 0x4400_0000;
/** Stage 2: a table of level 1 and one of level 2, then tables of level 3. */
const BELOW = 0x4600_0000;

const bit = (n: number): bigint => 1n << BigInt(n);

function registersOf({ granule, lower, upper, level, lpa2, host, below, bigEndian, tagged }: Setup): bigint[] {
  const tg0 = { 4: 0n, 64: 1n, 16: 2n }[granule];
  const tg1 = { 4: 2n, 64: 3n, 16: 1n }[granule];
  const halves =
    BigInt(64 - lower) |
    (tg0 << 14n) |
    (BigInt(64 - upper) << 16n) |
    (tg1 << 30n) |
    (6n << 32n) |
    (lpa2 ? bit(59) : 0n) |
    (tagged ? bit(37) | bit(38) : 0n);
  const one = BigInt(64 - lower) | (tg0 << 14n) | (6n << 16n) | bit(23) | bit(31) | (lpa2 ? bit(32) : 0n);
  const control = 0x30c5_0830n | 1n | (bigEndian ? bit(25) : 0n);
  const hcr = bit(31) | (host ? bit(34) : 0n) | (below ? bit(0) : 0n);
  // VTCR_EL2: 40 bits, from level 1 with 4 KiB, physical addresses of 48 bits.
  const vtcr = 24n | (1n << 6n) | (5n << 16n) | bit(31);
  const roots = [BigInt(START), BigInt(START + 2 ** SHIFTS[granule])] as const;
  const at1 = level === 1;
  return [
    BigInt(level),
    hcr,
    BigInt(BELOW),
    vtcr,
    ...(at1 ? [...roots, halves, control] : [0n, 0n, 0n, 0x30c5_0830n]),
    ...(at1 ? [0n, 0n, 0n, 0x30c5_0830n] : [...roots, host ? halves : one, control]),
  ];
}

function tablesOf({ granule, lower, lpa2, bigEndian }: Setup, random: () => number): Uint8Array {
  const shift = SHIFTS[granule];
  const size = 2 ** shift;
  const bytes = new Uint8Array(TABLES * size);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.length; at += 8) {
    const table = BigInt(START + (2 + (random() % (TABLES - 2))) * size);
    const noise = (BigInt(random()) << 32n) | BigInt(random());
    const sort = random() % 16;
    // Tables at 52-bit addresses would be outside of this machine's memory: their high bits, which are the low bits of a descriptor, stay clear.
    const leaf = (noise & ~3n) | (sort === 15 ? 0n : bit(10));
    const entry = sort < 9 ? table | 3n | (noise & (31n << 59n)) : sort < 11 ? leaf | 1n : sort < 14 ? leaf | 3n : noise & ~1n;
    // Pages and tables look alike: an entry that leads on must lead to a table wherever it stands, or the walk reads what is not there.
    const aimed = sort >= 11 && sort < 14 && random() % 2 === 0 ? table | 3n | bit(10) | (noise & (7n << 52n)) : entry;
    view.setBigUint64(at, lpa2 && sort < 9 ? aimed & ~(3n << 8n) : aimed, bigEndian !== true);
  }
  // The program's own address is not mapped, so that it stays at its exception level.
  const needed = Math.max(1, Math.ceil((lower - shift) / (shift - 3)));
  const top = shift + (needed - 1) * (shift - 3);
  view.setBigUint64(8 * Math.floor(CONFIG / 2 ** top), 0n);
  return bytes;
}

/** The tables of stage 1 stand where they are; the rest leads anywhere, or nowhere. */
function tablesBelow(random: () => number): Uint8Array {
  const bytes = new Uint8Array(8 * 4096);
  const view = new DataView(bytes.buffer);
  const rights = 0x3cn | (3n << 6n) | (3n << 8n) | bit(10);
  for (let at = 0; at < bytes.length; at += 8) {
    const level = at < 4096 ? 1 : at < 8192 ? 2 : 3;
    const address = ((BigInt(random()) << 20n) & 0xff_ffc0_0000n) | (BigInt(random() % 1024) << 12n);
    const next = BigInt(BELOW + (level === 1 ? 4096 : (2 + (random() % 6)) * 4096));
    const sort = random() % 8;
    const entry = sort === 0 ? 0n : level === 3 ? address | rights | 3n : sort < 5 ? next | 3n : address | rights | 1n;
    view.setBigUint64(at, entry, true);
  }
  view.setBigUint64(8, BigInt(BELOW + 4096) | 3n, true);
  for (let index = 0; index < 64; index++) view.setBigUint64(4096 + 8 * index, BigInt(0x4000_0000 + index * 2 ** 21) | rights | 1n, true);
  return bytes;
}

function addressesOf({ lower, upper, level, host, tagged }: Setup, random: () => number): bigint[] {
  const halves = level === 1 || host === true;
  return Array.from({ length: 400 }, (_, n) => {
    const noise = (BigInt(random()) << 32n) | BigInt(random());
    const plain = n % 2 === 0 || !halves ? BigInt.asUintN(lower, noise) : BigInt.asUintN(64, noise | (-1n << BigInt(upper)));
    if (n % 16 === 0) return noise;
    return tagged === true && n % 4 < 2 ? (plain & ~(0xffn << 56n)) | (BigInt(random() & 0xff) << 56n) : plain;
  });
}

describe('tables of an AArch64 CPU', () => {
  const folder = labFolder();

  it.each(SETUPS.map((setup) => [setup.title, setup] as const))('%s', async (_, setup) => {
    const random = randomSource(0x1234_5678 + SETUPS.indexOf(setup));
    const program = path.join(folder, 'arm64-tables.elf');
    run('aarch64-linux-gnu-gcc', [
      '-nostdlib',
      '-static',
      '-Wl,-Ttext=0x40080000',
      path.join(import.meta.dirname, 'guests/arm64-tables.S'),
      '-o',
      program,
    ]);
    const registers = registersOf(setup);
    const parts: [string, Uint8Array, number][] = [
      ['config.bin', new Uint8Array(BigUint64Array.from(registers).buffer), CONFIG],
      ['tables.bin', tablesOf(setup, random), START],
      ['below.bin', tablesBelow(random), BELOW],
    ];
    for (const [name, bytes] of parts) writeFileSync(path.join(folder, name), bytes);
    const loaders = parts.flatMap(([name, , address]) => [
      '-device',
      `loader,file=${path.join(folder, name)},addr=0x${address.toString(16)},force-raw=on`,
    ]);
    const guest = await QemuGuest.start({
      folder,
      binary: 'qemu-system-aarch64',
      args: ['-M', 'virt,virtualization=on', '-cpu', 'max', '-m', '128', '-kernel', program, ...loaders],
      ready: 'TABLES-LOADED',
      timeoutSeconds: 30,
    });
    // It says so a few instructions before it gets there.
    await guest.qmp('cont');
    await new Promise((resolve) => setTimeout(resolve, 200));
    await guest.qmp('stop');
    const addresses = addressesOf(setup, random);
    const theirs: string[] = [];
    for (const address of addresses) theirs.push(/gpa: 0x([0-9a-f]+)/.exec(await guest.hmp(`gva2gpa 0x${address.toString(16)}`))?.[1] ?? 'unmapped');
    await guest.migrate('tables.qevm');
    await guest.quit();

    const { dump, memory, source } = await openFile(path.join(folder, 'tables.qevm'));
    const [cpu] = dump.cpus;
    expect(arm64.describeCpu(cpu!).mode).toMatch(new RegExp(`EL${setup.level}, MMU on`));
    expect(dump.littleEndian).toBe(setup.level === 1 ? setup.bigEndian !== true : true);
    const space = new TranslationSpace(memory, translationTables(arm64, dump.cpus, { kind: 'cpu', cpu: 0 }));
    const ours = addresses.map((address) => {
      const walk = space.walk(address);
      const mapped = space.translateAddress(address);
      expect(mapped ? space.found.physical : undefined).toBe(walk.result.kind === 'page' ? walk.result.physical : undefined);
      return !mapped ? 'unmapped' : space.found.physical.toString(16);
    });
    const sound = addresses
      .map((address, n) => ({ address, n }))
      .filter(({ address }) => !space.walk(address).result.sentence.includes('there are no blocks at this level'));
    const lines = (answers: string[]) => sound.map(({ address, n }) => `${address.toString(16)} ${answers[n]}`);
    expect(lines(ours)).toEqual(lines(theirs));
    source.close();
    expect(theirs.filter((line) => line !== 'unmapped').length).toBeGreaterThan(20);
  });
});
