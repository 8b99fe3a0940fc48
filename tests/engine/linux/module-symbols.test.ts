/** A module's symbols are judged on real modules in tests/lab; here is what those do not have: damage, and names that are part of one another. */
import { describe, expect, it } from 'vitest';
import { readModuleSymbols } from '#engine/linux/module-symbols.ts';
import { MadeKernel, pointer, struct, typesOf, u16, u32, u64, u8 } from '../kvm/made-structs.ts';

const MODULE = 0x1000n;
const TABLE = 0x2000n;
const SYMBOLS = 0x3000n;
const STRINGS = 0x4000n;
const elfSymbol = struct('Elf64_Sym', { name: u32, info: u8, other: u8, shndx: u16, value: u64, size: u64 });

/** Symbols of a section, their names one after the other behind an empty one. */
function made(symbols: readonly [name: string, value: number, shndx?: number][]): MadeKernel {
  const table = struct('mod_kallsyms', { symtab: pointer, num_symtab: u32, pad: u32, strtab: pointer });
  const kernel = new MadeKernel(typesOf([struct('module', { kallsyms: pointer }), table, elfSymbol]));
  kernel.write('module', MODULE, { kallsyms: TABLE });
  kernel.write('mod_kallsyms', TABLE, { symtab: SYMBOLS, num_symtab: symbols.length, strtab: STRINGS });
  let place = 1;
  for (const [index, [name, value, shndx = 1]] of symbols.entries()) {
    kernel.write('Elf64_Sym', SYMBOLS + BigInt(24 * index), { name: place, shndx, value });
    for (const byte of Buffer.from(`${name}\0`)) kernel.poke(STRINGS + BigInt(place++), 1, BigInt(byte));
  }
  return kernel;
}

const symbolsOf = (kernel: MadeKernel) => readModuleSymbols(kernel.at('module', MODULE));

describe('symbols of a module', () => {
  it('are found by their whole name: not by its beginning or its end', () => {
    const symbols = symbolsOf(
      made([
        ['vm_list_lock', 0x10],
        ['kvm_vm_list', 0x20],
        ['vm_list', 0x30],
        ['vm_list', 0x40],
      ]),
    )!;
    expect(symbols.count).toBe(4);
    expect(symbols.find('vm_list')).toBe(0x30n);
    expect(symbols.find('vm')).toBeUndefined();
    expect(symbols.find('')).toBeUndefined();
  });

  it('that other modules have are none', () => {
    const symbols = symbolsOf(
      made([
        ['printk', 0, 0],
        ['own', 0x10],
      ]),
    )!;
    expect(symbols.count).toBe(1);
    expect(symbols.find('printk')).toBeUndefined();
  });

  it('are found by an address in them', () => {
    const symbols = symbolsOf(
      made([
        ['second', 0x200],
        ['first', 0x100],
      ]),
    )!;
    expect(symbols.nearest(0x1ffn)).toEqual({ name: 'first', address: 0x100n });
    expect(symbols.nearest(0xffn)).toBeUndefined();
  });

  it('are unknown where their number is absurd, or the table is not in the dump', () => {
    const kernel = made([['own', 0x10]]);
    kernel.write('mod_kallsyms', TABLE, { num_symtab: 0xffff_ffff });
    expect(symbolsOf(kernel)).toBeUndefined();
    kernel.write('mod_kallsyms', TABLE, { num_symtab: 1, symtab: 0x7777_0000_0000n });
    expect(symbolsOf(kernel)).toBeUndefined();
  });

  it('whose names are not in the dump have none', () => {
    const kernel = made([['own', 0x10]]);
    kernel.write('mod_kallsyms', TABLE, { strtab: 0x7777_0000_0000n });
    expect(symbolsOf(kernel)?.count).toBe(0);
  });
});
