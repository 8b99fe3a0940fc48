/** Cores that lie: pointers in loops, lists without end, sizes that are none, bytes changed at random, cut anywhere. An error of ours, or a dump, in bounded time and memory. */
import { describe, expect, it } from 'vitest';
import { WorkbenchError } from '#shared/errors.ts';
import { seededRandom } from '../../io/seeded-random.ts';
import { openBytes, type Opened } from '../open-bytes.ts';
import { coreBytes, segmentsOf } from './cores.ts';

const LIMIT_SECONDS = 5;
const whole = coreBytes('7.2');
const reference = openBytes(whole, 'core');
const segments = segmentsOf(whole).filter(({ fileSize }) => fileSize > 0);

/** File offset of a host address. */
function placeOf(host: number): number {
  const found = segments.find(({ start, fileSize }) => host >= start && host < start + fileSize)!;
  return found.offset + host - found.start;
}

function openDamaged(bytes: Uint8Array, what: string): Opened | undefined {
  const began = process.cpuUsage();
  try {
    return openBytes(bytes, 'damaged');
  } catch (error) {
    if (!(error instanceof WorkbenchError)) throw new Error(`${what}: ${String((error as Error).stack)}`, { cause: error });
    expect(error.code, what).not.toBe('internal');
    return undefined;
  } finally {
    const { user, system } = process.cpuUsage(began);
    expect((user + system) / 1e6, `${what}: seconds`).toBeLessThan(LIMIT_SECONDS);
  }
}

/** Writes a pointer at each place where the wanted one stands. */
function redirect(bytes: Uint8Array, from: number, to: number, most = Infinity): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  let done = 0;
  for (const { offset, fileSize } of segments) {
    for (let at = offset; at + 8 <= offset + fileSize && done < most; at += 8) {
      if (view.getBigUint64(at, true) !== BigInt(from)) continue;
      view.setBigUint64(at, BigInt(to), true);
      done++;
    }
  }
  return copy;
}

/** Address of the RAMBlock structure by its name: 76 bytes before it, as QEMU 7.2 has it. */
function blockAt(name: string): number {
  const bytes = Buffer.from(whole.buffer, whole.byteOffset, whole.length);
  for (const { start, offset, fileSize } of segments) {
    for (let at = bytes.indexOf(`${name}\0`, offset); at >= 0 && at < offset + fileSize; at = bytes.indexOf(`${name}\0`, at + 1)) {
      const address = start + at - offset - 76;
      if (address % 8 === 0 && bytes.subarray(at + name.length, at + 256).every((byte) => byte === 0)) return address;
    }
  }
  throw new Error(`no RAM block ${name}`);
}

describe('a damaged core of QEMU', () => {
  it('whose list of RAM blocks is a loop has each block once, and says so', () => {
    const [first, last] = [blockAt('pc.ram'), blockAt('/rom@etc/acpi/rsdp')];
    const copy = whole.slice();
    new DataView(copy.buffer).setBigUint64(placeOf(last + 336), BigInt(first), true);
    const { dump } = openBytes(copy);
    expect(dump.blocks.map(({ name }) => name)).toEqual(reference.dump.blocks.map(({ name }) => name));
    expect(dump.diagnostics.map(({ code }) => code)).toContain('ram-list-damaged');
  });

  it('with a RAM block larger than its memory has none of what there is not', () => {
    const copy = whole.slice();
    const view = new DataView(copy.buffer);
    for (const offset of [48, 56]) view.setBigUint64(placeOf(blockAt('pc.ram') + offset), 2n ** 50n, true);
    const { dump } = openBytes(copy);
    expect(dump.diagnostics.some(({ code, message }) => code === 'memory-missing' && message.includes('pc.ram'))).toBe(true);
  });

  it('whose lists of saved devices or CPUs bite their own tail opens', () => {
    const bytes = Buffer.from(whole.buffer, whole.byteOffset, whole.length);
    for (const name of ['cpu_common\0', 'cpu\0', 'timer\0', 'globalstate\0']) {
      for (const { start, offset, fileSize } of segments) {
        const at = bytes.indexOf(name, offset);
        if (at < 0 || at >= offset + fileSize) continue;
        const copy = whole.slice();
        const entry = start + at - offset - 16;
        new DataView(copy.buffer).setBigUint64(at - 16, BigInt(entry), true);
        openDamaged(copy, `${name} points to itself`);
      }
    }
  });

  it('whose every pointer to a structure leads elsewhere opens or is refused', () => {
    const block = blockAt('pc.ram');
    const view = new DataView(whole.buffer, whole.byteOffset, whole.length);
    const region = Number(view.getBigUint64(placeOf(block + 16), true));
    const targets = [0, 8, block, region, region + 8, 2 ** 47 - 8, segments.at(-1)!.start];
    for (const from of [block, region])
      for (const to of targets) openDamaged(redirect(whole, from, to), `0x${from.toString(16)} → 0x${to.toString(16)}`);
  });

  it('cut at any of 150 lengths opens or is refused', () => {
    for (let step = 0; step < 150; step++) {
      const length = step < 60 ? step * 37 : Math.floor((whole.length * step) / 150);
      openDamaged(whole.slice(0, length), `cut to ${length}`);
    }
  });

  it('with bytes changed at random opens or is refused', () => {
    const random = seededRandom(57);
    for (let round = 0; round < 120; round++) {
      const copy = whole.slice();
      // Headers and notes are half of what is read; structures are spread over the rest.
      const within = round % 2 === 0 ? Math.min(copy.length, 0x20000) : copy.length;
      for (let change = 0; change < 40; change++) copy[Math.floor(random() * within)] = Math.floor(random() * 256);
      openDamaged(copy, `round ${round}`);
    }
  });

  it('with words of structures changed at random opens or is refused', () => {
    const random = seededRandom(91);
    const hosts = reference.dump.blocks.map(({ name }) => blockAt(name));
    for (let round = 0; round < 100; round++) {
      const copy = whole.slice();
      const view = new DataView(copy.buffer);
      const block = hosts[Math.floor(random() * hosts.length)]!;
      const values = [0n, 1n, 0xffff_ffff_ffff_ffffn, BigInt(block), BigInt(block) + 8n, 2n ** 52n, 2n ** 63n];
      for (let change = 0; change < 3; change++) {
        const { offset, fileSize } = segments[Math.floor(random() * segments.length)]!;
        const at = change === 0 ? placeOf(block + 8 * Math.floor(random() * 44)) : offset + 8 * Math.floor((random() * fileSize) / 8);
        view.setBigUint64(at, values[Math.floor(random() * values.length)]!, true);
      }
      openDamaged(copy, `round ${round}`);
    }
  });
});
