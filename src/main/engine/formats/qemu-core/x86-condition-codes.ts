/**
 * The x86 flags that translated code computes only when they are needed: cc_op says how they follow from cc_dst, cc_src and cc_src2 (QEMU target/i386/cpu.h, CCOp; what each
 * operation does to the flags: Intel SDM volume 2).
 *
 * ```
 * up to 9.0        1 EFLAGS                             2 + 4n + log2(bytes): operation n      46 ADCX  47 ADOX  48 ADCOX  49 CLR  50 POPCNT
 * 9.2 and later    0 EFLAGS  1 ADCX  2 ADOX  3 ADCOX    4 + 4n + log2(bytes): operation n
 * operations       MUL ADD ADC SUB SBB LOGIC INC DEC SHL SAR BMILG
 * ```
 */
const CF = 0x1n;
const PF = 0x4n;
const AF = 0x10n;
const ZF = 0x40n;
const SF = 0x80n;
const OF = 0x800n;
export const CONDITION_FLAGS = CF | PF | AF | ZF | SF | OF;

export interface ConditionCodes {
  op: number;
  dst: bigint;
  src: bigint;
  src2: bigint;
}

/** `adcx`: number of CC_OP_ADCX. */
export interface Numbering {
  eflags: number;
  first: number;
  adcx: number;
}

export const NUMBERING_OLD: Numbering = { eflags: 1, first: 2, adcx: 46 };
export const NUMBERING_NEW: Numbering = { eflags: 0, first: 4, adcx: 1 };

type Operation = (operands: { dst: bigint; src: bigint; carry: bigint; bits: bigint }) => bigint;

const bit = (condition: boolean, flag: bigint): bigint => (condition ? flag : 0n);
const signOf = (value: bigint, bits: bigint): boolean => ((value >> (bits - 1n)) & 1n) === 1n;
const adjust = (a: bigint, b: bigint, c: bigint): bigint => (a ^ b ^ c) & AF;

/** `a` and `b` are what was added. */
function addition(dst: bigint, a: bigint, carry: bigint, bits: bigint): bigint {
  const b = BigInt.asUintN(Number(bits), dst - a - carry);
  return bit(carry ? dst <= a : dst < a, CF) | adjust(dst, a, b) | bit(signOf(~(a ^ b) & (a ^ dst), bits), OF);
}

/** `b` is what was taken away. */
function subtraction(dst: bigint, b: bigint, carry: bigint, bits: bigint): bigint {
  const a = BigInt.asUintN(Number(bits), dst + b + carry);
  return bit(carry ? a <= b : a < b, CF) | adjust(dst, a, b) | bit(signOf((a ^ b) & (a ^ dst), bits), OF);
}

/** CF, AF and OF of each; SF, ZF and PF are those of the result. */
const OPERATIONS: readonly Operation[] = [
  ({ src }) => bit(src !== 0n, CF | OF),
  ({ dst, src, bits }) => addition(dst, src, 0n, bits),
  ({ dst, src, carry, bits }) => addition(dst, src, carry, bits),
  ({ dst, src, bits }) => subtraction(dst, src, 0n, bits),
  ({ dst, src, carry, bits }) => subtraction(dst, src, carry, bits),
  () => 0n,
  ({ dst, src, bits }) => (src & CF) | adjust(dst, dst - 1n, 1n) | bit(dst === 1n << (bits - 1n), OF),
  ({ dst, src, bits }) => (src & CF) | adjust(dst, dst + 1n, 1n) | bit(dst === (1n << (bits - 1n)) - 1n, OF),
  ({ dst, src, bits }) => bit(signOf(src, bits), CF) | bit(signOf(src ^ dst, bits), OF),
  ({ dst, src, bits }) => (src & CF) | bit(signOf(src ^ dst, bits), OF),
  ({ src }) => bit(src === 0n, CF),
];
const BMILG = 10;

/** CF, PF, AF, ZF, SF and OF; undefined for an operation that is not known. */
export function conditionFlags({ op, dst, src, src2 }: ConditionCodes, { eflags, first, adcx }: Numbering): bigint | undefined {
  if (op === eflags) return src & CONDITION_FLAGS;
  if (op === adcx) return (src & CONDITION_FLAGS & ~CF) | bit(dst !== 0n, CF);
  if (op === adcx + 1) return (src & CONDITION_FLAGS & ~OF) | bit(src2 !== 0n, OF);
  if (op === adcx + 2) return (src & CONDITION_FLAGS & ~(CF | OF)) | bit(dst !== 0n, CF) | bit(src2 !== 0n, OF);
  const number = (op - first) >> 2;
  const operation = op >= first ? OPERATIONS[number] : undefined;
  if (!operation) return undefined;
  const bits = 8n << BigInt((op - first) & 3);
  const [result, other] = [dst, src].map((value) => BigInt.asUintN(Number(bits), value)) as [bigint, bigint];
  const own = operation({ dst: result, src: other, carry: src2 & 1n, bits });
  const parity = number === BMILG ? 0n : bit(evenParity(result), PF);
  return own | parity | bit(result === 0n, ZF) | bit(signOf(result, bits), SF);
}

function evenParity(value: bigint): boolean {
  let low = Number(value & 0xffn);
  low ^= low >> 4;
  low ^= low >> 2;
  low ^= low >> 1;
  return (low & 1) === 0;
}
