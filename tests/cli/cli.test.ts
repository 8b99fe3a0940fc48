/** The command line as scripts see it: keys, exit codes, streams. Runs the real engine on the tiny guest (lab guests/tiny.S). */
import fs from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { copyOfIgnoreShared, SHARED_BLOCK } from '../hosts/ignore-shared.ts';
import { SPLIT_PAGES, writeSplitDump } from '../hosts/split-dump.ts';
import { copyOfSample, newFolder } from '../hosts/sample-dump.ts';
import { run } from './run-cli.ts';

let folder: string;
let dump: string;

beforeAll(() => {
  folder = newFolder();
  dump = copyOfSample(folder);
});

const json = async (...argv: string[]): Promise<{ code: number; value: unknown }> => {
  const { code, out } = await run(...argv, '--json');
  return { code, value: JSON.parse(out) };
};

describe('registers --json', () => {
  test('gives each CPU by index with values as 0x strings and segments as objects', async () => {
    const { code, value } = await json('registers', dump);
    expect(code).toBe(0);
    expect(value).toMatchObject({
      cpus: [
        {
          index: 0,
          registers: {
            // Each register of the guest holds its own name (tiny.S).
            rax: '0x2d72617820726178',
            r15: '0x2d72313520723135',
            cr3: '0x200000',
            cs: { selector: '0x10', base: '0x0', limit: '0xffffffff', flags: '0xaf9b00' },
            fs: { base: '0x667362617365' },
          },
          sources: { rax: expect.stringMatching(/./), cs: expect.stringMatching(/./) },
        },
        { index: 1 },
      ],
    });
  });

  test('--cpu leaves the others out, and a CPU that is not there is bad usage', async () => {
    expect((await json('registers', dump, '--cpu', '1')).value).toMatchObject({ cpus: [{ index: 1 }] });
    expect((await run('registers', dump, '--cpu', '2')).code).toBe(2);
  });
});

test('memory-map --json gives regions with evidence and blocks with lengths', async () => {
  const { code, value } = await json('memory-map', dump);
  expect(code).toBe(0);
  expect(value).toMatchObject({
    regions: [
      { start: '0x0', last: '0x7fffff', block: 'pc.ram', evidence: expect.stringContaining('machine type pc-i440fx') as unknown },
      { start: '0xfffc0000', last: '0xffffffff', block: 'pc.bios', evidence: expect.any(String) as unknown },
    ],
    blocks: expect.arrayContaining([expect.objectContaining({ name: 'pc.ram', length: 0x80_0000 })]) as unknown,
  });
});

describe('walk --json', () => {
  test('gives a step per level and ends in the physical address', async () => {
    const { code, value } = await json('walk', dump, '0xffffffff80300000');
    expect(code).toBe(0);
    expect(value).toMatchObject({
      steps: [
        { level: 4, table: '0x200000', index: 511, entryAddress: '0x200ff8', entry: '0x202023', flags: ['P', 'RW', 'A'] },
        { level: 3, table: '0x202000', index: 510 },
        { level: 2, table: '0x206000', index: 1, entry: '0x2000e3', flags: ['P', 'RW', 'A', 'D', 'PS'] },
      ],
      result: { kind: 'page', physical: '0x300000', pageSize: 0x20_0000 },
    });
  });

  test('of an address that is not mapped says why and exits with 3', async () => {
    const { code, value } = await json('walk', dump, '155000');
    expect(code).toBe(3);
    expect(value).toMatchObject({ result: { physical: null, reason: 'not-present' } });
  });

  test('takes a root instead of a CPU, but not both', async () => {
    expect((await run('walk', dump, '1000', '--root', '0x200000')).code).toBe(0);
    expect((await run('walk', dump, '1000', '--root', '0x200000', '--cpu', '0')).code).toBe(2);
  });
});

test('translate --json gives an answer per address and exits with 3 when one has none', async () => {
  const { code, value } = await json('translate', dump, '150000', '0xffff800000300000', '0');
  expect(code).toBe(3);
  expect(value).toEqual([
    { address: '0x150000', physical: '0x300000', pageSize: 4096, flags: ['P', 'A', 'D'] },
    { address: '0xffff800000300000', physical: '0x300000', pageSize: 2 ** 30, flags: ['P', 'RW', 'A', 'D', 'PS'] },
    { address: '0x0', physical: null, reason: expect.stringContaining('not present') as unknown },
  ]);
});

describe('read', () => {
  test('prints a hex dump with the text beside it', async () => {
    const { code, out } = await run('read', dump, '300000', '32');
    expect(code).toBe(0);
    expect(out).toContain('0000000000300000  74 69 6e 79 20 67 75 65  73 74 20 70 61 67 65 20  |tiny guest page |');
  });

  test('shows bytes that are not there as ??, says why on stderr and exits with 3', async () => {
    const { code, out, err } = await run('read', dump, '0x155ff0', '0x20', '--virtual');
    expect(code).toBe(3);
    expect(out).toContain('?? ?? ?? ??');
    expect(out).not.toContain(' 00 ');
    expect(err).toContain('missing: 0x155ff0 to 0x155fff is unmapped (not mapped)');
  });

  test('--out writes the bytes and nothing else', async () => {
    const out = join(folder, 'page.bin');
    expect((await run('read', dump, '0x300000', '4096', '--out', out)).code).toBe(0);
    expect(fs.readFileSync(out).subarray(0, 4).toString()).toBe('tiny');
    expect(fs.statSync(out).size).toBe(4096);
  });

  test('a length beyond the address space is bad usage', async () => {
    expect((await run('read', dump, 'fffffffffffff', '2')).code).toBe(2);
  });
});

describe('exit codes', () => {
  test.each([
    ['no command', [], 2],
    ['an unknown command', ['frobnicate'], 2],
    ['a missing argument', ['walk', 'FILE'], 2],
    ['an argument too many', ['info', 'FILE', 'x'], 2],
    ['an address too many', ['walk', 'FILE', '1000', '2000'], 2],
    ['a word among addresses', ['translate', 'FILE', '1000', 'xyz'], 2],
    ['words instead of addresses', ['translate', 'FILE', 'xyz'], 2],
    ['an unknown option', ['info', 'FILE', '--frob'], 2],
    ['an unknown format', ['info', 'FILE', '--format', 'zip'], 2],
    ['an unknown CPU family', ['info', 'FILE', '--arch', 'z80'], 2],
    ['a malformed --map', ['info', 'FILE', '--map', '0=pc.ram'], 2],
    ['--map of a block that is not there', ['info', 'FILE', '--map', '0=ram:1000'], 2],
    ['--map on a server', ['serve', 'FILE', '--map', '0=none:1000'], 2],
    ['an input format for the output', ['export', 'FILE', '/no/such/folder/out', '--format', 'qemu-stream'], 2],
    ['two files that are not one dump', ['info', 'FILE', 'FILE'], 1],
    ['a bad address', ['walk', 'FILE', 'xyz'], 2],
    ['a bad length', ['read', 'FILE', '0', 'ten'], 2],
    ['a file that is no dump', ['info', '/etc/hostname'], 1],
    ['a directory', ['info', '/'], 1],
    ['a missing file', ['info', '/no/such/file'], 1],
    ['help', ['--help'], 0],
    ['help of a command', ['walk', '--help'], 0],
  ])('%s', async (_what, argv, expected) => {
    expect((await run(...argv.map((word) => (word === 'FILE' ? dump : word)))).code).toBe(expected);
  });

  test('an error names the file, the place, what was expected and what was found', async () => {
    const broken = join(folder, 'broken.qevm');
    fs.writeFileSync(broken, Buffer.concat([Buffer.from('QEVM'), Buffer.from([0, 0, 0, 9, 1])]));
    const { code, err } = await run('info', broken);
    expect(code).toBe(1);
    expect(err).toContain('broken.qevm: QEMU migration stream version at 0x4: expected 3, found 9');
  });

  test('a truncated dump opens with what it has, and the loss is said on stderr', async () => {
    const cut = join(folder, 'cut.qevm');
    fs.writeFileSync(cut, fs.readFileSync(dump).subarray(0, 1_000_000));
    const { code, err } = await run('memory-map', cut);
    expect(code).toBe(0);
    expect(err).toContain('warning: The file ends at 0xf4240');
  });
});

test('info gives the same answers with pread as with a mapping', async () => {
  const mapped = (await json('info', dump)).value as Record<string, unknown>;
  const pread = (await json('info', dump, '--no-mapping')).value as Record<string, unknown>;
  expect(pread['access']).toMatchObject({ kind: 'pread' });
  expect({ ...pread, access: null }).toEqual({ ...mapped, access: null });
});

describe('--map', () => {
  test('shows a piece of a block at another address for this run, and leaves nothing behind', async () => {
    const bytes = async (...more: string[]) => (await json('read', dump, '40000000', '16', ...more)).value as { bytes: string };
    expect((await run('read', dump, '40000000', '16')).code).toBe(3);
    const there = (await json('read', dump, '300000', '16')).value as { bytes: string };
    expect((await bytes('--map', '40000000=pc.ram+300000:1000')).bytes).toBe(there.bytes);
    expect(fs.readdirSync(folder).filter((name) => name.includes('workbench'))).toEqual([]);
    expect((await run('read', dump, '40000000', '16')).code).toBe(3);
  });

  test('a later one lies over an earlier, and START=none takes memory away', async () => {
    const { value } = await json('memory-map', dump, '--map', '0x40000000=pc.ram:3000', '--map', '40001000=none:1000');
    const { regions } = value as { regions: { start: string; last: string; strength: string }[] };
    expect(regions.filter(({ strength }) => strength === 'user')).toMatchObject([
      { start: '0x40000000', last: '0x40000fff', block: 'pc.ram', blockOffset: '0x0' },
      { start: '0x40002000', last: '0x40002fff', block: 'pc.ram', blockOffset: '0x2000' },
    ]);
  });

  test('goes over the corrections of the project file, which stays as it was', async () => {
    const copy = copyOfSample(folder, 'with-project.qevm');
    const project = `${copy}.workbench.json`;
    fs.writeFileSync(
      project,
      JSON.stringify({ version: 1, memoryMap: [{ start: 0x5000_0000, last: 0x5000_0fff, block: 'pc.ram', blockOffset: 0 }] }),
    );
    const before = fs.readFileSync(project);
    const { value } = await json('memory-map', copy, '--map', '40000000=pc.ram:1000');
    const { regions } = value as { regions: { start: string; strength: string }[] };
    expect(regions.filter(({ strength }) => strength === 'user').map(({ start }) => start)).toEqual(['0x40000000', '0x50000000']);
    expect(fs.readFileSync(project)).toEqual(before);
  });
});

describe('info', () => {
  test('shows each layer inside the one before it, with offset and bytes', async () => {
    const { value } = await json('info', dump);
    const size = fs.statSync(dump).size;
    expect(value).toMatchObject({
      layers: [{ title: 'QEMU migration stream', offset: 0, length: size }],
      files: [dump],
      options: {},
      documents: [],
      snapshots: [],
      deviceCount: 35,
    });
    const { out } = await run('info', dump);
    expect(out).toMatch(new RegExp(`QEMU migration stream +0x0 +0x${size.toString(16)} `));
    expect(out).toContain('35 device states');
  });

  test('says how a file was opened where that was not left to its content', async () => {
    const { out } = await run('info', dump, '--format', 'qemu-stream', '--arch', 'x86-64');
    expect(out).toContain('as QEMU migration stream, CPU family x86-64');
    expect((await json('info', dump, '--format', 'qemu-stream')).value).toMatchObject({ options: { format: 'qemu-stream' } });
  });

  test('a format that the content contradicts is an error with its place', async () => {
    const { code, err } = await run('info', dump, '--format', 'elf-vmcore');
    expect(code).toBe(1);
    expect(err).toContain('guest.qevm');
  });
});

describe('several FILEs', () => {
  const text = (value: unknown): string => Buffer.from((value as { bytes: string }).bytes, 'hex').toString();

  test('are the parts of one dump, in any order, wherever a command has more arguments', async () => {
    const [first, second] = writeSplitDump(folder);
    const { code, value } = await json('info', second, first);
    expect(code).toBe(0);
    expect(value).toMatchObject({
      name: 'vmcore.2',
      files: [second, first],
      layers: [{ part: 'vmcore.2' }, { part: 'vmcore.1' }],
      memory: { total: SPLIT_PAGES * 4096 },
    });
    expect((await run('info', first, second)).out).toMatch(/^kdump-compressed dump in vmcore\.1 .*\nkdump-compressed dump in vmcore\.2 /m);
    for (const page of [1, SPLIT_PAGES - 1]) {
      expect(text((await json('read', first, second, (page * 4096).toString(16), '8')).value)).toBe(`page ${page}; `.slice(0, 8));
    }
    // Addresses are told from the files; no table of this text leads anywhere.
    expect((await json('translate', first, second, '1000', '2000', '--root', '0')).value).toHaveLength(2);
    // Nor is there a kernel: the error is of the dump, not of its second part or the PID behind it.
    const vms = await run('vms', first, second, '174');
    expect([vms.code, vms.err]).toEqual([1, expect.stringContaining('no Linux kernel was found')]);
  });

  test('of which one is missing: its memory is absent, and stderr says so', async () => {
    const [first] = writeSplitDump(folder);
    const { code, err } = await run('read', first, ((SPLIT_PAGES - 1) * 4096).toString(16), '8');
    expect(code).toBe(3);
    expect(err).toContain('vmcore.1 is one part of a split dump');
  });
});

describe('raw memory', () => {
  test('opens when it is called that, with the CPU family, and not before', async () => {
    const raw = join(folder, 'memory.raw');
    expect((await run('read', dump, '0', '0x800000', '--out', raw)).code).toBe(0);
    expect((await run('info', raw)).code).toBe(1);
    const as = ['--format', 'raw', '--arch', 'x86-64'];
    expect((await json('info', raw, ...as)).value).toMatchObject({ format: 'raw', architecture: 'x86-64', memory: { total: 0x80_0000 } });
    expect((await json('read', raw, '300000', '16', ...as)).value).toEqual((await json('read', dump, '300000', '16')).value);
    const walked = (await json('walk', raw, '0xffffffff80300000', '--root', '200000', ...as)).value;
    expect(walked).toMatchObject({ result: { kind: 'page', physical: '0x300000' } });
    expect((await json('memory-map', raw, ...as, '--map', '100000=none:1000')).value).toMatchObject({ corrected: true });
  });
});

test('export writes a file that info opens again with the same registers', async () => {
  const out = join(folder, 'export.elf');
  expect((await run('export', dump, out)).code).toBe(0);
  expect(fs.existsSync(`${out}.part`)).toBe(false);
  const [before, after] = [await json('registers', dump), await json('registers', out)];
  const generals = ({ value }: { value: unknown }) =>
    (value as { cpus: { registers: Record<string, unknown> }[] }).cpus.map(({ registers }) =>
      ['rax', 'rip', 'cr3', 'cr4', 'cs', 'gdt'].map((name) => registers[name]),
    );
  expect(generals(after)).toEqual(generals(before));
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s during an export cancels it, and nothing of it is left', async (signal) => {
  const out = join(folder, `${signal}.elf`);
  const before = process.listenerCount(signal);
  const running = run('export', dump, out);
  while (process.listenerCount(signal) === before) await new Promise((resolve) => setTimeout(resolve, 1));
  process.emit(signal);
  expect(await running).toMatchObject({ code: 130, err: expect.stringMatching(/cancelled/) });
  expect(fs.readdirSync(folder).filter((name) => name.startsWith(signal))).toEqual([]);
  expect(process.listenerCount(signal)).toBe(before);
});

test('export takes sizes with units for the range, and refuses holes for a kdump file, which has none', async () => {
  const out = join(folder, 'range.elf');
  expect((await run('export', dump, out, '--begin', '1M', '--length', '512K', '--json')).code).toBe(0);
  const { value } = await json('memory-map', out);
  expect((value as { regions: unknown[] }).regions).toMatchObject([{ start: '0x100000', last: '0x17ffff' }]);
  expect((await run('export', dump, out, '--format', 'kdump', '--no-sparse')).code).toBe(2);
});

test('mappings lists what a root maps, merged', async () => {
  const { code, value } = await json('mappings', dump, '--from', 'ffff800000000000');
  expect(code).toBe(0);
  expect(value).toMatchObject({
    mappings: [
      { start: '0xffff800000000000', last: '0xffff80003fffffff', physical: '0x0', pageSize: 2 ** 30 },
      { start: '0xffffffff80000000', last: '0xffffffff807fffff', physical: '0x0', pageSize: 2 ** 21 },
    ],
    next: null,
  });
});

test('--ram takes what the stream left out from the file that backs it, and info says so', async () => {
  const { stream, backing } = copyOfIgnoreShared(newFolder());
  const without = await run('read', stream, '200000', '16');
  expect(without.out).toContain('?? ?? ??');
  expect(without.err).toContain(`With --ram ${SHARED_BLOCK}=FILE it is taken from there.`);
  const read = await json('read', stream, '200000', '16', '--ram', `${SHARED_BLOCK}=${backing}`);
  const bytes = fs.readFileSync(backing).subarray(0x200000, 0x200010);
  expect(JSON.stringify(read.value)).toContain(bytes.toString('hex'));
  const { code, out } = await run('info', stream, '--ram', `${SHARED_BLOCK}=${backing}`);
  expect(code).toBe(0);
  expect(out).toContain(`with ${SHARED_BLOCK} from ${backing}`);
  expect(out).toContain('suspect: RAM block ram-node0: 4 MiB are from');
  const refused = await run('info', stream, '--ram', `pc.ram=${backing}`);
  expect(refused.code).not.toBe(0);
  expect(refused.err).toContain('the dump has ram-node');
});
