/** The command line on 32-bit x86: a dump of firmware of qemu-system-i386, and page tables of two kinds in raw memory. */
import fs from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { copyOfFixture, newFolder } from '../hosts/sample-dump.ts';
import { run } from './run-cli.ts';

const folder = newFolder();

/** A 4 MiB page at 0xc0000000 in two levels from 0x1000; a 2 MiB page there in three from 0x2020. Both lead to 0. */
function rawMemory(): string {
  const file = join(folder, 'memory.raw');
  const bytes = Buffer.alloc(2 ** 20);
  bytes.writeUInt32LE(0x0000_00e3, 0x1000 + 4 * 768);
  bytes.writeBigUInt64LE(0x3001n, 0x2020 + 8 * 3);
  bytes.writeBigUInt64LE(0x8000_0000_0000_00e3n, 0x3000);
  bytes.write('thirty-two bits', 0x5000);
  fs.writeFileSync(file, bytes);
  return file;
}

test('a dump of qemu-system-i386 has short names and 32-bit numbers', async () => {
  const file = copyOfFixture(folder, 'qemu-streams/i386/stream.qevm');
  expect((await run('info', file)).out).toMatch(/^CPU +EIP +ROOT +MODE$/m);
  const { out } = await run('registers', file, '--cpu', '0');
  expect(out).toMatch(/^eax +1a1a1a1a$/m);
  expect(out).toMatch(/^cs +f000 +000f0000 /m);
  const beyond = await run('read', file, '--virtual', 'fffffff8', '16');
  expect(beyond.out).toMatch(/^fffffff8 /);
  expect(beyond.err).toContain('0x100000000 to 0x100000007 is unmapped (wider than 32 bits)');
});

test('--levels 2 and 3 walk the tables of 32-bit x86', async () => {
  const file = rawMemory();
  const as = ['--format', 'raw', '--arch', 'i386'];
  const two = await run('walk', file, 'c0005000', '--root', '1000', '--levels', '2', ...as);
  expect(two.code).toBe(0);
  expect(two.out).toMatch(/^PD +0x1000 +768 +31:22 +0x1c00 +000000e3 /m);
  expect(two.out).toContain('0xc0005000 → 0x5000 (4 MiB page)');
  const three = await run('walk', file, 'c0005000', '--root', '2020', '--levels', '3', ...as);
  expect(three.out).toMatch(/^PDPT +0x2020 +3 +31:30 +0x2038 +0000000000003001 /m);
  expect(three.out).toContain('0xc0005000 → 0x5000 (2 MiB page)');
  // Without --levels it is what 32-bit kernels usually have.
  expect((await run('translate', file, 'c0005000', '--root', '2020', ...as)).out).toContain('0x5000');
  expect((await run('read', file, '--virtual', 'c0005000', '15', '--root', '2020', ...as)).out).toMatch(/^c0005000 .*\|thirty-two bits\|$/m);
  expect((await run('mappings', file, '--root', '1000', '--levels', '2', ...as)).out).toMatch(/0xc0000000 +0xc03fffff +0x0 +4 MiB/);
});

test('--mode takes any paging mode of the family by its id', async () => {
  const as = ['--format', 'raw', '--arch', 'i386', '--root', '1000'];
  expect((await run('walk', rawMemory(), 'c0005000', ...as, '--mode', 'x86-32')).out).toContain('0xc0005000 → 0x5000 (4 MiB page)');
  expect((await run('info', rawMemory(), '--format', 'raw', '--arch', 'i386')).out).toMatch(/^Paging modes +x86-pae, x86-32$/m);
  const refused = async (...argv: string[]) => expect(await run('walk', rawMemory(), '0', ...argv)).toMatchObject({ code: 2 });
  await refused(...as, '--mode', 'sv39');
  await refused(...as, '--mode', 'x86-32', '--levels', '2');
  await refused(...as, '--regime', 'cr3');
  await refused('--mode', 'x86-32');
});

test('--regime takes a regime of the CPU, and names those that there are', async () => {
  const file = copyOfFixture(folder, 'tiny/stream.qevm');
  expect((await run('walk', file, '0', '--regime', 'cr3')).out).toBe((await run('walk', file, '0')).out);
  expect(await run('walk', file, '0', '--regime', 'home')).toMatchObject({ code: 2, err: expect.stringContaining('expected cr3') });
});

test('info names the instruction pointer by its register, and x86 keeps rip', async () => {
  const { out } = await run('info', copyOfFixture(folder, 'qemu-streams/i386/stream.qevm'), '--json');
  const [cpu] = (JSON.parse(out) as { cpus: unknown[] }).cpus;
  expect(cpu).toMatchObject({ rip: '0x65', instructionPointer: '0x65', instructionRegister: 'eip', rootRegister: 'CR3' });
});

test('--levels takes no other number', async () => {
  for (const levels of ['1', '6', 'constructor', '']) {
    const { code, err } = await run('walk', rawMemory(), '0', '--root', '1000', '--levels', levels);
    expect([code, err]).toEqual([2, expect.stringContaining('2, 3, 4 or 5')]);
  }
});
