/** The symbols of a real Linux guest out of its memory, against what its VMCOREINFO says of them; and tables that hold together no more. */
import { describe, expect, it } from 'vitest';
import { parseVmcoreinfo } from '#engine/formats/vmcoreinfo.ts';
import { relativeAddresses } from '#engine/linux/kallsyms-addresses.ts';
import { readKallsyms } from '#engine/linux/kallsyms.ts';
import { KallsymsTable } from '#engine/linux/kallsyms-table.ts';
import { KernelSpace } from '#engine/linux/kernel-space.ts';
import { walkableTables } from '#engine/translate/regime-tables.ts';
import { TranslationSpace } from '#engine/translate/translation-space.ts';
import { fixture } from '../../fixtures/fixture.ts';
import { openToExport } from '../export/export-case.ts';

const { dump, memory, architecture } = openToExport(fixture('linux/stream.qevm'));
const values = parseVmcoreinfo(dump.vmcoreinfo!);
const symbolOf = (name: string) => {
  const value = values.get(`SYMBOL(${name})`);
  return value === undefined ? undefined : BigInt(`0x${value}`);
};
const tables = new TranslationSpace(memory, walkableTables(architecture, dump.cpus[0]!));
const space = new KernelSpace(memory, tables, { littleEndian: true, wordSize: 8 });

describe("a Linux guest's kallsyms", () => {
  const table = readKallsyms(space, symbolOf)!;

  it('has every symbol that VMCOREINFO names, at the address that it says', () => {
    const named = [...values.keys()].flatMap((key) => /^SYMBOL\((\w+)\)$/.exec(key)?.[1] ?? []);
    const found = table.find(named);
    // swapper_pg_dir and node_online_map are other names of init_top_pgt and of a piece of node_states; kallsyms leaves itself out, and mem_section's value is what the variable holds.
    const missing = named.filter((name) => !found.has(name));
    expect(missing.filter((name) => !/^(swapper_pg_dir|node_online_map|kallsyms_\w+)$/.test(name))).toEqual([]);
    for (const [name, address] of found) if (name !== 'mem_section') expect([name, address]).toEqual([name, symbolOf(name)]);
    expect(found.size).toBeGreaterThanOrEqual(9);
  });

  it('leads to what the names promise', () => {
    const [banner] = table.find(['linux_banner']).values();
    expect(space.string(banner!)).toMatch(new RegExp(`^Linux version ${values.get('OSRELEASE')!} .*\\n$`));
  });

  it('names the symbol that an address lies in, and how far', () => {
    const init = table.find(['init_task']).get('init_task')!;
    expect(table.nearest(init + 0x123n)).toMatchObject({ name: 'init_task', address: init, offset: 0x123n });
    expect(table.nearest(-1n)).toBeUndefined();
  });

  it('goes up in address from first to last', () => {
    let before = -1n;
    let count = 0;
    for (const { address, name, type } of table) {
      expect(address >= before).toBe(true);
      expect(name.length > 0 && /^[A-Za-z]$/.test(type)).toBe(true);
      before = address;
      count++;
    }
    expect(count).toBe(table.count);
  });

  it('is not there where VMCOREINFO says nothing of it', () => {
    expect(readKallsyms(space, () => undefined)).toBeUndefined();
    expect(readKallsyms(space, (name) => (name === 'kallsyms_names' ? 0x1000n : symbolOf(name)))).toBeUndefined();
  });
});

describe('addresses', () => {
  it('count down from the base where nearly all offsets are negative, and per-CPU ones are absolute', () => {
    const addresses = relativeAddresses(Int32Array.of(0x10, -1, -0x1001), 0xffff_ffff_8100_0000n);
    expect([0, 1, 2].map((index) => addresses.at(index))).toEqual([0x10n, 0xffff_ffff_8100_0000n, 0xffff_ffff_8100_1000n]);
  });
  it('count up from the base otherwise, over more than 2 GiB', () => {
    const addresses = relativeAddresses(Int32Array.of(0, 0x1000, -1), 0xffff_8000_0800_0000n);
    expect([0, 1, 2].map((index) => addresses.at(index))).toEqual([0xffff_8000_0800_0000n, 0xffff_8000_0800_1000n, 0xffff_8001_07ff_ffffn]);
  });
});

describe('names', () => {
  const tokenTable = new TextEncoder().encode('T\0main\0_\0');
  const tokenIndex = new Uint16Array(256);
  tokenIndex.set([0, 2, 7]);
  const addresses = { at: (index: number) => BigInt(index) };

  it('are made of tokens; one of more than 127 tokens has a length of two bytes', () => {
    const long = [0x80 | (200 & 0x7f), 200 >> 7, 0, ...Array.from({ length: 199 }, () => 2)];
    const table = KallsymsTable.of({ count: 2, names: Uint8Array.from([2, 0, 1, ...long]), tokenTable, tokenIndex, addresses })!;
    expect(table.symbol(0)).toEqual({ name: 'main', type: 'T', address: 0n });
    expect(table.symbol(1).name).toBe('_'.repeat(199));
  });

  it('that lead beyond their end are refused', () => {
    for (const names of [
      [2, 0],
      [0, 0, 0],
      [0x85, 0x7f, 0],
    ])
      expect(KallsymsTable.of({ count: 1, names: Uint8Array.from(names), tokenTable, tokenIndex, addresses })).toBeUndefined();
  });
});
