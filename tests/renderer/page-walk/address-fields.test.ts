import { describe, expect, it } from 'vitest';
import { groupedBinary, isPossible, shortBinary, splitAddress } from '../../../src/renderer/src/features/page-walk/address-fields.ts';
import { FIVE_LEVELS, FOUR_LEVELS } from './real-walks.ts';

const address = 0xffffffff858079c0n;

describe('the fields of an address', () => {
  it('cover all 64 bits without overlap, for every page size', () => {
    for (const mode of [FOUR_LEVELS, FIVE_LEVELS]) {
      for (const pageLevel of [1, 2, 3]) {
        const fields = splitAddress(address, mode, pageLevel);
        expect(fields[0]?.highBit).toBe(63);
        expect(fields.at(-1)?.lowBit).toBe(0);
        fields.slice(1).forEach((field, at) => expect(field.highBit).toBe((fields[at]?.lowBit ?? 0) - 1));
        const whole = fields.reduce((sum, field) => sum | (field.value << BigInt(field.lowBit)), 0n);
        expect(whole).toBe(address);
        expect(fields.map(({ binary }) => binary).join('')).toBe(address.toString(2).padStart(64, '0'));
      }
    }
  });
  it('are the indices that crash used', () => {
    // crash: P4D 6a14ff8, PUD 6a15ff0, PMD 6a16160: entries 511, 510 and 44.
    const indices = splitAddress(address, FIVE_LEVELS, 2)
      .filter(({ kind }) => kind === 'index')
      .map(({ value }) => Number(value));
    expect(indices).toEqual([511, 511, 510, 44]);
  });
  it('give a 2 MiB page an offset of 21 bits and a 1 GiB page one of 30', () => {
    expect(splitAddress(address, FOUR_LEVELS, 2).at(-1)).toMatchObject({ kind: 'offset', highBit: 20, value: 0x79c0n });
    expect(splitAddress(address, FOUR_LEVELS, 3).at(-1)).toMatchObject({ kind: 'offset', highBit: 29 });
  });
  it('mark a sign extension that is none', () => {
    expect(splitAddress(0x0000_8000_0000_0000n, FOUR_LEVELS)[0]).toMatchObject({ kind: 'sign', valid: false });
    expect(splitAddress(0x0000_8000_0000_0000n, FIVE_LEVELS)[0]).toMatchObject({ kind: 'sign', valid: true });
  });
});

describe('canonical addresses', () => {
  it.each([
    [0n, 48, true],
    [0x7fff_ffff_ffffn, 48, true],
    [0x8000_0000_0000n, 48, false],
    [0xffff_7fff_ffff_ffffn, 48, false],
    [0xffff_8000_0000_0000n, 48, true],
    [0x8000_0000_0000n, 57, true],
    [0xff00_0000_0000_0000n, 57, true],
    [0xfe00_0000_0000_0000n, 57, false],
  ])('%s with %i bits: %s', (value, virtualBits, canonical) => expect(isPossible(value, { virtualBits, upperBits: 'sign' })).toBe(canonical));
  it.each([
    [0xffff_ffffn, 32, 0n, true],
    [0x1_0000_0000n, 32, 0n, false],
    // AArch64: the kernel's half with 48 bits begins where bit 47 is clear.
    [0xffff_0000_0000_0000n, 48, 0xffff_0000_0000_0000n, true],
    [0xfffe_8000_0000_0000n, 48, 0xffff_0000_0000_0000n, false],
  ])('%s with %i bits below %s: %s', (value, virtualBits, upperBits, possible) =>
    expect(isPossible(value, { virtualBits, upperBits })).toBe(possible),
  );
});

describe('modes of other families', () => {
  const mode = { id: 'x', title: '', entrySize: 8, tableAlignment: 4096 };
  const names = (fields: readonly { name: string; highBit: number; lowBit: number }[]) =>
    fields.map(({ name, highBit, lowBit }) => `${name} ${highBit}-${lowBit}`);
  it('of 64 bits have nothing above: s390x with five levels', () => {
    const levels = [53, 42, 31, 20, 12].map((shift, at) => ({ level: 5 - at, name: `${5 - at}`, shift, bits: shift === 12 ? 8 : 11 }));
    const fields = splitAddress(0xffff_ffff_ffff_ffffn, { ...mode, virtualBits: 64, upperBits: 0n, levels });
    expect(names(fields)).toEqual(['5 63-53', '4 52-42', '3 41-31', '2 30-20', '1 19-12', 'page offset 11-0']);
    expect(fields.every(({ valid }) => valid)).toBe(true);
  });
  it('that begin elsewhere call the bits above a region', () => {
    const view = { ...mode, virtualBits: 52, upperBits: 0xc000_0000_0000_0000n, levels: [{ level: 1, name: 'PTE', shift: 12, bits: 40 }] };
    expect(splitAddress(0xc000_0000_0000_1000n, view)[0]).toMatchObject({ name: 'region', valid: true, value: 0xc00n });
    expect(splitAddress(0x1000n, view)[0]).toMatchObject({ name: 'region', valid: false });
  });
});

it('writes binary in fours from the right', () => expect(groupedBinary('111111110')).toBe('1 1111 1110'));
it('shortens long runs of one digit only', () => {
  expect(shortBinary('1'.repeat(16))).toBe('16 × 1');
  expect(shortBinary('1'.repeat(9))).toBe('111111111');
  expect(shortBinary('0000000000000001')).toBe('0000000000000001');
});
