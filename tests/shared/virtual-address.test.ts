import { describe, expect, it } from 'vitest';
import { i386 } from '#engine/arch/i386/index.ts';
import { x86_64 } from '#engine/arch/x86-64/index.ts';
import { addressBits, addressDigits, lastVirtual } from '#shared/virtual-address.ts';

const modes64 = x86_64.rootModes.map((id) => x86_64.pagingMode(id));
const modes32 = i386.rootModes.map((id) => i386.pagingMode(id));

describe('the width of a virtual address', () => {
  it('is that of the mode: a 64-bit CPU outside long mode has 32-bit addresses', () => {
    expect(addressBits(modes64, 'x86-64-5level')).toBe(64);
    expect(addressBits(modes64, 'x86-pae')).toBe(32);
    expect(addressBits(modes32, 'x86-32')).toBe(32);
  });
  it('is the widest that the family has where paging is off or the mode is not known', () => {
    expect([addressBits(modes64, 'off'), addressBits(modes64), addressBits([])]).toEqual([64, 64, 64]);
    expect([addressBits(modes32, 'off'), addressBits(modes32)]).toEqual([32, 32]);
  });
  it('says how many digits there are and where the space ends', () => {
    expect([addressDigits(32), addressDigits(64)]).toEqual([8, 16]);
    expect([lastVirtual(32), lastVirtual(64)]).toEqual([2n ** 32n - 1n, 2n ** 64n - 1n]);
  });
});
