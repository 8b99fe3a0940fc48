/**
 * What QEMU works out of an x86 CPU's state only when it saves it (QEMU target/i386/machine.c, cpu_pre_save; cpu.h, CPUX86State), and what translated code keeps
 * apart. In memory, on 64-bit hosts, around the fields that its description tells of:
 *
 * ```
 * env.eflags  then cc_dst, cc_src, cc_src2 (each as wide as eflags), cc_op (u32), df (i32)
 * env.fpuc    - 6 fpstt (u32)  - 2 fpus (u16)  + 2 fptags[8] (u8, 1: empty)  + 10 fpregs[8], 16 bytes each: mantissa (u64), sign and exponent (u16)
 * ```
 * While a CPU runs translated code, eflags lacks CF, PF, AF, ZF, SF and OF (x86-condition-codes.ts) and DF (df is -1 where it is set). When it leaves that code, they are put into eflags.
 */
import type { CpuState } from '../../arch/cpu-state.ts';
import type { VmField, VmStruct } from '../../arch/vmstate.ts';
import type { ProcessMemory } from '../process-core/process-memory.ts';
import type { ReadState } from './described-state.ts';
import { CONDITION_FLAGS, conditionFlags, NUMBERING_NEW, NUMBERING_OLD, type Numbering } from './x86-condition-codes.ts';

const DF = 0x400n;
const TOP = 0x3800n;

/** Registers that QEMU saves only while they are in use, and which may be stale otherwise. */
const STALE = new Set(['cpu/pdptrs']);

/** The state as QEMU would save it: its own fields that it fills only then are worked out. */
export function withX87(memory: ProcessMemory, { state, addresses }: ReadState): VmStruct {
  const fpuc = addresses.get('env.fpuc');
  const fpregs = addresses.get('env.fpregs');
  const top = fpuc === undefined ? undefined : memory.u32(fpuc - 6);
  const status = fpuc === undefined ? undefined : memory.u16(fpuc - 2);
  const tags = fpuc === undefined ? undefined : memory.bytes(fpuc + 2, 8);
  if (top === undefined || status === undefined || !tags || top > 7) return state;
  const inUse = tags.reduce((bits, empty, index) => (empty === 0 ? bits | (1 << index) : bits), 0);
  const computed: Record<string, VmField['values'] | undefined> = {
    'env.fpus_vmstate': [(BigInt(status) & ~TOP) | (BigInt(top) << 11n)],
    'env.fptag_vmstate': [BigInt(inUse)],
    'env.fpregs_format_vmstate': [0n],
    'env.fpregs': fpregs === undefined ? undefined : Array.from({ length: 8 }, (_, index) => x87Register(memory, fpregs + 16 * index)),
  };
  const subsections = state.subsections.filter(({ name }) => !STALE.has(name));
  return { ...state, subsections, fields: state.fields.map((field) => ({ ...field, values: computed[field.name] ?? field.values })) };
}

/** As a stream has it: mantissa and exponent, big-endian. */
function x87Register(memory: ProcessMemory, at: number): VmStruct {
  const bytes = new Uint8Array(10);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, memory.u64(at) ?? 0n);
  view.setUint16(8, memory.u16(at + 8) ?? 0);
  const fileOffset = memory.fileOffset(at) ?? 0;
  return {
    name: 'fpreg',
    version: 0,
    fileOffset,
    size: 10,
    subsections: [],
    fields: [{ name: 'tmp', type: 'tmp', size: 10, fileOffset, values: [bytes] }],
  };
}

/**
 * Adds the flags that translated code keeps apart: a CPU that may be in it has none of them in eflags. Where versions of QEMU would tell them differently
 * and `numbering` is not known, those flags are not known either.
 */
export function addLazyFlags(memory: ProcessMemory, cpu: CpuState, { addresses }: ReadState, numbering: Numbering | undefined): void {
  const flags = cpu.registers.rflags;
  const at = addresses.get('env.eflags');
  if (!flags || at === undefined || (flags.value & CONDITION_FLAGS) !== 0n) return;
  const size = flags.width / 8;
  const [dst, src, src2] = [1, 2, 3].map((index) => memory.unsigned(at + index * size, size));
  const op = memory.u32(at + 4 * size);
  const df = memory.i32(at + 4 * size + 4);
  if (dst === undefined || src === undefined || src2 === undefined || op === undefined) return;
  const answers = new Set(
    (numbering ? [numbering] : [NUMBERING_OLD, NUMBERING_NEW]).map((each) => conditionFlags({ op, dst, src, src2 }, each) ?? 0n),
  );
  const [known] = answers;
  const value = flags.value | (df === -1 ? DF : 0n);
  if (answers.size === 1 && known !== undefined) {
    if ((value | known) !== flags.value)
      cpu.registers.rflags = { ...flags, value: value | known, source: `${flags.source}, and the last operation's flags (cc_op ${op})` };
    return;
  }
  cpu.registers.rflags = { ...flags, value, knownBits: ((1n << BigInt(flags.width)) - 1n) & ~CONDITION_FLAGS, inferred: true };
}
