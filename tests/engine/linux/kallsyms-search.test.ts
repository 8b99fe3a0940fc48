/** kallsyms found by what it looks like: in a real guest, against what VMCOREINFO says of it; in tables made by hand for other ages and machines; and in damaged ones. */
import { describe, expect, it } from 'vitest';
import { readKallsyms } from '#engine/linux/kallsyms.ts';
import { findKallsyms } from '#engine/linux/kallsyms-search.ts';
import { stretchesAround } from '#engine/linux/kernel-window.ts';
import { kernelOfDump } from '#engine/session/kernel-of-dump.ts';
import { fixture } from '../../fixtures/fixture.ts';
import { openToExport } from '../export/export-case.ts';
import { COUNT, kallsymsOf, spaceWith, symbolOf, type Age } from './kallsyms-of-age.ts';

const X86_64 = { wordSize: 8, littleEndian: true, align: 8 } as const;
const V4_6 = { numbers: 8, addresses: 'base-down', order: 'addresses-first' } as const;
const V5_0 = { ...V4_6, numbers: 4 } as const;
const V6_4 = { numbers: 4, addresses: 'base-down', order: 'names-first', sequence: 'last' } as const;

const AGES: Readonly<Record<string, Age>> = {
  'x86-64 before v4.6': { ...X86_64, numbers: 8, addresses: 'words', order: 'addresses-first' },
  'x86-64 v4.6 to v4.20': { ...X86_64, ...V4_6 },
  'x86-64 v5.0 to v6.1': { ...X86_64, ...V5_0 },
  'x86-64 v6.2 and v6.3': { ...X86_64, ...V5_0, sequence: 'before-tokens' },
  'x86-64 v6.4 to v6.14': { ...X86_64, ...V6_4 },
  'x86-64 v6.15 to v6.19': { ...X86_64, ...V6_4, addresses: 'base' },
  'x86-64 v7.2': { ...X86_64, ...V6_4, align: 4, addresses: 'place' },
  'arm64 v4.6 to v4.20, aligned to 256 bytes': { ...X86_64, ...V4_6, align: 256, addresses: 'base' },
  's390x v4.6 to v4.20': { ...X86_64, ...V4_6, littleEndian: false, addresses: 'base' },
  's390x v6.4 to v6.19': { ...X86_64, ...V6_4, littleEndian: false, addresses: 'base' },
  'i386 before v4.6': { ...V5_0, wordSize: 4, littleEndian: true, align: 4, addresses: 'words' },
  'i386 v6.4 to v6.19': { ...V6_4, wordSize: 4, littleEndian: true, align: 4, addresses: 'base' },
  'a 32-bit kernel that is not relocated, v7.2': { ...V6_4, wordSize: 4, littleEndian: false, align: 4, addresses: 'words' },
};

describe.each(Object.entries(AGES))('tables made by hand as %s has them', (_name, age) => {
  const tables = kallsymsOf(age);

  it('give every symbol its name and its address', () => {
    const { space, stretches } = spaceWith(tables, age);
    const table = findKallsyms(space, stretches);
    expect(table?.count).toBe(COUNT);
    expect([...table!]).toEqual(Array.from({ length: COUNT }, (_, index) => symbolOf(index)));
  });

  it('that are cut off somewhere are not found, and end the search', () => {
    for (let length = tables.length - 600; length > 0; length -= 1777) {
      const { space, stretches } = spaceWith(tables.subarray(0, length), age);
      expect(findKallsyms(space, stretches)?.count ?? COUNT).toBe(COUNT);
    }
  });
});

describe('flipped bytes', () => {
  const age = AGES['x86-64 v5.0 to v6.1']!;
  const tables = kallsymsOf(age);

  it('neither hang nor throw, wherever they are', () => {
    for (let round = 0; round < 60; round++) {
      const damaged = tables.slice();
      for (let flip = 0; flip < 3; flip++) damaged[(round * 7919 + flip * 104_729) % damaged.length]! ^= 1 << (round % 8);
      const { space, stretches } = spaceWith(damaged, age);
      const table = findKallsyms(space, stretches);
      for (const { name } of table ?? []) expect(name.length).toBeLessThan(512);
      table?.nearest(symbolOf(7).address);
    }
  });
});

describe('memory made to hold the search up', () => {
  it('with digits that are no tokens all over it is given up', () => {
    const digits = Buffer.from(Array.from({ length: 10 }, (_, digit) => `${digit}\0`).join(''), 'latin1');
    const bytes = new Uint8Array(0x4_0000);
    for (let at = 0; at + digits.length <= bytes.length; at += digits.length) bytes.set(digits, at);
    const { space, stretches } = spaceWith(bytes, { wordSize: 8, littleEndian: true });
    expect(findKallsyms(space, stretches)).toBeUndefined();
  });

  it('with markers all over it is given up', () => {
    const age = AGES['x86-64 v5.0 to v6.1']!;
    const real = kallsymsOf(age);
    // Tokens as they should be, and before them nothing but numbers that go up from 0.
    const tokens = Buffer.from(real).indexOf('tok0\0', 0, 'latin1');
    const before = 0x10_0000 + (tokens % 256);
    const made = new Uint8Array(before + real.length - tokens);
    const view = new DataView(made.buffer);
    for (let at = 0; at + 4 <= before; at += 4) view.setUint32(at, ((at / 4) % 6) * 1000, true);
    made.set(real.subarray(tokens), before);
    const { space, stretches } = spaceWith(made, age);
    expect(findKallsyms(space, stretches)).toBeUndefined();
  });
});

describe('a Linux guest', () => {
  const { dump, memory, architecture } = openToExport(fixture('linux/stream.qevm'));
  const noted = kernelOfDump(dump, memory, architecture);
  const found = kernelOfDump({ ...dump, vmcoreinfo: undefined }, memory, architecture);

  it('whose dump came without VMCOREINFO is found by its page tables, and its own VMCOREINFO is read', () => {
    expect(found.foundBy).toMatch(/^VMCOREINFO in the kernel's own memory; the page tables of CPU 0: its text at 0x/);
    expect(found.vmcoreinfo).toEqual(noted.vmcoreinfo);
    expect(noted.foundBy).toMatch(/^VMCOREINFO \(vmcoreinfo device/);
  });

  it('has the same symbols by what the tables look like as by where VMCOREINFO says that they are', () => {
    const table = readKallsyms(noted.space, (name) => noted.address(name))!;
    const searched = findKallsyms(noted.space, stretchesAround(noted.space, noted.text!))!;
    expect(searched.count).toBe(table.count);
    const theirs = table[Symbol.iterator]();
    for (const symbol of searched) expect(symbol).toEqual(theirs.next().value);
  });

  it('of which the dump has no registers is found by VMCOREINFO in memory', () => {
    const bare = kernelOfDump({ ...dump, vmcoreinfo: undefined, cpus: [] }, memory, architecture);
    expect(bare.foundBy).toMatch(/^VMCOREINFO found in memory at GPA 0x/);
    expect(bare.vmcoreinfo).toEqual(noted.vmcoreinfo);
    expect(bare.space.string(bare.address('linux_banner')!)).toMatch(/^Linux version /);
  });
});
