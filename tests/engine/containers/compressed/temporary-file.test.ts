/** The temporary file: cancel, space, holes, memory. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { WorkbenchError } from '#shared/errors.ts';
import { temporaryFolder } from '../../io/temporary-folder.ts';
import { compressedFixture, decompress, FIXTURES, namelessFiles } from './compressed-file.ts';

const MIB = 1024 * 1024;

describe('cancelling', () => {
  it.each(FIXTURES.filter((name) => compressedFixture(name).length > 300))(
    '%s leaves neither a file nor a descriptor, whenever it comes',
    async (name) => {
      for (const when of [1, 2]) {
        let reports = 0;
        const report = (phase: string, done: number, total: number) => {
          expect(phase).toMatch(/^decompressing (gzip|bzip2|xz|lzop|zstd|lz4)$/);
          expect(done).toBeLessThanOrEqual(total);
          if (++reports === when) throw new WorkbenchError('cancelled', 'cancelled');
        };
        await expect(decompress(compressedFixture(name), { progress: { report } })).rejects.toMatchObject({ code: 'cancelled' });
        expect(namelessFiles()).toBe(0);
      }
    },
  );

  it('finds the decoder ready for the next one', async () => {
    await expect(decompress(compressedFixture('one.xz'))).resolves.toMatchObject({ diagnostics: [] });
  });
});

describe('memory and disk', () => {
  const zeros = (mebibytes: number) => {
    const piece = Buffer.alloc(16 * MIB);
    return Buffer.concat(Array.from({ length: mebibytes / 16 }, () => zlib.gzipSync(piece, { level: 1 })));
  };

  it('pages of zeros take no room on the disk, and a long stream none in memory', async () => {
    const bytes = zeros(256);
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const opened = (await decompress(bytes, { progress: { report: () => (most = Math.max(most, process.memoryUsage().arrayBuffers)) } }))!;
    expect(opened.bytes.length).toBe(256 * MIB);
    expect(opened.status.allocated).toBeLessThan(MIB);
    expect(most - before).toBeLessThan(64 * MIB);
  });

  it('a stream that announces more than the disk has is refused before anything is written', async () => {
    const frame = Buffer.from(zlib.zstdCompressSync(Buffer.alloc(100_000, 'page')));
    // Descriptor: a content size of 8 bytes, a window of 1 MiB.
    const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xc0, 10 << 3, 0, 0, 0, 0, 0, 0, 4, 0]);
    await expect(decompress(Buffer.concat([header, frame.subarray(8)]))).rejects.toMatchObject({ code: 'no-space' });
  });
});

/** A small disk of its own; making one takes root. */
const small = path.join(temporaryFolder(), 'small');
mkdirSync(small);
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', small]).status === 0;
afterAll(() => {
  if (mounted) spawnSync('umount', [small]);
});

describe.skipIf(!mounted)('a small disk', () => {
  it('that fills up while the file grows is told in words, and left as it was', async () => {
    // bzip2 does not announce its size: 90 MB.
    const many = Buffer.concat(Array.from({ length: 250 }, () => compressedFixture('one.bz2')));
    await expect(decompress(many, { folder: small })).rejects.toMatchObject({
      code: 'no-space',
      details: { hint: expect.stringContaining('TMPDIR') as string },
    });
    expect(spawnSync('df', ['--output=used', small], { encoding: 'utf8' }).stdout.trim().split('\n')[1]!.trim()).toBe('0');
  });
});
