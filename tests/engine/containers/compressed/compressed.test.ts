/** What the real tools wrote comes out whole, into a file that leaves nothing behind. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { COMPRESSED_FORMATS } from '#engine/containers/compressed/index.ts';
import { fixture } from '../../../fixtures/fixture.ts';
import { differencesFromElf, fixtureBytes } from '../../formats/open-bytes.ts';
import { seededRandom } from '../../io/seeded-random.ts';
import { openFile } from '../opened-image.ts';
import { compressedFixture, decompress, FIXTURES, fileOf, namelessFiles, SCRATCH } from './compressed-file.ts';
import { CONTENT } from './content.ts';

const FORMAT_OF: Record<string, string> = { gz: 'gzip', bz2: 'bzip2', xz: 'xz', lzo: 'lzop', zst: 'zstd', lz4: 'lz4' };
const REFUSED: Record<string, string> = { 'x86.xz': 'filter x86', 'sha256.xz': 'SHA-256', 'dictionary.xz': 'a dictionary of 128 MiB' };
const half = CONTENT.length >> 1;

describe('a compressed file', () => {
  it.each(FIXTURES.filter((name) => !(name in REFUSED)))('%s gives its content, in a file of the owner that has no name', async (name) => {
    const bytes = compressedFixture(name);
    const opened = (await decompress(bytes))!;
    expect(opened.format).toBe(FORMAT_OF[name.split('.')[1]!]);
    expect(Buffer.compare(opened.bytes, CONTENT)).toBe(0);
    expect(opened.diagnostics).toEqual([]);
    expect(opened.layer).toMatchObject({ offset: 0, length: bytes.length });
    expect(opened.layer.detail).toMatch(/^\d.* [KM]iB in .* KiB, decompressed into a temporary file$/);
    if (process.platform === 'linux') expect(opened.status).toMatchObject({ mode: 0o600, names: 0 });
  });

  it.each(FIXTURES.filter((name) => !(name in REFUSED)))('%s is read from where it begins', async (name) => {
    const bytes = Buffer.concat([Buffer.alloc(5003, 1), compressedFixture(name)]);
    const opened = (await decompress(bytes, { start: 5003 }))!;
    expect(Buffer.compare(opened.bytes, CONTENT)).toBe(0);
    expect(opened.layer.offset).toBe(5003);
  });

  it.each(Object.entries(REFUSED))('%s is refused by name: %s', async (name, what) => {
    await expect(decompress(compressedFixture(name))).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining(what) as string,
    });
  });

  it.each(FIXTURES.filter((name) => !(name in REFUSED)))('%s followed by something else: the content, and a word about the rest', async (name) => {
    const opened = (await decompress(Buffer.concat([compressedFixture(name), Buffer.from('something else')])))!;
    expect(Buffer.compare(opened.bytes, CONTENT)).toBe(0);
    expect(opened.diagnostics).toMatchObject([{ code: 'compressed-trailing', severity: 'suspect', fileOffset: compressedFixture(name).length }]);
  });

  it('is recognised by one compression alone, and random bytes by none', () => {
    for (const name of FIXTURES) {
      const head = compressedFixture(name).subarray(0, 65536);
      expect(COMPRESSED_FORMATS.filter((format) => format.probe(head)).map(({ id }) => id)).toEqual([FORMAT_OF[name.split('.')[1]!]]);
    }
    const magics = FIXTURES.map((name) => compressedFixture(name).subarray(0, 4));
    for (let seed = 1; seed <= 5000; seed++) {
      const random = seededRandom(seed);
      const bytes = Uint8Array.from({ length: Math.floor(random() * 40) }, () => Math.floor(random() * 256));
      expect(COMPRESSED_FORMATS.filter((format) => format.probe(bytes)).length).toBe(0);
      // zstd and gzip check nothing more in their first bytes than reserved bits.
      const behindMagic = Buffer.concat([magics[seed % magics.length]!, bytes]);
      const found = COMPRESSED_FORMATS.filter((format) => format.probe(behindMagic)).map(({ id }) => id);
      expect(found.every((id) => id === 'zstd' || id === 'gzip')).toBe(true);
    }
  });
});

describe('gzip', () => {
  it('takes members end to end, small ones too, with every field a header may have, and zeros after the last', async () => {
    const members: Uint8Array[] = [];
    for (let at = 0; at < CONTENT.length; at += 7001) members.push(zlib.gzipSync(CONTENT.subarray(at, at + 7001)));
    const [first] = members as [Uint8Array];
    const fields = Buffer.concat([Buffer.from([5, 0]), Buffer.from('extra'), Buffer.from('name\0comment\0'), Buffer.from([1, 2])]);
    members[0] = Buffer.concat([first.subarray(0, 3), Buffer.of(2 | 4 | 8 | 16), first.subarray(4, 10), fields, first.subarray(10)]);
    const opened = (await decompress(Buffer.concat([...members, zlib.gzipSync(''), Buffer.alloc(70_000)])))!;
    expect(Buffer.compare(opened.bytes, CONTENT)).toBe(0);
    expect(opened.diagnostics).toEqual([]);
  });

  it('says when a checksum differs', async () => {
    const bytes = zlib.gzipSync(CONTENT);
    bytes[bytes.length - 8]! ^= 1;
    const opened = (await decompress(bytes))!;
    expect(opened.diagnostics).toMatchObject([{ code: 'compressed-checksum', severity: 'data-loss', fileOffset: bytes.length - 8 }]);
  });
});

describe('zstd', () => {
  const skippable = Buffer.concat([Buffer.from([0x53, 0x2a, 0x4d, 0x18, 5, 0, 0, 0]), Buffer.from('aside')]);

  it('takes frames end to end and passes over what is to be skipped', async () => {
    const checked = { params: { [zlib.constants.ZSTD_c_checksumFlag]: 1 } };
    const frames = [
      skippable,
      zlib.zstdCompressSync(CONTENT.subarray(0, half)),
      skippable,
      zlib.zstdCompressSync(CONTENT.subarray(half), checked),
      skippable,
    ];
    const opened = (await decompress(Buffer.concat(frames)))!;
    expect(Buffer.compare(opened.bytes, CONTENT)).toBe(0);
    expect(opened.diagnostics).toEqual([]);
  });

  it('refuses a window that would not fit in memory', async () => {
    const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3, 1, 0, 0]);
    await expect(decompress(header)).rejects.toMatchObject({ code: 'unsupported', message: expect.stringContaining('2 GiB') as string });
  });
});

describe('a compressed dump', () => {
  const elf = fixtureBytes('tiny/paging-off.elf');
  const NAMES = ['tiny/stream.qevm', 'tiny/paging-off.elf'];
  const BY_NODE: [string, (bytes: Uint8Array) => Uint8Array][] = [
    ['gzip', (bytes) => zlib.gzipSync(bytes, { level: 1 })],
    ['zstd', (bytes) => zlib.zstdCompressSync(bytes)],
    ['gzip of zstd', (bytes) => zlib.gzipSync(zlib.zstdCompressSync(bytes))],
  ];
  const TOOLS = ['gzip -1', 'bzip2 -1', 'xz -1', 'xz -1 -T2 --block-size=1MiB', 'lzop', 'zstd -1', 'lz4 -q', 'lz4 -q -BD'];

  async function expectMemoryOfElf(bytes: Uint8Array, layers: string[]): Promise<void> {
    const { dump, memory, source } = await openFile(fileOf(bytes, 'dump.bin'));
    expect(differencesFromElf(memory, elf)).toEqual([]);
    expect(dump.layers.map(({ title }) => title.split(' ')[0]).slice(0, -1)).toEqual(layers);
    expect(dump.diagnostics.filter(({ code }) => code.startsWith('compressed'))).toEqual([]);
    source.close();
    expect(namelessFiles()).toBe(0);
  }

  it.each(BY_NODE.flatMap(([how, compress]) => NAMES.map((name) => [how, name, compress] as const)))(
    'by %s of %s has the memory of QEMU’s ELF',
    async (how, name, compress) => {
      await expectMemoryOfElf(compress(fixtureBytes(name)), how.split(' of '));
    },
  );

  it.each(TOOLS.flatMap((command) => NAMES.map((name) => [command, name] as const)))(
    'by %s of %s has the memory of QEMU’s ELF',
    async (command, name) => {
      const [tool, ...options] = command.split(' ') as [string, ...string[]];
      const { stdout, error } = spawnSync(tool, [...options, '-c', fixture(name)], { maxBuffer: 64 * 1024 * 1024 });
      // Not every machine has every tool; the fixtures above are of all.
      if (error) return;
      await expectMemoryOfElf(stdout, [tool]);
    },
  );
});

it('nothing is left in the folder', () => {
  expect(readdirSync(SCRATCH)).toEqual([]);
});
