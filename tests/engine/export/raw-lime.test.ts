/** Raw memory and LiME: what is written, byte by byte, and as the workbench opens it again. */
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportDump } from '#engine/export/job.ts';
import { DumpSession } from '#engine/session/dump-session.ts';
import type { ExportOptions } from '#shared/model/index.ts';
import { fixture } from '../../fixtures/fixture.ts';
import { loadsOf } from '../formats/open-bytes.ts';
import { temporaryFolder } from '../io/temporary-folder.ts';
import { openToExport, SILENT } from './export-case.ts';

const folder = temporaryFolder();
let made = 0;
const newTarget = () => path.join(folder, `${made++}.out`);
const elf = new Uint8Array(readFileSync(fixture('tiny/paging-off.elf')));

function exported(options: Partial<ExportOptions> & { format: 'raw' | 'lime' }): string {
  const target = newTarget();
  exportDump(openToExport(fixture('tiny/stream.qevm')), { layout: 'portable', ...options }, target, SILENT);
  return target;
}

function bytesAt(file: string, position: number, length: number): Buffer {
  const fd = openSync(file, 'r');
  const bytes = Buffer.alloc(length);
  readSync(fd, bytes, 0, length, position);
  closeSync(fd);
  return bytes;
}

describe('raw memory of a window', () => {
  const window = { begin: 0x10_0000, length: 0x20_0000 };

  it('is the memory from its begin on', () => {
    const bytes = readFileSync(exported({ format: 'raw', ...window }));
    const main = loadsOf(elf).find(({ physical, length }) => physical <= window.begin && physical + length >= window.begin + window.length)!;
    const expected = elf.subarray(main.offset + window.begin - main.physical, main.offset + window.begin - main.physical + window.length);
    expect(Buffer.compare(bytes, expected)).toBe(0);
  });

  it('names its ranges and its begin in the file beside it', () => {
    const target = exported({ format: 'raw', ...window });
    expect(JSON.parse(readFileSync(`${target}.ranges.json`, 'utf8'))).toMatchObject({
      begin: '0x100000',
      ranges: [{ start: '0x100000', last: '0x2fffff' }],
      missing: [],
    });
  });
});

describe('raw memory of the whole guest', () => {
  it('has every segment of QEMU’s ELF at its address, and holes between them', () => {
    const target = exported({ format: 'raw' });
    for (const { physical, length, offset } of loadsOf(elf)) {
      expect(Buffer.compare(bytesAt(target, physical, length), elf.subarray(offset, offset + length)), physical.toString(16)).toBe(0);
    }
    // The firmware ends at 4 GiB.
    expect(statSync(target).size).toBe(2 ** 32);
    expect(statSync(target).blocks * 512).toBeLessThan(4_000_000);
  });
});

describe('LiME', () => {
  it('has a header before each range, its last address inclusive, and the memory after it', () => {
    const bytes = readFileSync(exported({ format: 'lime' }));
    const ranges: { first: number; last: number }[] = [];
    for (let at = 0; at < bytes.length;) {
      expect([bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)]).toEqual([0x4c694d45, 1]);
      const first = Number(bytes.readBigUInt64LE(at + 8));
      const last = Number(bytes.readBigUInt64LE(at + 16));
      const length = last - first + 1;
      const load = loadsOf(elf).find(({ physical, length: size }) => physical <= first && physical + size > last)!;
      expect(
        Buffer.compare(
          bytes.subarray(at + 32, at + 32 + length),
          elf.subarray(load.offset + first - load.physical, load.offset + last + 1 - load.physical),
        ),
      ).toBe(0);
      ranges.push({ first, last });
      at += 32 + length;
    }
    expect(ranges.map(({ first, last }) => [first, last - first + 1])).toEqual(loadsOf(elf).map(({ physical, length }) => [physical, length]));
  });

  it('opens again with the same memory', async () => {
    const target = exported({ format: 'lime' });
    const session = await DumpSession.open({ paths: [target], mapping: true, options: {} }, SILENT);
    for (const { physical, length, offset } of loadsOf(elf)) {
      const { bytes } = session.readMemory({ space: 'gpa', address: BigInt(physical), length, root: { kind: 'cpu', cpu: 0 } });
      expect(Buffer.compare(bytes, elf.subarray(offset, offset + length))).toBe(0);
    }
    session.close();
  });
});

it('zeros are written where holes are not wanted', () => {
  const target = exported({ format: 'lime', sparse: false });
  expect(statSync(target).blocks * 512).toBeGreaterThanOrEqual(8 * 1024 * 1024);
});

it.each([
  ['where there is no memory', { begin: 0x4000_0000, length: 0x1000 }, /no memory from 0x40000000/],
  ['with no length', { begin: 0 }, /needs both/],
  ['of no bytes', { begin: 0, length: 0 }, /is empty/],
])('a window %s is refused', (_what, options, message) => {
  const source = openToExport(fixture('tiny/stream.qevm'));
  expect(() => exportDump(source, { format: 'raw', layout: 'portable', ...options }, newTarget(), SILENT)).toThrow(message);
});
