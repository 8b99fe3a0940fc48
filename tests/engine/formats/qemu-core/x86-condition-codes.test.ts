/** Flags by hand, from what the instructions do to them (Intel SDM volume 2). */
import { describe, expect, it } from 'vitest';
import { conditionFlags, NUMBERING_NEW, NUMBERING_OLD } from '#engine/formats/qemu-core/x86-condition-codes.ts';

const [CF, PF, AF, ZF, SF, OF] = [0x1n, 0x4n, 0x10n, 0x40n, 0x80n, 0x800n];
const [MUL, ADD, ADC, SUB, SBB, LOGIC, INC, DEC, SHL, SAR] = Array.from({ length: 10 }, (_, number) => number) as [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];
const u = (value: bigint, bits: number) => BigInt.asUintN(bits, value);

const CASES: [what: string, operation: number, log: number, dst: bigint, src: bigint, src2: bigint, flags: bigint][] = [
  ['add al: 0xff + 1 = 0', ADD, 0, 0n, 1n, 0n, CF | PF | AF | ZF],
  ['add eax: 0x7fffffff + 1', ADD, 2, 0x80000000n, 1n, 0n, PF | AF | SF | OF],
  ['adc rax: 2^64-1 + 0 + 1 = 0', ADC, 3, 0n, 0n, 1n, CF | PF | AF | ZF],
  ['sub rax: 0 - 1', SUB, 3, u(-1n, 64), 1n, 0n, CF | PF | AF | SF],
  ['cmp ax: 0x8000 - 1', SUB, 1, 0x7fffn, 1n, 0n, PF | AF | OF],
  ['sub eax: 5 - 5', SUB, 2, 0n, 5n, 0n, PF | ZF],
  ['sbb al: 0 - 0xff - 1 = 0', SBB, 0, 0n, 0xffn, 1n, CF | PF | AF | ZF],
  ['xor eax, eax', LOGIC, 2, 0n, 0n, 0n, PF | ZF],
  ['inc al: 0x7f, CF kept', INC, 0, 0x80n, 1n, 0n, CF | AF | SF | OF],
  ['dec eax: 0x80000000', DEC, 2, 0x7fffffffn, 0n, 0n, PF | AF | OF],
  ['shl eax, 1: 0xc0000000', SHL, 2, 0x80000000n, 0xc0000000n, 0n, CF | PF | SF],
  ['sar eax: last bit out was 1', SAR, 2, 1n, 3n, 0n, CF],
  ['mul with a high half', MUL, 3, 0n, 1n, 0n, CF | OF | PF | ZF],
];

describe.each([
  ['up to 9.0', NUMBERING_OLD],
  ['since 9.2', NUMBERING_NEW],
] as const)('flags that translated code keeps apart, numbered as %s', (_, numbering) => {
  it.each(CASES)('%s', (_what, operation, log, dst, src, src2, flags) => {
    expect(conditionFlags({ op: numbering.first + 4 * operation + log, dst, src, src2 }, numbering)).toBe(flags);
  });

  it('are those of cc_src when they are all there', () => {
    expect(conditionFlags({ op: numbering.eflags, dst: 0n, src: 0x8d5n, src2: 0n }, numbering)).toBe(0x8d5n);
  });

  it('are not made up for an operation that is not known', () => {
    expect(conditionFlags({ op: 90, dst: 0n, src: 0n, src2: 0n }, numbering)).toBeUndefined();
  });
});
