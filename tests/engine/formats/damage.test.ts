/**
 * Damaged dumps: cut at many lengths, bytes changed at random. Whatever comes out must be a WorkbenchError, or a dump that says what it lost
 * and whose memory is right wherever it claims to know it.
 */
import { describe, expect, it } from 'vitest';
import { WorkbenchError } from '#shared/errors.ts';
import { seededRandom } from '../io/seeded-random.ts';
import { fixtureBytes, openBytes, type Opened } from './open-bytes.ts';

/** Processor time that a case may take: hundreds of times what it needs, and far less than a hang. */
const LIMIT_SECONDS = 3;
const TIMEOUT = { timeout: 180_000 };
/** Bytes of buffers that a case may leave behind before they are collected; headers that lie ask for terabytes. */
const LIMIT_BUFFERS = 1.5 * 2 ** 30;

function openDamaged(bytes: Uint8Array, what: string): Opened | undefined {
  const began = process.cpuUsage();
  try {
    return openBytes(bytes, 'damaged');
  } catch (error) {
    if (!(error instanceof WorkbenchError)) throw new Error(`${what}: ${String((error as Error).stack)}`, { cause: error });
    expect(error.code, what).not.toBe('internal');
    expect(error.message, what).toContain('damaged');
    return undefined;
  } finally {
    const { user, system } = process.cpuUsage(began);
    expect((user + system) / 1e6, `${what}: seconds`).toBeLessThan(LIMIT_SECONDS);
    expect(process.memoryUsage().arrayBuffers, `${what}: bytes of buffers`).toBeLessThan(LIMIT_BUFFERS);
  }
}

/** Lengths to cut at: every byte of the edges, and every `stride` in between. */
function cuts(size: number, edges: [number, number][], stride: number): number[] {
  const lengths = new Set<number>();
  for (let length = 0; length < size; length += stride) lengths.add(length);
  for (const [from, to] of edges) for (let length = Math.max(0, from); length < Math.min(size, to); length++) lengths.add(length);
  return [...lengths].sort((a, b) => a - b);
}

/** Where the RAM part ends and the devices begin: the name of the section `timer`, which QEMU writes first. */
function devicesOf(bytes: Uint8Array): number {
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf('\x05timer\0\0\0\0');
  if (at < 0) throw new Error('no section timer');
  return at;
}

/** Pages that the damaged dump claims to know must be those of the whole one, unless the page itself was damaged. */
function expectRightOrUnknown(damaged: Opened, whole: Opened, what: string): void {
  const page = new Uint8Array(4096);
  const original = new Uint8Array(4096);
  for (const { start, last } of damaged.dump.regions) {
    for (let address = start; address <= last; address += 37 * 4096) {
      const known = damaged.memory.read(address, page).every(({ state }) => state === 'present' || state === 'zero');
      if (!known) continue;
      whole.memory.read(address, original);
      if (Buffer.compare(page, original) !== 0) throw new Error(`${what}: GPA 0x${address.toString(16)} is wrong, and claims to be known`);
    }
  }
}

describe('a stream that is cut', TIMEOUT, () => {
  it.each(['tiny/stream.qevm', 'tiny-variants/qemu5.2-pc-i440fx-2.3/stream.qevm', 'tiny-variants/qemu10-no-vmdesc/stream.qevm'])(
    '%s opens as far as it goes and says what is missing, or is refused, at every length',
    (name) => {
      const bytes = fixtureBytes(name);
      const whole = openBytes(bytes);
      const devices = devicesOf(bytes);
      expect(devices).toBeGreaterThan(1_000_000);
      const edges: [number, number][] = [
        [0, 200],
        [devices - 20, devices + 60],
        [bytes.length - 20, bytes.length],
      ];
      let opened = 0;
      for (const length of cuts(bytes.length, edges, 12_211)) {
        const what = `${name} cut at ${length}`;
        const damaged = openDamaged(bytes.subarray(0, length), what);
        if (!damaged) continue;
        opened++;
        expect(damaged.dump.diagnostics.length, what).toBeGreaterThan(0);
        if (opened % 8 === 0) expectRightOrUnknown(damaged, whole, what);
      }
      expect(opened).toBeGreaterThan(150);
    },
  );

  it('by mapped-ram, in the middle of a block: the pages before are right, those after absent', () => {
    const bytes = fixtureBytes('tiny-variants/qemu10-mapped-ram/stream.qevm');
    const whole = openBytes(bytes);
    for (const length of cuts(bytes.length, [[0, 200]], 262_139)) {
      const what = `mapped-ram cut at ${length}`;
      const damaged = openDamaged(bytes.subarray(0, length), what);
      if (!damaged) continue;
      expect(damaged.dump.diagnostics.length, what).toBeGreaterThan(0);
      expectRightOrUnknown(damaged, whole, what);
    }
  });
});

describe('an ELF that is cut', TIMEOUT, () => {
  it('opens as far as it goes and says what is missing, or is refused, at every length', () => {
    const bytes = fixtureBytes('tiny/paging-off.elf');
    const whole = openBytes(bytes);
    const edges: [number, number][] = [
      [0, 0x200],
      [0x7c8 - 40, 0x7c8 + 40],
      [bytes.length - 30, bytes.length - 11],
    ];
    for (const length of cuts(bytes.length - 11, edges, 65_521)) {
      const what = `ELF cut at ${length}`;
      const damaged = openDamaged(bytes.subarray(0, length), what);
      if (!damaged) continue;
      expect(damaged.dump.diagnostics.length, what).toBeGreaterThan(0);
      if (length % 8 === 0) expectRightOrUnknown(damaged, whole, what);
    }
  });
});

describe('bytes changed at random (seeded)', TIMEOUT, () => {
  it.each([
    ['tiny/stream.qevm', 150],
    ['tiny-variants/qemu5.2-pc-i440fx-2.3/stream.qevm', 100],
    ['tiny-variants/qemu10-live/stream.qevm', 25],
    ['tiny-variants/qemu10-xbzrle/stream.qevm', 25],
    ['tiny-variants/qemu5.2-compress/stream.qevm', 150],
    ['tiny-variants/qemu10-mapped-ram/stream.qevm', 40],
  ])('%s, %d times: an error or a dump, in time and in bounded memory', (name, times) => {
    const original = fixtureBytes(name);
    const ram = 320;
    const devices = devicesOf(original);
    for (let seed = 1; seed <= times; seed++) {
      const random = seededRandom(seed);
      const bytes = original.slice();
      // Three in four changes hit what has structure: the start, and the devices with their description.
      for (let change = 0; change < 1 + (seed % 6); change++) {
        const zone = Math.floor(random() * 4);
        const [from, to] = zone === 0 ? [0, ram] : zone === 1 ? [0, bytes.length] : [devices, bytes.length];
        bytes[from + Math.floor(random() * (to - from))] = Math.floor(random() * 256);
      }
      openDamaged(bytes, `${name} seed ${seed}`);
    }
  });

  it.each([
    ['tiny/paging-off.elf', 0x7d0],
    ['tiny/paging-on.elf', 0x7d0],
    ['tiny/filtered.elf', 0x7d0],
  ])('%s, headers and notes 200 times', (name, end) => {
    const original = fixtureBytes(name);
    for (let seed = 1; seed <= 200; seed++) {
      const random = seededRandom(seed);
      const bytes = original.slice(0, 50_000);
      const limit = seed % 2 === 0 ? end : 0x168;
      for (let change = 0; change < 1 + (seed % 5); change++) bytes[16 + Math.floor(random() * (limit - 16))] = Math.floor(random() * 256);
      openDamaged(bytes, `${name} seed ${seed}`);
    }
  });

  it('random bytes behind each magic number are refused or opened, 500 times', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const random = seededRandom(seed);
      const bytes = Uint8Array.from({ length: 1 + Math.floor(random() * 5000) }, () => Math.floor(random() * 256));
      const heads = [[0x51, 0x45, 0x56, 0x4d, 0, 0, 0, 3], [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 62, 0], []];
      const head = heads[seed % 3]!.slice(0, bytes.length);
      bytes.set(head);
      openDamaged(bytes, `random bytes, seed ${seed}`);
    }
  });
});
