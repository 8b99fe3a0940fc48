/** The bits of a table entry, field by field: what the families' decoders of entries share. */
import type { BitField } from '#shared/model/index.ts';

/** Collects the fields of one entry. */
export class FieldList {
  readonly fields: BitField[] = [];
  readonly #entry: bigint;

  constructor(entry: bigint) {
    this.#entry = entry;
  }

  /** Bits `bit` up to `bit + width - 1`. */
  bits(bit: number, width: number): bigint {
    return BigInt.asUintN(width, this.#entry >> BigInt(bit));
  }

  /** Adds bits `bit` up to `bit + width - 1`; a function's argument is their value. */
  add(bit: number, width: number, name: string, title: string, meaning: (value: bigint) => string, mustBeZero = false): void {
    const value = this.bits(bit, width);
    const reserved = mustBeZero && value !== 0n;
    this.fields.push({ name, bit, width, value, title, meaning: meaning(value), ...(reserved ? { reserved } : {}) });
  }

  flag(bit: number, name: string, title: string, clear: string, set: string): void {
    this.add(bit, 1, name, title, (value) => (value === 0n ? clear : set));
  }

  reserved(bit: number, width: number, name: string, title: string): void {
    this.add(bit, width, name, title, (value) => (value === 0n ? '0, as it must be' : 'must be 0: the CPU raises a page fault'), true);
  }

  /** Lowest bit first. */
  sorted(): BitField[] {
    return this.fields.sort((a, b) => a.bit - b.bit);
  }
}
