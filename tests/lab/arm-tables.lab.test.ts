/** Page tables full of descriptors of every sort, short and long, in a real QEMU of a 32-bit CPU: each address leads where its monitor's gva2gpa says (guests/arm-tables.S). */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { arm } from '#engine/arch/arm/index.ts';
import { translationTables } from '#engine/session/translation-root.ts';
import { TranslationSpace } from '#engine/translate/translation-space.ts';
import { openFile } from '../engine/containers/opened-image.ts';
import { randomSource } from '../engine/translate/fuzzed-tables.ts';
import { run } from './export-tools.ts';
import { labFolder } from './lab-guest.ts';
import { QemuGuest } from './qemu-guest.ts';

const CONFIG = 0x4110_0000;
const START = 0x4400_0000;
const TABLES = 64;
const LONG = 2 ** 31;
const AFE = 2 ** 29;
const EE = 2 ** 25;

interface Setup {
  title: string;
  ttbcr: number;
  /** Besides the MMU's bit. */
  sctlr: number;
}

const SETUPS: readonly Setup[] = [
  { title: 'short descriptors', ttbcr: 0, sctlr: 0 },
  { title: 'short descriptors, TTBCR.N = 2', ttbcr: 2, sctlr: 0 },
  { title: 'short descriptors with the access flag, TTBCR.N = 7', ttbcr: 7, sctlr: AFE },
  { title: 'short descriptors, big-endian', ttbcr: 0, sctlr: EE },
  { title: 'long descriptors, one table', ttbcr: LONG, sctlr: 0 },
  { title: 'long descriptors, T1SZ = 2', ttbcr: LONG + 2 ** 17, sctlr: 0 },
  { title: 'long descriptors, T0SZ = 1, big-endian', ttbcr: LONG + 1, sctlr: EE },
];

/** The first 16 KiB are the root of TTBR0, the next that of TTBR1. */
function tablesOf({ ttbcr, sctlr }: Setup, random: () => number): Uint8Array {
  const bytes = new Uint8Array(TABLES * 4096);
  const view = new DataView(bytes.buffer);
  const little = sctlr !== EE;
  for (let at = 0; at < bytes.length; at += ttbcr >= LONG ? 8 : 4) {
    const table = START + (8 + (random() % (TABLES - 8))) * 4096;
    const sort = random() % 8;
    if (ttbcr < LONG) view.setUint32(at, sort < 3 ? table + (random() & 0xc00) + (random() & 0x1fc) + 1 : random(), little);
    else {
      const noise = (BigInt(random()) << 32n) | BigInt(random());

      const leaf = (noise & ~3n) | 0x400n;
      view.setBigUint64(at, sort < 4 ? BigInt(table) | 3n : sort < 5 ? leaf | 1n : sort < 7 ? leaf | 3n : noise & ~1n, little);
    }
  }
  return bytes;
}

describe('tables of a 32-bit ARM CPU', () => {
  const folder = labFolder();

  it.each(SETUPS.map((setup) => [setup.title, setup] as const))('%s', async (_, setup) => {
    const random = randomSource(0x2345_6789 + SETUPS.indexOf(setup));
    const program = path.join(folder, 'arm-tables.elf');
    run('arm-linux-gnueabihf-gcc', [
      '-marm',
      '-nostdlib',
      '-static',
      '-Wl,--build-id=none,-Ttext=0x41000000',
      path.join(import.meta.dirname, 'guests/arm-tables.S'),
      '-o',
      program,
    ]);
    const parts: [string, Uint8Array, number][] = [
      ['config.bin', new Uint8Array(Uint32Array.of(setup.ttbcr, START, START + 16_384, 0x00c5_0079 + setup.sctlr).buffer), CONFIG],
      ['tables.bin', tablesOf(setup, random), START],
    ];
    for (const [name, bytes] of parts) writeFileSync(path.join(folder, name), bytes);
    const loaders = parts.flatMap(([name, , address]) => [
      '-device',
      `loader,file=${path.join(folder, name)},addr=0x${address.toString(16)},force-raw=on`,
    ]);
    const guest = await QemuGuest.start({
      folder,
      binary: 'qemu-system-arm',
      args: ['-M', 'virt', '-cpu', 'cortex-a15', '-m', '128', '-kernel', program, ...loaders],
      ready: 'TABLES-LOADED',
      timeoutSeconds: 30,
    });
    // It says so a few instructions before it gets there.
    await guest.qmp('cont');
    await new Promise((resolve) => setTimeout(resolve, 200));
    await guest.qmp('stop');
    const addresses = Array.from({ length: 400 }, (_unused, n) => BigInt(n % 4 === 0 ? random() % 2 ** 25 : random()));
    const theirs: string[] = [];
    for (const address of addresses) theirs.push(/gpa: 0x([0-9a-f]+)/.exec(await guest.hmp(`gva2gpa 0x${address.toString(16)}`))?.[1] ?? 'unmapped');
    await guest.migrate('tables.qevm');
    await guest.quit();

    const { dump, memory, source } = await openFile(path.join(folder, 'tables.qevm'));
    expect(arm.describeCpu(dump.cpus[0]!).mode).toMatch(/MMU on/);
    expect(dump.littleEndian).toBe(setup.sctlr !== EE);
    const space = new TranslationSpace(memory, translationTables(arm, dump.cpus, { kind: 'cpu', cpu: 0 }));
    // QEMU refuses what has not been accessed, where the flag says so, and reads entries out of devices where a table would be in one.
    const sound = addresses
      .map((address, n) => ({ address, n, result: space.walk(address).result }))
      .filter(({ result }) => (result.kind === 'page' ? setup.sctlr !== AFE || result.flags.includes('AF') : result.reason !== 'table-missing'));
    const ours = sound.map(
      ({ address }) => `${address.toString(16)} ${space.translateAddress(address) ? space.found.physical.toString(16) : 'unmapped'}`,
    );
    source.close();
    expect(ours).toEqual(sound.map(({ address, n }) => `${address.toString(16)} ${theirs[n]}`));
    expect(theirs.filter((line) => line !== 'unmapped').length).toBeGreaterThan(20);
  });
});
