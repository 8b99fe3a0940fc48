/** ELF files of several CPUs, against what nm and the linker's command line say of them. */
import { describe, expect, it } from 'vitest';
import { WorkbenchError } from '#shared/errors.ts';
import { debugFilePaths } from '#engine/elf-object/debug-links.ts';
import { ElfFile } from '#engine/elf-object/elf-file.ts';
import { fixture } from '../../fixtures/fixture.ts';
import { readFileSync } from 'node:fs';
import { ArraySource } from '../memory/array-source.ts';
import { debugAnswer, debugBytes, debugElf, symbolAnswer } from './debug-fixture.ts';

const LIBRARIES = ['libgnu.so', 'libsysv.so', 'libs390x.so', 'libi686.so'];

/** A copy as sstrip leaves it: no section headers. */
function withoutSections(name: string): ElfFile {
  const bytes = debugBytes(name);
  const wide = bytes[4] === 2;
  bytes.fill(0, wide ? 40 : 32, wide ? 48 : 36);
  bytes.fill(0, wide ? 58 : 46, wide ? 64 : 52);
  return new ElfFile(new ArraySource(bytes, name));
}

describe.each(LIBRARIES)('symbols of %s', (name) => {
  const defined = symbolAnswer(name).filter((row) => row.length === 3);

  it('has each at the address that nm gives', () => {
    const elf = debugElf(name);
    for (const [address, , symbol] of defined) expect(elf.findSymbol(symbol!)?.value, symbol).toBe(BigInt(`0x${address}`));
    expect(elf.findSymbol('imported')).toBeUndefined();
    expect(elf.findSymbol('exported_')).toBeUndefined();
  });

  it('finds the same through the hash table that a dynamic linker uses', () => {
    const symbols = debugElf(name).dynamicSymbols!;
    for (const [address, , symbol] of defined) expect(symbols.find(symbol!)?.value, symbol).toBe(BigInt(`0x${address}`));
    for (const missing of ['imported', 'not_exported', '', 'exported_100']) expect(symbols.find(missing), missing).toBeUndefined();
  });

  it('still knows them when the section headers are gone', () => {
    const elf = withoutSections(name);
    expect(elf.sections).toHaveLength(0);
    for (const [address, , symbol] of defined) expect(elf.findSymbol(symbol!)?.value, symbol).toBe(BigInt(`0x${address}`));
    expect(elf.buildId).toBe('0123456789abcdef');
  });
});

describe('ElfFile', () => {
  it('names the symbol below an address, and how far below', () => {
    const elf = debugElf('libgnu.so');
    const { value } = elf.findSymbol('exported_23')!;
    expect(elf.nearestSymbol(value + 3n)).toMatchObject({ symbol: { name: 'exported_23' }, offset: 3n });
    expect(elf.nearestSymbol(0n)).toBeUndefined();
  });

  it('prefers a global symbol to a static one of the same name, and gives both static ones in order', () => {
    const elf = debugElf('gcc-dwarf5');
    const { variables } = debugAnswer('gcc-dwarf5');
    expect([...elf.symbols!.named('counter')].map(({ value }) => value)).toEqual([
      BigInt(variables["'main.c'::counter"]!),
      BigInt(variables["'other.c'::counter"]!),
    ]);
    expect(elf.findSymbol('shapes')?.value).toBe(BigInt(variables['shapes']!));
  });

  it('reads the build id', () => {
    for (const name of LIBRARIES) expect(debugElf(name).buildId, name).toBe('0123456789abcdef');
  });

  it('reads the link to the file that dwz made', () => {
    const link = debugElf('dwz').altLink!;
    expect(link.name).toBe('dwz-common');
    expect(link.buildId).toBe(debugElf('dwz-common').buildId);
  });

  it('decompresses sections of every kind to the same bytes', () => {
    const strings = (name: string) => {
      const elf = debugElf(name);
      const text = Buffer.from(elf.contents(elf.section('.debug_str')!).all()).toString('latin1');
      return new Set(text.split('\0').filter((word) => /^[a-z_]+$/.test(word)));
    };
    const plain = strings('gcc-dwarf5');
    for (const name of ['zlib', 'zstd', 'zlib-gnu']) expect(strings(name), name).toEqual(plain);
  });

  it('reads of an uncompressed section no more than was asked for', () => {
    const source = new ArraySource(debugBytes('gcc-dwarf5'), 'gcc-dwarf5');
    const elf = new ElfFile(source);
    const before = source.traffic;
    elf.contents(elf.section('.debug_info')!).read(100, 16);
    expect(source.traffic - before).toBe(16);
  });

  it('says that a core is no program', () => {
    const core = new Uint8Array(readFileSync(fixture('tiny/paging-off.elf')));
    expect(() => new ElfFile(new ArraySource(core, 'core'))).toThrow(/ET_CORE: a dump/);
    expect(() => new ElfFile(new ArraySource(new TextEncoder().encode('#!/bin/sh\nexit 0\n'), 'script'))).toThrow(WorkbenchError);
  });
});

describe('debugFilePaths', () => {
  it('looks by build id first, then where .gnu_debuglink points', () => {
    expect(debugFilePaths({ folder: '/usr/bin', buildId: 'd9541f', debugLink: { name: 'qemu.debug', crc: 1 } })).toEqual([
      '/usr/lib/debug/.build-id/d9/541f.debug',
      '/usr/bin/qemu.debug',
      '/usr/bin/.debug/qemu.debug',
      '/usr/lib/debug/usr/bin/qemu.debug',
    ]);
  });

  it('does not let a file send us to another folder', () => {
    expect(debugFilePaths({ folder: '/usr/bin', debugLink: { name: '../../etc/shadow', crc: 1 } })).toEqual([]);
  });
});
