/** Registers as they are gathered from structs of KVM: each with the member that it comes from. */
import { formatAddress } from '#shared/address-text.ts';
import type { RegisterValue, SegmentValue } from '../../arch/cpu-state.ts';
import type { KernelStruct } from '../../linux/kernel-struct.ts';

/** What is said of a register beside its value. */
export interface RegisterNotes {
  /** Default: 64. */
  width?: number;
  /** How the member came to hold it, a clause: "as the VMCB was at the last exit". */
  why?: string;
  /** See RegisterValue. */
  knownBits?: bigint;
}

export class RegisterSet {
  readonly registers: Record<string, RegisterValue> = {};
  readonly segments: Record<string, SegmentValue> = {};
  /** What is missing, in sentences. */
  readonly problems: string[] = [];

  /** A register from a member of `struct`; none where the kernel has no such member, or the dump lacks it. */
  take(name: string, struct: KernelStruct | undefined, path: string, notes: RegisterNotes = {}): void {
    if (!struct) return;
    const value = numberIn(struct, path);
    if (value !== undefined) this.set(name, value, sourceOf(struct, path, notes.why), notes);
  }

  set(name: string, value: bigint, source: string, { width = 64, knownBits }: RegisterNotes = {}): void {
    this.registers[name] = { value: BigInt.asUintN(width, value), width, source, ...(knownBits === undefined ? {} : { knownBits }) };
  }

  /** FS and GS have their bases as registers, too. */
  setSegment(name: string, segment: SegmentValue): void {
    this.segments[name] = segment;
    if (name === 'fs' || name === 'gs') this.set(`${name}_base`, segment.base, segment.source);
  }
}

/** "vcpu_svm.vmcb01 at 0xffff8caa42747000", and why it is believed. */
export function sourceOf(struct: KernelStruct, path: string, why?: string): string {
  return `${struct.name}.${path} at ${formatAddress(struct.at(path))}${why === undefined ? '' : `: ${why}`}`;
}

/** A member's value, without its sign; undefined where the kernel has no such member, or the dump lacks it. */
export function numberIn(struct: KernelStruct, path: string): bigint | undefined {
  const value = struct.has(path) ? struct.number(path) : undefined;
  return value === undefined ? undefined : BigInt.asUintN(64, value);
}
