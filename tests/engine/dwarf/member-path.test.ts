/** Paths of members, with the offsets that gdb gives for the same expressions: print &((struct Shapes *) 0)->PATH. */
import { describe, expect, it } from 'vitest';
import { DebugTypes } from '#engine/dwarf/debug-types.ts';
import { typeText } from '#engine/dwarf/type-model.ts';
import { debugElf } from '../elf-object/debug-fixture.ts';

const types = DebugTypes.of(debugElf('gcc-dwarf5'))!;

describe('offsetOf', () => {
  it.each([
    ['cr[3]', 40, 8, 'uint64_t'],
    ['matrix[2][3][4]', 292, 4, 'int'],
    ['matrix[1]', 136, 80, 'int[4][5]'],
    ['tagless.inner_b[2]', 306, 2, 'uint16_t'],
    ['tagless.u.high', 316, 4, 'uint32_t'],
    ['deeper[3]', 385, 1, 'char'],
    ['real', 380, 4, 'float'],
    ['point.y', 400, 8, 'long int'],
    ['flexible[5]', 788, 4, 'uint32_t'],
  ])('%s', (path, offset, size, type) => {
    const place = types.offsetOf('Shapes', path);
    expect([place.offset, place.size, typeText(place.type)]).toEqual([offset, size, type]);
  });

  it('counts the bits of a field in a struct in a struct from the outermost on', () => {
    // gdb: Shapes.bits at 320, Bits.c at bit 32, 22 bits.
    expect(types.offsetOf('Shapes', 'bits.c')).toMatchObject({ offset: 324, bitField: { bitOffset: 320 * 8 + 32, bitSize: 22 } });
  });

  it('takes a typedef’s name as well as a tag', () => {
    expect(types.offsetOf('NoTag', 'inner_a').offset).toBe(4);
    expect(types.type('struct Shapes')).toMatchObject({ kind: 'struct', size: 768 });
    expect(types.type('Shapes')).toMatchObject({ kind: 'typedef' });
    expect(types.type('long int')).toMatchObject({ kind: 'base', size: 8, signed: true });
  });

  it.each([
    ['Shapes', 'nonesuch', /struct Shapes has no member “nonesuch”/],
    ['Shapes', 'cr[5]', /uint64_t\[5\] has no element 5/],
    ['Shapes', 'node.next', /struct Node \* has no members/],
    ['Shapes', 'plain[0]', /int is no array/],
    ['Shapes', 'cr[', /no path of members at “\[”/],
    ['Shapes', 'cr[-1]', /no path of members/],
    ['Nonesuch', 'a', /no definition of struct Nonesuch/],
  ])('refuses %s.%s', (struct, path, message) => {
    expect(() => types.offsetOf(struct, path)).toThrow(message);
  });
});
