/** The indexes that gdb and clang leave in a file: which unit knows a name, so that the others need not be read. */
import { describe, expect, it } from 'vitest';
import { DebugFile } from '#engine/dwarf/debug-file.ts';
import { DebugNames } from '#engine/dwarf/debug-names.ts';
import { debugSections } from '#engine/dwarf/debug-sections.ts';
import { DebugTypes } from '#engine/dwarf/debug-types.ts';
import { GdbIndex, type UnitsOfName } from '#engine/dwarf/gdb-index.ts';
import { ElfFile } from '#engine/elf-object/elf-file.ts';
import { debugBytes, debugElf } from '../elf-object/debug-fixture.ts';
import { ArraySource } from '../memory/array-source.ts';

function open(name: string): { file: DebugFile; index: UnitsOfName } {
  const sections = debugSections(debugElf(name))!;
  const file = new DebugFile(sections);
  const { gdbIndex, names, littleEndian } = sections;
  const index = names ? new DebugNames(names, littleEndian, name, () => file.stringTable('.debug_str')) : GdbIndex.open(gdbIndex!, name)!;
  return { file, index };
}

describe.each(['gdb-index', 'debug-names', 'clang-names'])('%s', (name) => {
  const { file, index } = open(name);
  const filesOf = (symbol: string) => index.unitsOf(symbol).map((offset) => file.rootOf(file.unitHolding(offset)!).name);

  it.each([
    ['Local', ['other.c']],
    ['hidden', ['other.c']],
    ['shapes', ['main.c']],
    ['no_such_name', []],
    ['', []],
  ])('knows where “%s” is defined', (symbol, files) => {
    expect(filesOf(symbol)).toEqual(files);
  });

  it('knows a static variable that two files have at least once: gdb 13 names the first only', () => {
    expect(filesOf('counter')[0]).toBe('main.c');
  });

  it('spares the units that do not know the name', () => {
    const units = [...file.units()];
    const source = new ArraySource(debugBytes(name), name);
    const read: [number, number][] = [];
    const elf = new ElfFile(source);
    const info = elf.contents(elf.section('.debug_info')!);
    const plain = info.read.bind(info);
    info.read = (offset, length, scratch) => {
      read.push([offset, length]);
      return plain(offset, length, scratch);
    };
    expect(DebugTypes.of(elf)!.struct('Local')?.size).toBe(8);
    const first = units[0]!;
    expect(read.filter(([offset, length]) => offset === first.offset && length === first.end - first.offset)).toEqual([]);
  });
});

describe('a damaged index', () => {
  it('is said and done without', () => {
    const bytes = debugBytes('gdb-index');
    const { offset } = new ElfFile(new ArraySource(bytes, 'x')).section('.gdb_index')!;
    new DataView(bytes.buffer).setUint32(offset + 16, 0xffffff, true);
    const types = DebugTypes.of(new ElfFile(new ArraySource(bytes, 'damaged')))!;
    expect(types.struct('Local')?.size).toBe(8);
    expect(types.damage.map(({ message }) => message)).toEqual([expect.stringMatching(/damaged: DWARF \.gdb_index header/)]);
  });
});
