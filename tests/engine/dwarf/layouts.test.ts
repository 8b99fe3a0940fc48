/** Layouts and places of variables out of what gcc and clang write, against gdb's word on the same files (fixtures/debug/make.py). */
import { describe, expect, it } from 'vitest';
import { DebugTypes } from '#engine/dwarf/debug-types.ts';
import { sizeOf, typeText, type StructType } from '#engine/dwarf/type-model.ts';
import { debugAnswer, debugElf, type MemberAnswer } from '../elf-object/debug-fixture.ts';

const PROGRAMS = [
  ...['gcc-dwarf5', 'gcc-dwarf4', 'gcc-dwarf2', 'gcc-dwarf64', 'clang-dwarf5', 'clang-dwarf4', 'type-units4', 'type-units5'],
  ...['lto', 'zlib', 'zlib-gnu', 'zstd', 'gdb-index', 'debug-names', 'clang-names', 'dwz'],
];
const OBJECTS = ['s390x.o', 'ppc64le.o', 'arm64.o', 'i686.o', 'riscv64.o'];

function open(name: string): DebugTypes {
  return DebugTypes.of(debugElf(name), name === 'dwz' ? debugElf('dwz-common') : undefined)!;
}

/** A struct in the form of gdb's answer. */
function answerOf(type: StructType): { size: number | undefined; members: MemberAnswer[] } {
  const members = type.members.map((member): MemberAnswer => {
    const { bitField } = member;
    return [member.name ?? '', bitField?.bitOffset ?? member.offset * 8, bitField?.bitSize ?? 0, sizeOf(member.type) ?? 0];
  });
  return { size: type.size, members };
}

describe.each([...PROGRAMS, ...OBJECTS])('%s', (name) => {
  const types = open(name);
  const { structs, variables } = debugAnswer(name);

  it.each(Object.keys(structs))('lays %s out as gdb does', (struct) => {
    const type = types.struct(struct)!;
    expect(answerOf(type)).toEqual(structs[struct]);
  });

  it('has the values of enums, negative and wide ones too', () => {
    expect([...types.enum('Colour')!.values]).toEqual([
      ['RED', 1n],
      ['GREEN', -2n],
      ['BLUE', 0x7fffffffn],
    ]);
    expect(types.enum('Wide')!.values.get('WIDE')).toBe(0x123456789abcn);
    expect(types.enum('Untagged')!.values.get('UNTAGGED_B')).toBe(256n);
  });

  it('finds the definition of a struct that another file only declares', () => {
    const pointer = types.offsetOf('Node', 'opaque').type;
    expect(typeText(pointer)).toBe('struct Opaque *');
    if (pointer.kind !== 'pointer' || pointer.target.kind !== 'struct') throw new Error(typeText(pointer));
    expect(types.complete(pointer.target).members.map((member) => member.name)).toEqual(['secret', 'back']);
  });

  it('reads without damage', () => {
    expect([...types.structNames()].sort()).toEqual(['Bits', 'Empty', 'Local', 'Node', 'Opaque', 'Packed', 'Shapes']);
    expect(types.damage).toEqual([]);
  });

  if (OBJECTS.includes(name)) {
    it('does not take an offset in a section for an address', () => {
      expect(types.variable('hidden')!.place.kind).toBe('section');
    });
    return;
  }

  it('places variables as gdb does, and tells those of the same name apart by their file', () => {
    const place = (variable: string, unit?: string) => types.variable(variable, { unit })?.place;
    for (const variable of ['shapes', 'other_shapes', 'forward_only', 'hidden', 'local_variable'])
      expect(place(variable), variable).toEqual({ kind: 'address', address: BigInt(variables[variable]!) });
    for (const unit of ['main.c', 'other.c'])
      expect(place('counter', unit), unit).toEqual({ kind: 'address', address: BigInt(variables[`'${unit}'::counter`]!) });
    expect(types.variables('counter')).toHaveLength(2);
    expect(place('per_thread')).toEqual({ kind: 'thread', offset: 0n });
  });

  it('gives variables their types', () => {
    expect(typeText(types.variable('shapes')!.type)).toBe('struct Shapes[3]');
    expect(types.variable('shapes')!.external).toBe(true);
    expect(types.variable('hidden')!.external).toBe(false);
    expect(types.variable('no_such_variable')).toBeUndefined();
  });
});

describe('a kernel module whose sections were loaded', () => {
  it('has variables at their addresses', () => {
    const elf = debugElf('s390x.o', { sectionAddress: (name) => (name === '.data' ? 0xffff_c000_1234_0000n : undefined) });
    const { value } = elf.findSymbol('forward_only')!;
    expect(DebugTypes.of(elf)!.variable('forward_only')!.place).toEqual({ kind: 'address', address: 0xffff_c000_1234_0000n + value });
  });
});

describe('debug information that is not all there', () => {
  it('names the file of dwz that is missing when something is not found without it', () => {
    const alone = DebugTypes.of(debugElf('dwz'))!;
    expect(alone.struct('Packed')).toBeUndefined();
    expect(alone.missingAlternate?.name).toBe('dwz-common');
    expect(alone.damage.map(({ details }) => details.hint)).toEqual([expect.stringMatching(/^Give dwz-common too/)]);
    expect(() => alone.offsetOf('Packed', 'x')).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ hint: expect.stringMatching(/^Give dwz-common too/) }) }),
    );
  });

  it('is none in a stripped library', () => {
    expect(DebugTypes.of(debugElf('libgnu.so'))).toBeUndefined();
  });
});
