import { describe, expect, it } from 'vitest';
import { tinyVariants } from '../../fixtures/fixture.ts';
import { differencesFromElf, fixtureBytes, loadsOf, openBytes, openFixture } from './open-bytes.ts';

const folders = ['tiny', ...tinyVariants().map((variant) => `tiny-variants/${variant}`)];

describe.each(folders)("QEMU's ELF of %s (headers before and since 7.2)", (folder) => {
  it('gives its own memory, and two CPUs', () => {
    const { memory, dump } = openFixture(`${folder}/paging-off.elf`);
    expect(differencesFromElf(memory, fixtureBytes(`${folder}/paging-off.elf`))).toEqual([]);
    expect([dump.cpus.length, dump.diagnostics]).toEqual([2, []]);
    expect(dump.sentence).toContain("QEMU's dump-guest-memory");
  });
});

it('an ELF with page tables followed gives the same RAM as the one without; the firmware, which no page table maps, is absent', () => {
  const differences = differencesFromElf(openFixture('tiny/paging-on.elf').memory, fixtureBytes('tiny/paging-off.elf'));
  expect(new Set(differences.map((difference) => difference.replace(/^0xfff[c-f][0-9a-f]{4}/, 'firmware')))).toEqual(new Set(['firmware: absent']));
});

it('memory that a begin/length filter left out is excluded or has no region, never zero', () => {
  const { memory } = openFixture('tiny/filtered.elf');
  const [kept] = loadsOf(fixtureBytes('tiny/filtered.elf')).filter(({ length }) => length > 0);
  expect(kept).toMatchObject({ physical: 0x100000, length: 0x345000 });
  expect(memory.stateAt(0x100000)).toBe('present');
  expect(memory.stateAt(0x444fff)).toBe('present');
  for (const address of [0, 0xfffff, 0x445000, 0x7fffff, 0xfffc0000])
    expect(['excluded', 'absent'], `0x${address.toString(16)}`).toContain(memory.stateAt(address));
});

describe('headers that lie', () => {
  const patched = (edit: (view: DataView, bytes: Uint8Array) => void) => {
    const bytes = fixtureBytes('tiny/paging-off.elf');
    edit(new DataView(bytes.buffer), bytes);
    return bytes;
  };

  it.each([
    ['a class that is none', (view: DataView) => view.setUint8(4, 3), 'e_ident at 0x4: expected class 1 or 2, data encoding 1 or 2, found class 3'],
    ['a byte order that is none', (view: DataView) => view.setUint8(5, 0), 'found class 2, data encoding 0'],
    ['64-bit headers called 32-bit', (view: DataView) => view.setUint8(4, 1), 'e_phentsize at 0x2a: expected 32, found 0'],
    ['little-endian headers called big-endian', (view: DataView) => view.setUint8(5, 2), 'e_type at 0x10: expected 4 (ET_CORE), found 1024'],
    ['a program, not a core', (view: DataView) => view.setUint16(16, 2, true), 'e_type at 0x10: expected 4 (ET_CORE), found 2'],
    ['program headers of another size', (view: DataView) => view.setUint16(54, 32, true), 'e_phentsize at 0x36: expected 56, found 32'],
    ['program headers beyond the file', (view: DataView) => view.setBigUint64(32, 2n ** 40n, true), 'e_phoff at 0x20'],
    ['program headers at 2^64 - 1', (view: DataView) => view.setBigUint64(32, 2n ** 64n - 1n, true), 'e_phoff at 0x20'],
  ])('%s is refused with field, offset, expected and found', (_, edit, message) => {
    expect(() => openBytes(patched(edit), 'core.elf')).toThrow(message);
  });

  it('more program headers than the file holds: opens with those that are there', () => {
    const { dump } = openBytes(patched((view) => view.setUint16(56, 0xfffe, true)));
    expect(dump.diagnostics.map(({ code }) => code)).toContain('segments-rejected');
    const cut = openBytes(patched((view) => view.setUint16(56, 0xfffe, true)).slice(0, 0x7c8 + 4096)).dump;
    expect(cut.diagnostics.map(({ code }) => code)).toContain('headers-truncated');
  });

  it('a segment whose file data lies beyond the end is absent there, and said to be lost', () => {
    const { dump, memory } = openBytes(patched((view) => view.setBigUint64(0xc0 + 56 + 8, 2n ** 45n, true)));
    expect(memory.stateAt(0x1000)).toBe('absent');
    expect(dump.diagnostics.map(({ code }) => code)).toContain('file-truncated');
  });
});
