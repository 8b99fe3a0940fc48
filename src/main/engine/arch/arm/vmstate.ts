/**
 * Registers of a 32-bit ARM CPU from QEMU's `cpu` and `cpu_common` sections, which are laid out as an AArch64 CPU's (../arm64/vmstate-layout.ts).
 *
 * Facts: QEMU target/arm/cpu.h and machine.c, v7.2: the registers of the mode it is in are in `regs` and `spsr`, those of the others in banks; d0 to d31 are the halves of the first 16
 * vector registers; xregs are FPSID and, of those behind the first two, FPEXC as number 8.
 */
import type { CpuState } from '../cpu-state.ts';
import { numberIn, RegisterReader, subsectionOf } from '../vmstate-reader.ts';
import type { VmStruct } from '../vmstate.ts';
import { bitOf } from '../arm64/bit-values.ts';
import { systemRegisterName, widthOfId } from '../arm64/system-registers.ts';
import { BANK, listedRegisters } from '../arm64/vmstate-common.ts';
import { coprocessorRegisterName } from './cp15-registers.ts';
import { MODE_BANKS, modeOf } from './cpu-mode.ts';
import { GENERAL } from './note-layout.ts';

const BANK_NAMES = Object.fromEntries(Object.entries(BANK).map(([name, number]) => [number, name]));
const FPEXC = 8 - 2;

const SINGLE: readonly [field: string, register: string][] = [
  ['cpsr', 'cpsr'],
  ['env.exclusive_addr', 'exclusive_addr'],
  ['env.exclusive_val', 'exclusive_val'],
  ['env.exception.syndrome', 'exception_syndrome'],
  ['env.exception.fsr', 'exception_fsr'],
  ['env.exception.vaddress', 'exception_vaddress'],
  ['power_state', 'power_state'],
];

/** Registers that QEMU lists under the id of the AArch64 register with the same storage (target/arm/helper.c, ARM_CP_STATE_BOTH). */
const SHARED: Readonly<Record<string, string>> = {
  sctlr_el1: 'sctlr',
  actlr_el1: 'actlr',
  cpacr_el1: 'cpacr',
  ttbr0_el1: 'ttbr0',
  ttbr1_el1: 'ttbr1',
  tcr_el1: 'ttbcr',
  par_el1: 'par',
  vbar_el1: 'vbar',
  contextidr_el1: 'contextidr',
  tpidr_el0: 'tpidrurw',
  tpidrro_el0: 'tpidruro',
  tpidr_el1: 'tpidrprw',
  sctlr_el2: 'hsctlr',
  hcr_el2: 'hcr',
  tcr_el2: 'htcr',
  ttbr0_el2: 'httbr',
  vtcr_el2: 'vtcr',
  vttbr_el2: 'vttbr',
  vbar_el2: 'hvbar',
  esr_el2: 'hsr',
  scr_el3: 'scr',
};

/** Two registers of 32 bits in one of 64. */
function splitPair({ registers }: RegisterReader, whole: string, parts: readonly [low: string, high: string]): void {
  const held = registers[whole];
  if (held === undefined) return;
  for (const [n, part] of parts.entries())
    registers[part] ??= { value: BigInt.asUintN(32, held.value >> BigInt(32 * n)), width: 32, source: held.source };
}

/** Of the modes that it is not in. */
function readBanks(reader: RegisterReader, cpu: VmStruct, current: string | undefined): void {
  const named = (prefix: string) => (n: number) =>
    BANK_NAMES[n] === undefined || BANK_NAMES[n] === current ? undefined : `${prefix}_${BANK_NAMES[n]}`;
  reader.numbers(cpu, 'env.banked_r13', named('sp'));
  reader.numbers(cpu, 'env.banked_r14', named('lr'));
  reader.numbers(cpu, 'env.banked_spsr', (n) => (n === BANK.usr ? undefined : named('spsr')(n)));
  if (current === 'fiq') reader.numbers(cpu, 'env.usr_regs', (n) => `r${n + 8}_usr`);
  else reader.numbers(cpu, 'env.fiq_regs', (n) => `r${n + 8}_fiq`);
  if (current !== undefined && current !== 'usr') reader.numbers(cpu, 'env.spsr', () => 'spsr');
  for (const [name, held] of Object.entries(reader.registers)) if (name.startsWith('spsr')) held.width = 32;
}

function readVectors(reader: RegisterReader, cpu: VmStruct): void {
  const vfp = subsectionOf(cpu, 'cpu/vfp');
  if (!vfp) return;
  for (let n = 0; n < 16; n++) reader.numbers(vfp, `env.vfp.zregs[${n}].d`, (half) => (half < 2 ? `d${2 * n + half}` : undefined));
  reader.numbers(vfp, 'fpscr', () => 'fpscr');
  reader.numbers(vfp, 'env.vfp.xregs[0]', () => 'fpsid');
  reader.numbers(vfp, 'env.vfp.xregs', (n) => (n === FPEXC ? 'fpexc' : undefined));
}

/** See Architecture.cpuFromVmstate. */
export function cpuFromVmstate(cpu: VmStruct, common: VmStruct | undefined, where: string, index: number): CpuState {
  const reader = new RegisterReader(where);
  const state: CpuState = { index, registers: reader.registers, segments: {} };
  reader.numbers(cpu, 'env.regs', (n) => GENERAL[n]);
  for (const [field, register] of SINGLE) reader.numbers(cpu, field, () => register);
  for (const { id, value, field, index: place } of listedRegisters(cpu)) {
    const shared = systemRegisterName(id);
    const name = coprocessorRegisterName(id) ?? (shared === undefined ? `register_${id.toString(16)}` : (SHARED[shared] ?? shared));
    reader.set(name, value, value >> 32n === 0n && name !== shared ? 32 : widthOfId(id), field, place);
  }
  splitPair(reader, 'mair_el1', ['prrr', 'nmrr']);
  splitPair(reader, 'far_el1', ['dfar', 'ifar']);
  const mode = modeOf(state);
  readBanks(reader, cpu, mode === undefined ? undefined : MODE_BANKS[mode]);
  readVectors(reader, cpu);
  const irq = subsectionOf(cpu, 'cpu/irq-line-state');
  if (irq) reader.numbers(irq, 'env.irq_line_state', () => 'irq_line_state');
  const halted = common && numberIn(common, 'halted');
  // As QEMU chooses the byte order of its ELF files.
  const bigEndian = bitOf(state, 'sctlr', 25);
  return {
    ...state,
    ...(bigEndian === undefined ? {} : { littleEndian: !bigEndian }),
    ...(halted === undefined ? {} : { halted: halted !== 0n }),
  };
}
