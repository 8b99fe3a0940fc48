/**
 * ELF vmcores of every CPU family of the lab, against readelf segment by segment and note by note, QEMU's own raw copy of RAM (pmem.raw), `info
 * registers`, and makedumpfile: `../shared/lab/lab make i386 i386-pae arm64 s390x ppc64le x86_64 x86_64-4level`.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { OpenOptions } from '#shared/model/dump.ts';
import { DumpSession } from '#engine/session/dump-session.ts';
import type { Oracle } from '../fixtures/fixture.ts';
import { LAB, labFile, labFolder } from './lab-guest.ts';

const GUESTS = ['i386', 'i386-pae', 'arm64', 's390x', 'ppc64le', 'x86_64'];
const FILES = ['paging-off.elf', 'paging-on.elf', 'filtered.elf'];
const TITLES: Record<string, string> = { i386: 'i386 (32-bit x86)', 'i386-pae': 'i386 (32-bit x86)', arm64: 'AArch64', ppc64le: 'POWER (64-bit)' };
const SILENT = { report: () => undefined };
const ROOT = { kind: 'cpu', cpu: 0 } as const;
const CHUNK = 4 * 2 ** 20;

async function withDump<T>(file: string, use: (session: DumpSession) => T, options: OpenOptions = {}): Promise<T> {
  const session = await DumpSession.open({ paths: [file], mapping: true, options }, SILENT);
  try {
    return use(session);
  } finally {
    session.close();
  }
}

function readelf(option: string, file: string): string {
  // Of a big-endian file by QEMU readelf complains (its .shstrtab header is not swapped) and goes on.
  return execFileSync('sh', ['-c', `readelf ${option} "$0" 2>/dev/null || true`, file], { encoding: 'utf8', maxBuffer: 2 ** 28 });
}

interface Load {
  offset: number;
  physical: number;
  fileSize: number;
  memorySize: number;
}

function loadsOf(file: string): Load[] {
  return Array.from(readelf('-lW', file).matchAll(/^ +LOAD +(0x\S+) +0x\S+ +(0x\S+) +(0x\S+) +(0x\S+)/gm), ([, ...numbers]) => {
    const [offset, physical, fileSize, memorySize] = numbers.map(Number) as [number, number, number, number];
    return { offset, physical, fileSize, memorySize };
  });
}

/** Used over and over: a vmcore has up to 65,700 segments. */
const expectedBytes = Buffer.alloc(CHUNK);

/** Pages that the dump shows otherwise than `expected`; pages it does not claim to know are none of them, and counted. */
function compare(
  session: DumpSession,
  start: number,
  length: number,
  expected: (offset: number, target: Buffer) => void,
): { wrong: string[]; unknown: number } {
  const wrong: string[] = [];
  let unknown = 0;
  for (let at = 0; at < length; at += CHUNK) {
    const size = Math.min(CHUNK, length - at);
    const { bytes, spans } = session.readMemory({ space: 'gpa', address: BigInt(start + at), length: size, root: ROOT });
    const target = expectedBytes.subarray(0, size);
    expected(at, target);
    for (const { start: from, end, state } of spans) {
      if (state !== 'present' && state !== 'zero') unknown += end - from;
      else if (Buffer.compare(bytes.subarray(from, end), target.subarray(from, end)) !== 0) wrong.push(`0x${(start + at + from).toString(16)}`);
    }
  }
  return { wrong, unknown };
}

function fileAt(fd: number, offset: number) {
  return (at: number, target: Buffer) => void readSync(fd, target, 0, target.length, offset + at);
}

describe.each(GUESTS)('%s', (guest) => {
  describe.each(FILES.filter((name) => existsSync(path.join(LAB, guest, name)) && readFileSync(path.join(LAB, guest, name)).length > 0))(
    '%s',
    (name) => {
      const file = labFile(guest, name);
      const loads = loadsOf(file);

      it('has the segments that readelf shows, each with its bytes', () =>
        withDump(file, (session) => {
          expect(loads.length).toBeGreaterThan(0);
          const summary = session.summary('x');
          expect(summary.layers.at(-1)?.detail).toContain(`${loads.length.toLocaleString('en')} PT_LOAD`);
          expect(summary.formatTitle).toBe(['s390x', 'ppc64le'].includes(guest) ? 'ELF64 vmcore, big-endian' : 'ELF64 vmcore');
          expect(summary.architecture).toContain(TITLES[guest] ?? guest.replace('x86_64', 'x86-64'));
          const covered = new Set<number>();
          for (const { physical, memorySize } of loads) for (let at = 0; at < memorySize; at += 4096) covered.add(physical + at);
          expect(summary.memory.total).toBe(covered.size * 4096);
          const fd = openSync(file, 'r');
          for (const { offset, physical, fileSize } of loads)
            expect(compare(session, physical, fileSize, fileAt(fd, offset))).toEqual({ wrong: [], unknown: 0 });
          closeSync(fd);
        }));

      it('has the notes that readelf shows', () =>
        withDump(file, (session) => {
          const shown = Array.from(readelf('-nW', file).matchAll(/^ {2}(\S+) +0x([0-9a-f]{8})\t/gm), ([, owner, size]) => [
            owner,
            Number(`0x${size}`),
          ]);
          expect(shown.length).toBeGreaterThan(1);
          expect(session.image.dump.notes.map(({ owner, description }) => [owner, description.length])).toEqual(shown);
        }));
    },
  );

  // The lab copies what is at address 0: on the ARM board that is flash, not RAM.
  it.skipIf(guest === 'arm64')('paging-off.elf has the memory that QEMU copied (pmem.raw)', () =>
    withDump(labFile(guest, 'paging-off.elf'), (session) => {
      const fd = openSync(labFile(guest, 'pmem.raw'), 'r');
      expect(compare(session, 0, 8 * 2 ** 20, fileAt(fd, 0))).toEqual({ wrong: [], unknown: 0 });
      closeSync(fd);
    }),
  );
});

/** QEMU's ELF64 without its section headers and with e_ehsize 64: libelf, and so makedumpfile, takes no other. Notes and memory are the same bytes. */
function plainElf(file: string, target: string): void {
  const fd = openSync(file, 'r');
  const out = openSync(target, 'w');
  const head = Buffer.alloc(64);
  readSync(fd, head, 0, 64, 0);
  const count = head.readUInt16LE(56);
  const table = Buffer.alloc(count * 56);
  readSync(fd, table, 0, table.length, Number(head.readBigUInt64LE(32)));
  head.writeBigUInt64LE(64n, 32);
  head.writeBigUInt64LE(0n, 40);
  for (const [index, value] of [64, 56, count, 0, 0, 0].entries()) head.writeUInt16LE(value, 52 + 2 * index);
  let at = 64 + table.length;
  const chunk = Buffer.alloc(CHUNK);
  for (let index = 0; index < count; index++) {
    const from = Number(table.readBigUInt64LE(index * 56 + 8));
    const length = Number(table.readBigUInt64LE(index * 56 + 32));
    table.writeBigUInt64LE(BigInt(at), index * 56 + 8);
    for (let done = 0; done < length; done += CHUNK) {
      const size = Math.min(CHUNK, length - done);
      readSync(fd, chunk, 0, size, from + done);
      writeSync(out, chunk, 0, size, at + done);
    }
    at += length;
  }
  writeSync(out, Buffer.concat([head, table]), 0, 64 + table.length, 0);
  closeSync(fd);
  closeSync(out);
}

describe('makedumpfile -E of the lab guest x86_64', () => {
  const folder = labFolder();
  const plain = path.join(folder, 'plain.elf');
  const original = () => {
    const main = loadsOf(plain).find(({ physical }) => physical === 0)!;
    return { ...main, fd: openSync(plain, 'r') };
  };

  it.each([0, 1, 31])('-d %i: what it kept is right, and what it left out is excluded, not zero', async (level) => {
    if (!existsSync(plain)) plainElf(labFile('x86_64', 'paging-off.elf'), plain);
    const target = path.join(folder, `d${level}.elf`);
    execFileSync('makedumpfile', ['-E', '-d', String(level), plain, target], { stdio: 'pipe' });
    const kept = loadsOf(target).reduce((sum, { physical, fileSize }) => sum + (physical < 2 ** 31 ? fileSize : 0), 0);
    await withDump(target, (session) => {
      const { fd, offset, memorySize } = original();
      const { wrong, unknown } = compare(session, 0, memorySize, fileAt(fd, offset));
      closeSync(fd);
      expect(wrong).toEqual([]);
      expect(unknown).toBe(memorySize - kept);
      const { states } = session.summary('x').memory;
      expect(states.zero ?? 0).toBe(0);
      expect(states.excluded ?? 0).toBeGreaterThanOrEqual(unknown);
    });
  });

  it('-F (flattened) opens as the same', async () => {
    if (!existsSync(plain)) plainElf(labFile('x86_64', 'paging-off.elf'), plain);
    const target = path.join(folder, 'd31.flat');
    execFileSync('sh', ['-c', `makedumpfile -E -F -d 31 "$0" > "$1" 2>/dev/null`, plain, target]);
    await withDump(target, (session) => {
      const { fd, offset, memorySize } = original();
      const { wrong, unknown } = compare(session, 0, memorySize, fileAt(fd, offset));
      closeSync(fd);
      expect(wrong).toEqual([]);
      expect(unknown).toBeLessThan(memorySize);
    });
  });
});

describe.each(['x86_64', 'x86_64-4level'])('raw memory of %s', (guest) => {
  const folder = labFolder();

  it('opens as a whole; a root found by its tables translates kernel addresses as CR3 of CPU 0 does', async () => {
    const elf = labFile(guest, 'paging-off.elf');
    const { offset, fileSize } = loadsOf(elf).find(({ physical }) => physical === 0)!;
    const file = path.join(folder, 'memory.raw');
    execFileSync('dd', [`if=${elf}`, `of=${file}`, 'iflag=skip_bytes,count_bytes', `skip=${offset}`, `count=${fileSize}`, 'bs=4M', 'status=none']);
    const oracle = JSON.parse(readFileSync(labFile(guest, 'oracle.json'), 'utf8')) as Required<Oracle>;
    const kernel = oracle.translations.filter(({ gva, gpa }) => gva.startsWith('ffff') && gpa !== null);
    expect(kernel.length).toBeGreaterThan(0);
    await withDump(
      file,
      (session) => {
        const { facts, architecture, memory } = session.summary('x');
        expect([architecture, memory.total]).toEqual(['x86-64', fileSize]);
        const roots = facts.flatMap(({ label, value }) => {
          const at = /^Page table root found at (0x[0-9a-f]+)$/.exec(label)?.[1];
          return at === undefined ? [] : [{ root: Number(at), mode: value.startsWith('5') ? 'x86-64-5level' : 'x86-64-4level' } as const];
        });
        expect(roots.length).toBeGreaterThan(0);
        for (const [index, { root, mode }] of roots.entries()) {
          const answers = session.translate({ addresses: kernel.map(({ gva }) => BigInt(`0x${gva}`)), root: { kind: 'root', root, mode } });
          for (const [at, { physical }] of answers.entries()) {
            // Page-table isolation: what a CPU has loaded while it is in a program maps little of the kernel. Such tables come after the kernel's own.
            if (index > 0 && physical === null) continue;
            expect([root, physical?.toString(16)]).toEqual([root, kernel[at]?.gpa]);
          }
        }
      },
      { format: 'raw' },
    );
  });
});
