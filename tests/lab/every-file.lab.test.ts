/**
 * Every kind of file of every guest opens, and shows the memory and the registers that QEMU showed: the files of the lab, and those of
 * ../shared/dumps (VMCORE_DUMPS), which other versions of QEMU and libvirt wrote.
 *
 * The judge of memory is the ELF that QEMU wrote of the same paused guest, read here by `readelf` and plain reads.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { DumpSession } from '#engine/session/dump-session.ts';
import { parseInfoRegisters } from '../engine/arch/qemu-answers.ts';
import type { Oracle } from '../fixtures/fixture.ts';
import { LAB, labFile, labFolder } from './lab-guest.ts';

const SHARED_DUMPS = process.env['VMCORE_DUMPS'] ?? path.resolve('../shared/dumps');
const ROOT = { kind: 'cpu', cpu: 0 } as const;
const CHUNK = 4 * 1024 * 1024;
const SILENT = { report: () => undefined };

async function withDump<T>(file: string, use: (session: DumpSession) => T): Promise<T> {
  const session = await DumpSession.open({ paths: [file], mapping: true, options: {} }, SILENT);
  try {
    return use(session);
  } finally {
    session.close();
  }
}

/** PT_LOAD segments as readelf prints them: offset, virtual, physical, file size, memory size. */
function loadsByReadelf(elf: string): { offset: number; physical: number; length: number }[] {
  const text = execFileSync('readelf', ['-lW', elf], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, stdio: ['ignore', 'pipe', 'ignore'] });
  return Array.from(text.matchAll(/^ +LOAD +(0x\S+) +0x\S+ +(0x\S+) +(0x\S+)/gm), ([, offset, physical, length]) => ({
    offset: Number(offset),
    physical: Number(physical),
    length: Number(length),
  }));
}

/** The first places at which the dump's memory differs from the ELF's, or is missing where that is not `allowed`. */
function differences(session: DumpSession, elf: string, allowed = false, most = 20): string[] {
  const found: string[] = [];
  const fd = openSync(elf, 'r');
  const expected = Buffer.alloc(CHUNK);
  let compared = 0;
  const missing = new Set<number>();
  for (const { offset, physical, length } of loadsByReadelf(elf)) {
    missing.clear();
    for (let at = 0; at < length && found.length < most; at += CHUNK) {
      const size = Math.min(CHUNK, length - at);
      const { bytes, spans } = session.readMemory({ space: 'gpa', address: BigInt(physical + at), length: size, root: ROOT });
      readSync(fd, expected, 0, size, offset + at);
      compared += size;
      for (const { start, end, state } of spans) {
        if (state === 'present' || state === 'zero') continue;
        compared -= end - start;
        for (let page = start; page < end; page += 4096) missing.add(at + page);
        if (!allowed) found.push(`0x${(physical + at + start).toString(16)} is ${state}`);
      }
      if (Buffer.compare(bytes, expected.subarray(0, size)) === 0) continue;
      for (let page = 0; page < size; page += 4096) {
        if (missing.has(at + page)) continue;
        if (Buffer.compare(bytes.subarray(page, page + 4096), expected.subarray(page, Math.min(size, page + 4096))) !== 0)
          found.push(`0x${(physical + at + page).toString(16)} differs`);
      }
    }
  }
  closeSync(fd);
  expect(compared).toBeGreaterThan(8 * 1024 * 1024 - 1);
  return found.slice(0, most);
}

/** Registers that the dump holds and that `info registers` shows otherwise. */
function wrongRegisters(session: DumpSession, cpu: number, text: string): string[] {
  const answer = parseInfoRegisters(text);
  const view = session.getCpus()[cpu];
  expect(view, `CPU ${cpu}`).toBeDefined();
  const held = new Map(view!.registers.map(({ name, value, knownBits }) => [name, { value, known: knownBits ?? -1n }]));
  const compared = [...answer.registers].flatMap(([name, expected]) => {
    const found = held.get(name) ?? held.get(name.replace(/^r(?=[a-z]{2}$|flags$)/, 'e'));
    if (!found) return [];
    const shown = answer.short && !/^(dr|[xy]mm|st|efer)/.test(name) ? BigInt.asUintN(32, found.value) : found.value;
    return [{ name, wrong: (shown & found.known) !== (expected & found.known), shown, expected }];
  });
  expect(compared.length).toBeGreaterThanOrEqual(answer.short ? 14 : 20);
  return compared
    .filter(({ wrong }) => wrong)
    .map(({ name, shown, expected }) => `${name}: ${shown.toString(16)}, QEMU says ${expected.toString(16)}`);
}

const X86 = ['tiny', 'x86_64', 'x86_64-4level', 'i386', 'i386-pae'];
const OTHERS = ['arm64', 's390x', 'ppc64le'];
const FILES = ['stream.qevm', 'paging-off.elf', 'paging-on.elf', 'kdump-zlib.vmcore', 'snapshot.qcow2'];

describe.each([...X86, ...OTHERS])('%s of the lab', (guest) => {
  const files = FILES.filter((name) => existsSync(path.join(LAB, guest, name)));

  it('was made with its dumps', () => expect(files.length).toBeGreaterThanOrEqual(4));

  it.each(files)('%s has the memory that QEMU dumped', (name) =>
    withDump(labFile(guest, name), (session) => {
      // With paging=on QEMU writes mapped memory only.
      expect(differences(session, labFile(guest, 'paging-off.elf'), name === 'paging-on.elf')).toEqual([]);
    }),
  );

  it.each(X86.includes(guest) ? files : [])('%s has the registers that QEMU showed', (name) =>
    withDump(labFile(guest, name), (session) => {
      const { cpus } = JSON.parse(readFileSync(labFile(guest, 'oracle.json'), 'utf8')) as Required<Oracle>;
      for (const [cpu, { registers }] of cpus.entries()) expect(wrongRegisters(session, cpu, registers), `CPU ${cpu}`).toEqual([]);
    }),
  );
});

/** The stream that holds older copies of these pages than the ELF beside it: QEMU 7.2 that loads it (`-incoming`, pmemsave) has the same ones. */
const STALE = { variant: 'qemu5.2-xbzrle', pages: 188 };

const unpacked = labFolder();
for (const archive of ['tiny-variants', 'libvirt'])
  execFileSync('sh', ['-c', `zstd -dq < "$0" | tar x -C "$1"`, path.join(SHARED_DUMPS, `${archive}.tar.zst`), unpacked]);
const foldersOf = (folder: string) =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
const variants = foldersOf(unpacked).flatMap((name) =>
  existsSync(path.join(unpacked, name, 'stream.qevm')) ? [name] : foldersOf(path.join(unpacked, name)).map((inner) => path.join(name, inner)),
);
const libvirtFolder = [unpacked, ...foldersOf(unpacked).map((name) => path.join(unpacked, name))].find((folder) =>
  existsSync(path.join(folder, 'raw.save')),
)!;

describe.each(variants.filter((name) => existsSync(path.join(unpacked, name, 'stream.qevm'))))('%s of the shared dumps', (variant) => {
  const folder = path.join(unpacked, variant);
  const oracle = JSON.parse(readFileSync(path.join(folder, 'oracle.json'), 'utf8')) as Oracle;

  it.each(readdirSync(folder).filter((name) => /\.(qevm|vmcore|elf)$/.test(name)))('%s has QEMU’s memory and registers', (name) =>
    withDump(path.join(folder, name), (session) => {
      const found = differences(session, path.join(folder, 'paging-off.elf'), false, 1000);
      if (variant.endsWith(STALE.variant) && name === 'stream.qevm') {
        expect(found).toHaveLength(STALE.pages);
        expect(found.every((line) => /^0x4[0-9a-f]{2}000 differs$/.test(line))).toBe(true);
      } else expect(found).toEqual([]);
      expect(wrongRegisters(session, 0, oracle.registers!)).toEqual([]);
    }),
  );
});

describe('libvirt’s files of the shared dumps', () => {
  const names = readdirSync(libvirtFolder);

  it.each(names.filter((name) => name.endsWith('.save')))('%s has the memory of the memory-only dump of the same guest, and two CPUs', (name) =>
    withDump(path.join(libvirtFolder, name), (session) => {
      expect(differences(session, path.join(libvirtFolder, name.replace(/\.save$/, '.memory-only.elf')))).toEqual([]);
      expect(session.getCpus()).toHaveLength(2);
      expect(session.summary('d').documents.length).toBeGreaterThan(0);
    }),
  );

  it.each(names.filter((name) => /\.(dump|elf)$/.test(name)))('%s opens with two CPUs and no loss', (name) =>
    withDump(path.join(libvirtFolder, name), (session) => {
      expect(session.getCpus()).toHaveLength(2);
      expect(session.summary('d').diagnostics.filter(({ severity }) => severity === 'data-loss')).toEqual([]);
    }),
  );
});
