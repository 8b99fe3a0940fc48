/**
 * kdump-compressed files by makedumpfile, made here of the lab's ELF, and by QEMU: their memory against QEMU's ELF, and page by page against what libkdumpfile
 * reads of the same file.
 *
 * makedumpfile 1.7 refuses the ELF as QEMU 7.2 writes it, so it gets our portable export of it, which export.lab.test.ts compares with QEMU's.
 *
 *   VMCORE_MAKEDUMPFILE   one with snappy and zstd, for which Debian's is not built
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { WorkbenchError } from '#shared/errors.ts';
import type { OpenedDump } from '#engine/formats/format.ts';
import type { GuestMemory } from '#engine/memory/guest-memory.ts';
import { openImage } from '#engine/session/open-image.ts';
import { decoderOf } from '#engine/formats/coding.ts';
import { ExtentTable } from '#engine/memory/extent-table.ts';
import { GuestMemory as Memory } from '#engine/memory/guest-memory.ts';
import { PhysicalRegions } from '#engine/memory/physical-regions.ts';
import { loadsOf, SILENT } from '../engine/formats/open-bytes.ts';
import { labFile, labFolder, labWorkbench } from './lab-guest.ts';

const PAGE = 4096;
const MAKEDUMPFILE = process.env['VMCORE_MAKEDUMPFILE'] ?? 'makedumpfile';
const folder = labFolder();
const { open: openInWorkbench } = labWorkbench(folder);
const portable = path.join(folder, 'portable.elf');

async function withDump<T>(paths: string[], use: (memory: GuestMemory, dump: OpenedDump) => T): Promise<T> {
  const { source, image } = await openImage({ paths, mapping: true, options: {} }, SILENT);
  try {
    const { dump } = image;
    const decoder = dump.coding && decoderOf(dump.coding, source);
    return use(new Memory(source, new ExtentTable(dump.extents), new PhysicalRegions(dump.regions), decoder), dump);
  } finally {
    source.close();
  }
}

function make(...args: string[]): void {
  const { status, stdout, stderr } = spawnSync(MAKEDUMPFILE, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${MAKEDUMPFILE} ${args.join(' ')}: ${stdout}${stderr}`);
}

/** State and bytes of each page of RAM as the ELF has it, in short. */
function pagesOf(memory: GuestMemory, elf: Uint8Array): string[] {
  const page = new Uint8Array(PAGE);
  return loadsOf(elf).flatMap(({ physical, length }) =>
    Array.from({ length: length / PAGE }, (_, index) => {
      const address = physical + index * PAGE;
      const spans = memory.read(address, page);
      const state = spans[0]!.state;
      const held = spans.length === 1 && (state === 'present' || state === 'zero');
      return `${address.toString(16)} ${held ? createHash('md5').update(page).digest('hex') : state}`;
    }),
  );
}

function pagesOfElf(elf: Uint8Array): string[] {
  return loadsOf(elf).flatMap(({ physical, length, offset }) =>
    Array.from({ length: length / PAGE }, (_, index) => {
      const at = offset + index * PAGE;
      return `${(physical + index * PAGE).toString(16)} ${createHash('md5')
        .update(elf.subarray(at, at + PAGE))
        .digest('hex')}`;
    }),
  );
}

const LIBKDUMPFILE = `
import sys, hashlib, kdumpfile, kdumpfile.exceptions
context = kdumpfile.kdumpfile(sys.argv[1])
for piece in sys.argv[2:]:
    start, end = (int(number) for number in piece.split('-'))
    for address in range(start, end, 4096):
        try:
            said = hashlib.md5(context.read(kdumpfile.KDUMP_MACHPHYSADDR, address, 4096)).hexdigest()
        except kdumpfile.exceptions.NoDataException:
            said = 'excluded'
        print('%x %s' % (address, said))
`;

/** The same by libkdumpfile (Debian: python3-libkdumpfile), which has one word for pages that were left out and pages that do not exist. */
function pagesByLibkdumpfile(file: string, elf: Uint8Array): string[] {
  const pieces = loadsOf(elf).map(({ physical, length }) => `${physical}-${physical + length}`);
  return execFileSync('/usr/bin/python3', ['-c', LIBKDUMPFILE, file, ...pieces], { encoding: 'utf8', maxBuffer: 2 ** 28 })
    .trim()
    .split('\n');
}

const differing = (ours: string[], theirs: string[]) => ours.filter((line, index) => line !== theirs[index]).slice(0, 5);
/** makedumpfile leaves out what lies above the memory that Linux manages: QEMU's firmware below 4 GiB. */
const ram = (pages: string[]) => pages.filter((line) => !line.startsWith('fff'));
const held = (pages: string[]) => pages.filter((line) => / [0-9a-f]{32}$/.test(line));

let elf: Uint8Array;
let fromElf: string[];

beforeAll(async () => {
  const { workbench, dumpId } = await openInWorkbench(labFile('x86_64', 'paging-off.elf'));
  await workbench.exportDump({ dumpId, options: { format: 'elf', layout: 'portable' }, target: portable, jobId: 'portable' });
  elf = new Uint8Array(readFileSync(portable));
  fromElf = ram(pagesOfElf(elf));
});

/** Memory and registers of a file that makedumpfile made, against the ELF and libkdumpfile. */
async function check(file: string, level: number): Promise<OpenedDump> {
  return withDump([file], (memory, dump) => {
    expect(dump.diagnostics.filter(({ severity }) => severity === 'data-loss')).toEqual([]);
    const ours = ram(pagesOf(memory, elf));
    expect(differing(ours, ram(pagesByLibkdumpfile(file, elf)))).toEqual([]);
    const pages = held(ours);
    const theirs = new Set(fromElf);
    expect(pages.filter((line) => !theirs.has(line))).toEqual([]);
    if (level < 2) expect(pages).toHaveLength(fromElf.length);
    else {
      expect(pages.length).toBeGreaterThan(1000);
      expect(pages.length).toBeLessThan(fromElf.length * 0.8);
      expect(ours.every((line) => !/ (absent|corrupt)$/.test(line))).toBe(true);
    }
    return dump;
  });
}

describe('makedumpfile', () => {
  const COMPRESSIONS = [
    ['-c', 'zlib'],
    ['-l', 'lzo'],
    ['-p', 'snappy'],
    ['-z', 'zstd'],
  ] as const;
  const support = spawnSync(MAKEDUMPFILE, ['-v'], { encoding: 'utf8' }).stdout;
  const supported = COMPRESSIONS.filter(([, name]) => name === 'zlib' || new RegExp(`${name}\\s+enabled`).test(support));

  it.each(supported.flatMap(([option, name]) => [0, 1, 31].map((level) => ({ option, name, level }))))(
    '$option -d $level: every page that is there is that of the ELF, and the others are those that libkdumpfile calls excluded',
    async ({ option, name, level }) => {
      const file = path.join(folder, `${name}-${level}.kdump`);
      make(option, '-d', String(level), portable, file);
      const dump = await check(file, level);
      expect(dump.facts.find(({ label }) => label === 'Pages')?.value).toContain(name);
      expect(dump.facts.find(({ label }) => label === 'Dump level')?.value).toContain(`${level}: `);
    },
  );

  it.each([2, 4, 8, 16, 17, 30])('-l -d %d', async (level) => {
    const file = path.join(folder, `level-${level}.kdump`);
    make('-l', '-d', String(level), portable, file);
    await withDump([file], (memory) => {
      const ours = ram(pagesOf(memory, elf));
      expect(differing(ours, ram(pagesByLibkdumpfile(file, elf)))).toEqual([]);
    });
  });

  it('of a machine so small that all pages are in the first part: the others are empty', async () => {
    const parts = [1, 2].map((number) => path.join(folder, `small${number}`));
    make('--split', '-l', '-d', '31', portable, ...parts);
    await withDump(parts, (memory, dump) => {
      expect(dump.diagnostics).toEqual([]);
      expect(held(pagesOf(memory, elf)).length).toBeGreaterThan(1000);
    });
  });

  it('with nothing compressed: -d 0 of a file of plain pages', async () => {
    const file = path.join(folder, 'plain.kdump');
    make('-d', '0', portable, file);
    const dump = await check(file, 0);
    expect(dump.facts.find(({ label }) => label === 'Pages')?.value).toMatch(/^[\d,]+ plain$/);
    expect(new ExtentTable(dump.extents).count).toBeLessThan(10);
  });

  it('keeps the registers', async () => {
    const file = path.join(folder, 'registers.kdump');
    make('-l', '-d', '31', portable, file);
    const expected = await withDump([labFile('x86_64', 'paging-off.elf')], (_, { cpus }) => cpus);
    const values = (cpus: OpenedDump['cpus']) =>
      cpus.map(({ registers }) => Object.entries(registers).map(([name, { value }]) => `${name}=${value.toString(16)}`));
    await withDump([file], (_, { cpus }) => expect(values(cpus)).toEqual(values(expected)));
  });

  it('-F: a flattened file has what the same file has that is not', async () => {
    const flat = path.join(folder, 'flat.kdump');
    const fd = openSync(flat, 'w');
    const { status } = spawnSync(MAKEDUMPFILE, ['-F', '-l', '-d', '31', portable], { stdio: ['ignore', fd, 'pipe'] });
    closeSync(fd);
    expect(status).toBe(0);
    const plain = path.join(folder, 'unflat.kdump');
    make('-l', '-d', '31', portable, plain);
    const expected = await withDump([plain], (memory) => pagesOf(memory, elf));
    await withDump([flat], (memory, dump) => {
      expect(dump.diagnostics.filter(({ severity }) => severity === 'data-loss')).toEqual([]);
      expect(pagesOf(memory, elf)).toEqual(expected);
    });
    expect(await withDump([flat], (_, { layers }) => layers.map(({ title }) => title))).toEqual([
      'flattened file (makedumpfile -F)',
      'kdump-compressed dump',
    ]);
  });

  it('-F -E: a flattened ELF', async () => {
    const flat = path.join(folder, 'flat.elf');
    const fd = openSync(flat, 'w');
    const { status } = spawnSync(MAKEDUMPFILE, ['-F', '-E', '-d', '1', portable], { stdio: ['ignore', fd, 'pipe'] });
    closeSync(fd);
    expect(status).toBe(0);
    const plain = path.join(folder, 'unflat.elf');
    make('-E', '-d', '1', portable, plain);
    const expected = await withDump([plain], (memory) => pagesOf(memory, elf));
    expect(held(expected).length).toBeGreaterThan(10_000);
    await withDump([flat], (memory) => expect(pagesOf(memory, elf)).toEqual(expected));
  });

  describe('--split into 3', () => {
    const parts = [1, 2, 3].map((number) => path.join(folder, `part${number}`));
    const whole = path.join(folder, 'whole.kdump');
    beforeAll(() => {
      make('--split', '--splitblock-size', '1024', '-l', '-d', '31', portable, ...parts);
      make('--reassemble', ...parts, whole);
    });

    it('opened together, in any order, is what makedumpfile makes of them', async () => {
      const expected = await withDump([whole], (memory) => pagesOf(memory, elf));
      expect(held(expected).length).toBeGreaterThan(1000);
      for (const order of [
        [0, 1, 2],
        [2, 0, 1],
      ]) {
        await withDump(
          order.map((index) => parts[index]!),
          (memory, dump) => {
            expect(dump.diagnostics.filter(({ severity }) => severity !== 'info')).toEqual([]);
            expect(pagesOf(memory, elf)).toEqual(expected);
          },
        );
      }
    });

    it.each([[[0]], [[1]], [[0, 2]], [[1, 2]]])('without all of them (%j), says which PFNs are not there, and has the others right', async (some) => {
      const expected = await withDump([whole], (memory) => pagesOf(memory, elf));
      await withDump(
        some.map((index) => parts[index]!),
        (memory, dump) => {
          expect(dump.diagnostics.some(({ code }) => code === 'part-missing')).toBe(true);
          const ours = pagesOf(memory, elf);
          const wrong = ours.filter((line, index) => line !== expected[index] && !line.endsWith(' absent'));
          expect(wrong).toEqual([]);
          expect(held(ours).length).toBeGreaterThan(100);
          expect(held(ours).length).toBeLessThan(held(expected).length);
        },
      );
    });

    it('with a part of another dump is refused, by name', async () => {
      const others = [1, 2].map((number) => path.join(folder, `other${number}`));
      make('--split', '--splitblock-size', '1024', '-l', '-d', '1', portable, ...others);
      const error = await withDump([parts[0]!, others[1]!], () => undefined).then(
        () => undefined,
        (thrown: WorkbenchError) => thrown,
      );
      expect(error).toMatchObject({ code: 'not-one-dump', details: { source: 'other2' } });
    });
  });
});

/** Addresses at which memory differs from an ELF64 file of either byte order, or is not known; and how many pages were compared. */
function compareWithElf(memory: GuestMemory, file: Uint8Array): { wrong: string[]; pages: number } {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  expect(file[4]).toBe(2);
  const little = file[5] === 1;
  const long = (at: number) => Number(view.getBigUint64(at, little));
  const page = new Uint8Array(PAGE);
  const result = { wrong: [] as string[], pages: 0 };
  for (let index = 0, at = long(32); index < view.getUint16(56, little); index++, at += 56) {
    if (view.getUint32(at, little) !== 1) continue;
    for (let done = 0; done < long(at + 32); done += PAGE, result.pages++) {
      const known = memory.read(long(at + 24) + done, page).every(({ state }) => state === 'present' || state === 'zero');
      const from = long(at + 8) + done;
      if (!known || Buffer.compare(page, file.subarray(from, from + PAGE)) !== 0) result.wrong.push((long(at + 24) + done).toString(16));
    }
  }
  return result;
}

describe.each(['tiny', 'x86_64', 'x86_64-4level', 'i386', 'i386-pae', 'arm64', 's390x', 'ppc64le'])('kdump-zlib of %s by QEMU', (guest) => {
  it("equals QEMU's ELF page by page", async () => {
    const qemus = new Uint8Array(readFileSync(labFile(guest, 'paging-off.elf')));
    await withDump([labFile(guest, 'kdump-zlib.vmcore')], (memory, dump) => {
      expect(dump.layers[0]?.title).toBe('flattened file (makedumpfile -F)');
      expect(dump.diagnostics.filter(({ code }) => code !== 'unknown-cpu')).toEqual([]);
      const { wrong, pages } = compareWithElf(memory, qemus);
      expect(wrong).toEqual([]);
      expect(pages).toBeGreaterThan(2000);
    });
  });
});
