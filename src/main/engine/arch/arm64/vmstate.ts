/**
 * Registers of an AArch64 CPU from QEMU's `cpu` and `cpu_common` sections (vmstate-layout.ts).
 *
 * Facts: QEMU target/arm/cpu.h and machine.c, v7.2: xregs[31] is the stack pointer in use, and the one of `sp_el` that it stands for is stale meanwhile; banked_spsr by bank; in AArch32 state
 * the registers are in `regs`.
 */
import type { CpuState } from '../cpu-state.ts';
import { elementsOf, isStruct, numberIn, RegisterReader, subsectionOf } from '../vmstate-reader.ts';
import type { VmStruct } from '../vmstate.ts';
import { coprocessorRegisterName } from '../arm/cp15-registers.ts';
import { bitOf } from './bit-values.ts';
import { exceptionLevel } from './cpu-mode.ts';
import { hasSve, vectorQuads } from './sve.ts';
import { systemRegisterName, widthOfId } from './system-registers.ts';
import { BANK, listedRegisters } from './vmstate-common.ts';

const SINGLE: readonly [field: string, register: string][] = [
  ['env.pc', 'pc'],
  ['cpsr', 'cpsr'],
  ['env.exclusive_addr', 'exclusive_addr'],
  ['env.exclusive_val', 'exclusive_val'],
  ['env.exclusive_high', 'exclusive_high'],
  ['env.exception.syndrome', 'exception_syndrome'],
  ['env.exception.fsr', 'exception_fsr'],
  ['env.exception.vaddress', 'exception_vaddress'],
  ['power_state', 'power_state'],
];

const SAVED_STATES: Readonly<Record<number, string>> = {
  [BANK.svc]: 'spsr_el1',
  [BANK.abt]: 'spsr_abt',
  [BANK.und]: 'spsr_und',
  [BANK.irq]: 'spsr_irq',
  [BANK.fiq]: 'spsr_fiq',
  [BANK.hyp]: 'spsr_el2',
  [BANK.mon]: 'spsr_el3',
};

/**
 * In AArch32 state: of a 32-bit program r0 to r14 are x0 to x14 (DDI 0487J, D1.20.1), which also holds its stack pointer (r13); `sp` is what it was in AArch64 state. In another mode than the user's only
 * r0 to r7 and pc are the same.
 */
function readShortRegisters(reader: RegisterReader, cpu: VmStruct, user: boolean): void {
  const names = Array.from({ length: user ? 15 : 8 }, (_, n) => `x${n}`);
  reader.numbers(cpu, 'env.regs', (n) => (n === 15 ? 'pc' : names[n]));
  for (const name of [...names, 'pc']) {
    const held = reader.registers[name];
    if (held) held.width = 64;
  }
}

function readStackPointers(reader: RegisterReader, cpu: VmStruct, state: CpuState): void {
  const level = exceptionLevel(state);
  const selected = bitOf(state, 'cpsr', 0) === true ? level : 0;
  reader.numbers(cpu, 'env.sp_el', (n) => (n === selected ? undefined : `sp_el${n}`));
  const { sp } = reader.registers;
  if (sp && selected !== undefined) reader.registers[`sp_el${selected}`] = { ...sp };
}

/** FPSR and FPCR as parts of FPSCR (DDI 0487J, G8.2.55), in whose form QEMU saves them. */
const FPSR_BITS = 0xf800_009fn;
const FPCR_BITS = 0x07ff_9f00n;

function readVectors(reader: RegisterReader, cpu: VmStruct): void {
  const vfp = subsectionOf(cpu, 'cpu/vfp');
  for (const field of vfp?.fields ?? []) {
    const match = /^env\.vfp\.zregs\[(\d+)\]\.d$/.exec(field.name);
    const [low, high] = field.values;
    if (match && typeof low === 'bigint' && typeof high === 'bigint') reader.set(`v${match[1]}`, (high << 64n) | low, 128, field);
    if (typeof low !== 'bigint') continue;
    if (field.name === 'fpscr') {
      reader.set('fpsr', low & FPSR_BITS, 32, field);
      reader.set('fpcr', low & FPCR_BITS, 32, field);
    }
  }
}

/** Since QEMU 9.1, where one of them has bits that FPSCR cannot hold; FPSCR is 0 then. */
function readWideStatus(reader: RegisterReader, cpu: VmStruct): void {
  const wide = subsectionOf(cpu, 'cpu/vfp/fpcr_fpsr');
  for (const name of wide ? ['fpcr', 'fpsr'] : [])
    reader.set(
      name,
      numberIn(wide!, name),
      32,
      wide!.fields.find((field) => field.name === name)!,
    );
}

/** z0 to z31, p0 to p15 and ffr, as long as the CPU has them at present. */
function readSve(reader: RegisterReader, cpu: VmStruct, state: CpuState): void {
  const sve = subsectionOf(cpu, 'cpu/sve');
  if (!sve || !hasSve(state)) return;
  const quads = vectorQuads(state);
  const joined = (struct: VmStruct, bits: number): bigint => {
    const parts = struct.fields.flatMap(({ values }) => values).filter((value) => typeof value === 'bigint');
    return BigInt.asUintN(
      bits,
      parts.reduce((sum, part, n) => sum | (part << BigInt(64 * n)), 0n),
    );
  };
  for (const [n, { value, field, index }] of elementsOf(sve, 'env.vfp.zregs').entries()) {
    const low = reader.registers[`v${n}`];
    if (isStruct(value) && low) reader.set(`z${n}`, (joined(value, (quads - 1) * 128) << 128n) | low.value, quads * 128, field, index);
  }
  for (const [n, { value, field, index }] of elementsOf(sve, 'env.vfp.pregs').entries()) {
    if (isStruct(value)) reader.set(n === 16 ? 'ffr' : `p${n}`, joined(value, quads * 16), quads * 16, field, index);
  }
}

/** See Architecture.cpuFromVmstate. */
export function cpuFromVmstate(cpu: VmStruct, common: VmStruct | undefined, where: string, index: number): CpuState {
  const reader = new RegisterReader(where);
  const state: CpuState = { index, registers: reader.registers, segments: {} };
  reader.numbers(cpu, 'env.xregs', (n) => (n === 31 ? 'sp' : `x${n}`));
  for (const [field, register] of SINGLE) reader.numbers(cpu, field, () => register);
  for (const { id, value, field, index: place } of listedRegisters(cpu)) {
    const other = coprocessorRegisterName(id);
    const name = systemRegisterName(id) ?? (other === undefined ? `register_${id.toString(16)}` : `a32_${other}`);
    reader.set(name, value, widthOfId(id), field, place);
  }
  reader.numbers(cpu, 'env.elr_el', (n) => (n === 0 ? undefined : `elr_el${n}`));
  reader.numbers(cpu, 'env.banked_spsr', (n) => SAVED_STATES[n]);
  if (bitOf(state, 'cpsr', 4) === true) readShortRegisters(reader, cpu, exceptionLevel(state) === 0);
  else readStackPointers(reader, cpu, state);
  readVectors(reader, cpu);
  readWideStatus(reader, cpu);
  readSve(reader, cpu, state);
  const irq = subsectionOf(cpu, 'cpu/irq-line-state');
  if (irq) reader.numbers(irq, 'env.irq_line_state', () => 'irq_line_state');
  const halted = common && numberIn(common, 'halted');
  const bigEndian = bitOf(state, 'sctlr_el1', 25);
  return {
    ...state,
    ...(bigEndian === undefined ? {} : { littleEndian: !bigEndian }),
    ...(halted === undefined ? {} : { halted: halted !== 0n }),
  };
}
