import { describe, expect, it } from 'vitest';
import { formatAddress, formatSize, groupedHex, parseAddress } from '#shared/address-text.ts';

describe('address text', () => {
  it('prints the machine form without leading zeros', () => {
    expect(formatAddress(0n)).toBe('0x0');
    expect(formatAddress(0xffff_ffff_8105_92ebn)).toBe('0xffffffff810592eb');
    expect(formatAddress(2 ** 52 - 1)).toBe('0xfffffffffffff');
  });

  it('groups by four, never fewer digits than asked, and never cuts', () => {
    expect(groupedHex(0xffff_ffff_8105_92ebn, 16)).toBe('ffff ffff 8105 92eb');
    expect(groupedHex(0x1078000, 12)).toBe('0000 0107 8000');
    expect(groupedHex(0x1f, 3)).toBe('001f');
    expect(groupedHex(0x1_0000_0000_0000, 12)).toBe('0001 0000 0000 0000');
  });

  it.each([
    ['ffff ffff 8105 92eb', 0xffff_ffff_8105_92ebn],
    ['0xffff_ffff_8105_92eb', 0xffff_ffff_8105_92ebn],
    ['ffffffff`810592eb', 0xffff_ffff_8105_92ebn],
    [" 0x1'0000 ", 0x10000n],
    ['0X1F', 0x1fn],
    ['ffffffffffffffff', 0xffff_ffff_ffff_ffffn],
  ])('reads %s', (text, address) => {
    expect(parseAddress(text)).toBe(address);
  });

  it.each(['', '0x', 'rip', '1 2g', '-1', '10000000000000000', '1__2', '1.5'])('does not read %j as an address', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  it('reads what it prints', () => {
    for (const address of [0n, 1n, 0x8000_0000_0000_0000n, 0xffff_ffff_ffff_ffffn]) {
      expect(parseAddress(formatAddress(address))).toBe(address);
      expect(parseAddress(groupedHex(address, 16))).toBe(address);
    }
  });

  it('prints sizes with the largest unit that leaves at least one', () => {
    expect(formatSize(0)).toBe('0 bytes');
    expect(formatSize(1023)).toBe('1023 bytes');
    expect(formatSize(160 * 1024 ** 2)).toBe('160 MiB');
    expect(formatSize(8.3 * 1024 ** 2)).toBe('8.3 MiB');
  });
});
