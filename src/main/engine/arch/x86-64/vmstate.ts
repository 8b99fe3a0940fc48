/**
 * Registers from QEMU's `cpu` and `cpu_common` sections (vmstate-layout.ts), however they were described: by the stream's own JSON or by ours.
 *
 * Facts: QEMU target/i386/machine.c and cpu.h (order of env.regs and env.segs; x87 registers by physical number, the tag word abridged
 * with 1 for in use). Fields that are not known by name become nothing; a field that is missing leaves its register absent.
 */
import type { CpuState, RegisterValue, SegmentValue } from '../cpu-state.ts';
import { elementsOf, isStruct, numberIn, RegisterReader } from '../vmstate-reader.ts';
import type { VmField, VmStruct } from '../vmstate.ts';
import { GENERAL_REGISTERS } from './registers.ts';
import type { TargetBits } from './vmstate-parts.ts';

/** Fields that hold one register each. */
const SINGLE: readonly [field: string, register: string][] = [
  ['env.eip', 'rip'],
  ['env.eflags', 'rflags'],
  ['env.cr[0]', 'cr0'],
  ['env.cr[2]', 'cr2'],
  ['env.cr[3]', 'cr3'],
  ['env.cr[4]', 'cr4'],
  ['env.xcr0', 'xcr0'],
  ['env.efer', 'efer'],
  ['env.star', 'star'],
  ['env.lstar', 'lstar'],
  ['env.cstar', 'cstar'],
  ['env.fmask', 'fmask'],
  ['env.kernelgsbase', 'kernel_gs_base'],
  ['env.sysenter_cs', 'sysenter_cs'],
  ['env.sysenter_esp', 'sysenter_esp'],
  ['env.sysenter_eip', 'sysenter_eip'],
  ['env.pat', 'pat'],
  ['env.smbase', 'smbase'],
  ['env.mtrr_deftype', 'mtrr_def_type'],
  ['env.mcg_cap', 'mcg_cap'],
  ['env.mcg_status', 'mcg_status'],
  ['env.mcg_ctl', 'mcg_ctl'],
  ['env.fpuc', 'fcw'],
  ['env.fpus_vmstate', 'fsw'],
  ['env.fptag_vmstate', 'ftw'],
  ['env.mxcsr', 'mxcsr'],
  ['env.tsc', 'tsc'],
  ['env.tsc_aux', 'tsc_aux'],
  ['env.tsc_offset', 'tsc_offset'],
  ['env.system_time_msr', 'kvm_system_time'],
  ['env.wall_clock_msr', 'kvm_wall_clock'],
  ['env.xstate_bv', 'xstate_bv'],
  ['env.hflags', 'hflags'],
  ['env.hflags2', 'hflags2'],
  ['env.mp_state', 'mp_state'],
  ['env.a20_mask', 'a20_mask'],
  ['env.vm_hsave', 'vm_hsave_pa'],
  ['env.vm_vmcb', 'vm_vmcb_pa'],
];

/** Registers in subsections whose name is not the field's without its prefixes. */
const SUBSECTION_NAMES: Record<string, string> = {
  'env.fpop': 'fop',
  'env.fpip': 'fip',
  'env.fpdp': 'fdp',
  'env.async_pf_en_msr': 'kvm_async_pf_en',
  'env.async_pf_int_msr': 'kvm_async_pf_int',
  'env.pv_eoi_en_msr': 'kvm_pv_eoi_en',
  'env.steal_time_msr': 'kvm_steal_time',
  'env.poll_control_msr': 'kvm_poll_control',
};

/** EFER of a 32-bit target, which does not save it: of its bits only those are known that such a CPU does not have (LME, LMA). */
const NO_LONG_MODE: RegisterValue = {
  value: 0n,
  width: 64,
  knownBits: (1n << 8n) | (1n << 10n),
  inferred: true,
  source: 'inferred: qemu-system-i386 emulates no long mode',
};

const SEGMENT_ORDER = ['es', 'cs', 'ss', 'ds', 'fs', 'gs'];

class Reader extends RegisterReader {
  readonly segments: Record<string, SegmentValue> = {};
}

/** 64-bit parts, lowest first, as one number; undefined when one is missing. */
function joinParts(struct: VmStruct): bigint | undefined {
  let joined = 0n;
  for (const [place, field] of struct.fields.entries()) {
    const part = field.values[0];
    if (typeof part !== 'bigint') return undefined;
    joined |= part << BigInt(64 * place);
  }
  return struct.fields.length === 0 ? undefined : joined;
}

/** Ten bytes, big-endian: mantissa, then sign and exponent. As an 80-bit number, exponent on top. */
function fpregValue(struct: VmStruct): bigint | undefined {
  const bytes = struct.fields[0]?.values[0];
  if (bytes instanceof Uint8Array && bytes.length === 10) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, 10);
    return (BigInt(view.getUint16(8)) << 64n) | view.getBigUint64(0);
  }
  const nested = isStruct(bytes) ? bytes : struct;
  const mantissa = numberIn(nested, 'tmp_mant');
  const exponent = numberIn(nested, 'tmp_exp');
  return mantissa === undefined || exponent === undefined ? undefined : (exponent << 64n) | mantissa;
}

function readSegment(reader: Reader, name: string, struct: VmStruct, field: VmField, index?: number): void {
  const [selector, base, limit, flags] = ['selector', 'base', 'limit', 'flags'].map((part) => numberIn(struct, part));
  if (selector === undefined || base === undefined || limit === undefined || flags === undefined) return;
  const source = reader.source(field, index);
  const width = (struct.fields.find((part) => part.name === 'base')?.size ?? 8) * 8;
  reader.segments[name] = { selector: Number(selector), base, limit: Number(limit), flags: Number(flags), source };
  if (name === 'fs' || name === 'gs') reader.registers[`${name}_base`] = { value: base, width, source };
}

function readVectors(reader: Reader, struct: VmStruct, field: string, width: number, nameOf: (n: number) => string): void {
  for (const [n, element] of elementsOf(struct, field).entries()) {
    if (isStruct(element.value)) reader.set(nameOf(n), joinParts(element.value), width, element.field, element.index);
  }
}

function readX87(reader: Reader, cpu: VmStruct): void {
  const top = numberIn(cpu, 'env.fpus_vmstate');
  // Format 1 was an emulator without 80-bit numbers; QEMU itself refuses it.
  if (top === undefined || numberIn(cpu, 'env.fpregs_format_vmstate') !== 0n) return;
  const first = Number((top >> 11n) & 7n);
  for (const [physical, element] of elementsOf(cpu, 'env.fpregs').entries()) {
    if (physical < 8 && isStruct(element.value))
      reader.set(`st${(physical - first + 8) % 8}`, fpregValue(element.value), 80, element.field, element.index);
  }
}

function readMtrrs(reader: Reader, cpu: VmStruct): void {
  reader.numbers(cpu, 'env.mtrr_fixed', (n) => `mtrr_fixed${n}`);
  for (const [n, element] of elementsOf(cpu, 'env.mtrr_var').entries()) {
    if (!isStruct(element.value)) continue;
    for (const part of ['base', 'mask']) reader.set(`mtrr_var${n}_${part}`, numberIn(element.value, part), 64, element.field, element.index);
  }
}

function readSubsection(reader: Reader, subsection: VmStruct): void {
  if (subsection.name === 'cpu/avx512') {
    reader.numbers(subsection, 'env.opmask_regs', (n) => `k${n}`);
    const halves = subsection.fields.filter(({ values }) => isStruct(values[0]) && values[0].name === 'zmmh_reg').flatMap((field) => field.values);
    const whole = subsection.fields.filter(({ values }) => isStruct(values[0]) && values[0].name === 'hi16_zmm_reg').flatMap((field) => field.values);
    const field = subsection.fields[0];
    if (field === undefined) return;
    for (const [n, value] of halves.entries()) if (isStruct(value)) reader.set(`zmm${n}h`, joinParts(value), 256, field);
    for (const [n, value] of whole.entries()) if (isStruct(value)) reader.set(`zmm${n + 16}`, joinParts(value), 512, field);
    return;
  }
  if (subsection.name === 'cpu/pdptrs') return reader.numbers(subsection, 'env.pdptrs', (n) => `pdpte${n}`);
  for (const field of subsection.fields) {
    const value = field.values[0];
    if (field.values.length !== 1 || typeof value !== 'bigint') continue;
    const name = SUBSECTION_NAMES[field.name] ?? field.name.replace(/^env\.(msr_)?(ia32_)?/, '');
    reader.set(name, value, field.size * 8, field);
  }
}

/** Of which target a `cpu` section is; undefined when it is not of an x86 CPU. */
export function targetBitsOf(cpu: VmStruct): TargetBits | undefined {
  const size = cpu.fields.find(({ name }) => name === 'env.eip')?.size;
  return size === 8 ? 64 : size === 4 ? 32 : undefined;
}

/** See Architecture.cpuFromVmstate. */
export function cpuFromVmstate(cpu: VmStruct, common: VmStruct | undefined, where: string, index: number): CpuState {
  const reader = new Reader(where);
  reader.numbers(cpu, 'env.regs', (n) => GENERAL_REGISTERS[n]);
  for (const [field, register] of SINGLE) reader.numbers(cpu, field, () => register);
  reader.numbers(cpu, 'env.dr', (n) => (n === 4 || n === 5 ? undefined : `dr${n}`));
  readX87(reader, cpu);
  readVectors(reader, cpu, 'env.xmm_regs[0]', 128, (n) => `xmm${n}`);
  readVectors(reader, cpu, 'env.xmm_regs[1]', 128, (n) => `ymm${n}h`);
  readMtrrs(reader, cpu);
  for (const [n, element] of elementsOf(cpu, 'env.segs').entries()) {
    const name = SEGMENT_ORDER[n];
    if (name !== undefined && isStruct(element.value)) readSegment(reader, name, element.value, element.field, element.index);
  }
  for (const name of ['ldt', 'tr', 'gdt', 'idt']) {
    const element = elementsOf(cpu, `env.${name}`)[0];
    if (element !== undefined && isStruct(element.value)) readSegment(reader, name, element.value, element.field);
  }
  for (const subsection of cpu.subsections) readSubsection(reader, subsection);

  if (targetBitsOf(cpu) === 32) reader.registers.efer = { ...NO_LONG_MODE };

  // Before version 6 the CPU's own section had it.
  const halted = common === undefined ? numberIn(cpu, 'env.halted') : numberIn(common, 'halted');
  return {
    index,
    registers: reader.registers,
    segments: reader.segments,
    littleEndian: true,
    ...(halted === undefined ? {} : { halted: halted !== 0n }),
  };
}
