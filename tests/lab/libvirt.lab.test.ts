/**
 * Every file that libvirt 11.3 made (shared/dumps/libvirt.tar.zst): save images hold the memory of the memory-only dump beside them, dumps without
 * --memory-only open with both CPUs. And streams of the lab's other CPU families hold the memory of QEMU's own ELF.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { LAB, labFolder, labWorkbench, readPhysical } from './lab-guest.ts';

const ARCHIVE = path.resolve(import.meta.dirname, '../../../shared/dumps/libvirt.tar.zst');
const folder = labFolder();
const { open } = labWorkbench(folder);

/** PT_LOAD segments of an ELF in either class and byte order: [physical address, bytes]. */
function loadsOf(elf: Buffer): [number, Buffer][] {
  const [is64, isBig] = [elf[4] === 2, elf[5] === 2];
  const u16 = (at: number) => (isBig ? elf.readUInt16BE(at) : elf.readUInt16LE(at));
  const u32 = (at: number) => (isBig ? elf.readUInt32BE(at) : elf.readUInt32LE(at));
  const word = (at64: number, at32: number) => (is64 ? Number(isBig ? elf.readBigUInt64BE(at64) : elf.readBigUInt64LE(at64)) : u32(at32));
  const [start, size, count] = [word(32, 28), u16(is64 ? 54 : 42), u16(is64 ? 56 : 44)];
  return Array.from({ length: count }, (_, index) => start + index * size).flatMap((at) => {
    const [offset, physical, length] = [word(at + 8, at + 4), word(at + 24, at + 12), word(at + 32, at + 16)];
    return u32(at) === 1 ? [[physical, elf.subarray(offset, offset + length)] as [number, Buffer]] : [];
  });
}

async function expectMemoryOf(elfFile: string, dump: Awaited<ReturnType<typeof open>>): Promise<void> {
  let checked = 0;
  for (const [physical, bytes] of loadsOf(readFileSync(elfFile))) {
    for (let at = 0; at < bytes.length; at += 2 ** 22) {
      const piece = bytes.subarray(at, at + 2 ** 22);
      expect(Buffer.compare(await readPhysical(dump, physical + at, piece.length), piece), `0x${(physical + at).toString(16)}`).toBe(0);
      checked += piece.length;
    }
  }
  expect(checked).toBeGreaterThan(8 * 2 ** 20);
}

describe.skipIf(!existsSync(ARCHIVE))('libvirt', () => {
  if (existsSync(ARCHIVE)) execFileSync('sh', ['-c', `zstd -d < '${ARCHIVE}' | tar -x -C '${folder}'`]);
  const formats = ['raw', 'gzip', 'bzip2', 'xz', 'lzop', 'zstd', 'sparse'];

  it.each(formats)('%s.save holds the memory of its memory-only dump', async (format) => {
    await expectMemoryOf(path.join(folder, `${format}.memory-only.elf`), await open(path.join(folder, `${format}.save`)));
  });

  it.each(formats.filter((format) => format !== 'sparse'))('%s.dump opens with both CPUs and all of its memory', async (format) => {
    const { workbench, dumpId } = await open(path.join(folder, `${format}.dump`));
    const summary = (await workbench.listDumps()).find((dump) => dump.dumpId === dumpId)!;
    expect(summary.cpus.length).toBe(2);
    expect(summary.cpus.every(({ instructionPointer }) => instructionPointer !== null)).toBe(true);
    expect(Object.keys(summary.memory.states).sort()).toEqual(['present', 'zero']);
    expect(summary.diagnostics).toEqual([]);
  });
});

describe.each(['i386', 'i386-pae', 'arm64', 's390x', 'ppc64le'])('%s', (guest) => {
  const stream = path.join(LAB, guest, 'stream.qevm');
  it.skipIf(!existsSync(stream))(`holds the memory of QEMU's own ELF`, async () => {
    await expectMemoryOf(path.join(LAB, guest, 'paging-off.elf'), await open(stream));
  });
});
