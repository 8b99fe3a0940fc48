/**
 * Registers from QEMU's `cpu` and `cpu_common` sections (vmstate-layout.ts), however they were described.
 *
 * Facts: QEMU target/riscv/machine.c (v5.2 to v10.1). Fields are named after the CSRs; which there are, and how wide, changes from version to version, so all that are integers become registers under
 * their own names. Registers of target_ulong are 4 bytes on qemu-system-riscv32, until QEMU 10.2 made all of them 8: misa says then. The vector registers' bytes lie one after the other in the CPU's own length,
 * which the stream does not tell, so they are left out.
 */
import type { CpuState, RegisterValue } from '../cpu-state.ts';
import { elementsOf, isStruct, numberIn, RegisterReader } from '../vmstate-reader.ts';
import type { VmStruct } from '../vmstate.ts';
import { FLOATING_REGISTERS, GENERAL_REGISTERS } from './registers.ts';

/** Bits of the CPU; undefined for a section of no RISC-V CPU. */
export function bitsOf(cpu: VmStruct): 32 | 64 | undefined {
  const general = cpu.fields.find(({ name }) => name === 'env.gpr');
  if (!general || !cpu.fields.some(({ name }) => name === 'env.satp')) return undefined;
  return general.size === 4 || numberIn(cpu, 'env.misa_mxl') === 1n ? 32 : 64;
}

/** Names that differ from the field's. */
const NAMES: Record<string, string> = {
  virt_enabled: 'virt',
  sbadaddr: 'stval_old',
  mbadaddr: 'mtval_old',
};
/** Arrays, and the emulator's own bookkeeping. */
const LEFT_OUT = new Set([
  'gpr',
  'fpr',
  'vreg',
  'miprio',
  'siprio',
  'hviprio',
  'pmu_ctrs',
  'misa_mxl',
  'misa_ext',
  'misa',
  'features',
  'priv_ver',
  'vext_ver',
  'bext_ver',
  'misa_mxl_max',
  'misa_ext_mask',
  'misa_mask',
  'load_res',
  'load_val',
  'badaddr',
  'guest_phys_fault_addr',
  'mfromhost',
  'mtohost',
  'kvm_timer_dirty',
]);

/** Saved with more bits than the register has, or fewer. */
const NARROW: Record<string, number> = {
  frm: 3,
  priv: 2,
  virt: 1,
  scounteren: 32,
  mcounteren: 32,
  hcounteren: 32,
  mcountinhibit: 32,
  scountinhibit: 32,
};

/** `cpu` and `common` as in Architecture.cpuFromVmstate. */
export function cpuFromVmstate(cpu: VmStruct, common: VmStruct | undefined, where: string, index: number): CpuState {
  const bits = bitsOf(cpu) ?? 64;
  const reader = new RegisterReader(where);
  reader.numbers(cpu, 'env.gpr', (n) => (n === 0 ? undefined : GENERAL_REGISTERS[n]));
  reader.numbers(cpu, 'env.fpr', (n) => FLOATING_REGISTERS[n]);
  readMisa(reader, cpu, bits);
  readScalars(reader, cpu, bits);
  readPmp(reader, cpu);
  for (const subsection of cpu.subsections) {
    if (subsection.name === 'cpu/pmp') readPmp(reader, subsection);
    else readScalars(reader, subsection, bits);
  }
  completeStatus(reader.registers, bits);
  if (reader.registers['virt']?.value === 0n) dropStale(reader.registers);
  for (const name of GENERAL_REGISTERS) if (reader.registers[name]) reader.registers[name].width = bits;
  const halted = common && numberIn(common, 'halted');
  return { index, registers: reader.registers, segments: {}, littleEndian: true, ...(halted === undefined ? {} : { halted: halted !== 0n }) };
}

const isDirty = (status: bigint, shift: bigint): boolean => ((status >> shift) & 3n) === 3n;

/** Fields that QEMU makes up when the register is read (target/riscv/csr.c, read_mstatus and read_hstatus) and does not save: mstatus.SD; hstatus.VSXL of a 64-bit CPU. */
function completeStatus(registers: Record<string, RegisterValue>, bits: 32 | 64): void {
  const { mstatus, hstatus } = registers;
  if (mstatus && [9n, 13n, 15n].some((shift) => isDirty(mstatus.value, shift))) {
    mstatus.value |= 1n << BigInt(bits - 1);
    mstatus.source += ', and SD, which follows from FS, VS and XS';
  }
  if (hstatus && bits === 64) {
    hstatus.value = (hstatus.value & ~(3n << 32n)) | (2n << 32n);
    hstatus.source += ', and VSXL, which is 2 with 64 bits';
  }
}

/** The hypervisor's own registers stand aside only while a virtual machine runs. */
function dropStale(registers: Record<string, RegisterValue>): void {
  for (const name of Object.keys(registers)) if (name.endsWith('_hs')) delete registers[name];
}

/** The integers of a structure, arrays element by element. */
function readScalars(reader: RegisterReader, struct: VmStruct, bits: 32 | 64): void {
  for (const field of struct.fields) {
    const plain = field.name.replace(/^env\./, '');
    if (!/^\w+$/.test(plain) || LEFT_OUT.has(plain)) continue;
    const name = NAMES[plain] ?? plain;
    const { index } = field;
    for (const [n, value] of field.values.entries()) {
      const place = index ?? (field.values.length > 1 || field.isArray === true ? n : undefined);
      // Arrays are long and mostly 0: what is not set is left out.
      if (typeof value !== 'bigint' || (place !== undefined && value === 0n)) continue;
      const width = NARROW[name] ?? (bits === 32 && field.size === 8 && isPlain(name) ? 32 : field.size * 8);
      reader.set(place === undefined ? name : `${name.replace(/_val$/, '')}${place}`, value, width, field, field.values.length > 1 ? n : undefined);
    }
  }
}

/** Of a 32-bit CPU: registers that QEMU saves with 64 bits whatever the CPU is, and that have as many. */
function isPlain(name: string): boolean {
  return !/^(mstatus|vsstatus|mstatus_hs|menvcfg|henvcfg|stimecmp|vstimecmp|htimedelta|mie|mip|mideleg|hideleg|medeleg|hedeleg|sie|miclaim|mvien|mvip|hvip|hvien)$/.test(
    name,
  );
}

/** XLEN's code on top, the extensions' letters below, as the CSR has them. */
function readMisa(reader: RegisterReader, cpu: VmStruct, bits: 32 | 64): void {
  const whole = cpu.fields.find(({ name }) => name === 'env.misa');
  if (whole) return reader.numbers(cpu, 'env.misa', () => 'misa');
  const letters = cpu.fields.find(({ name }) => name === 'env.misa_ext');
  const extensions = numberIn(cpu, 'env.misa_ext');
  const length = numberIn(cpu, 'env.misa_mxl');
  if (letters && extensions !== undefined && length !== undefined) reader.set('misa', (length << BigInt(bits - 2)) | extensions, bits, letters);
}

/** Physical memory protection: an address and a byte of rights each. */
function readPmp(reader: RegisterReader, struct: VmStruct): void {
  for (const [n, { value, field, index }] of elementsOf(struct, 'env.pmp_state.pmp').entries()) {
    if (!isStruct(value)) continue;
    const rights = numberIn(value, 'cfg_reg');
    const address = numberIn(value, 'addr_reg');
    if (rights === 0n && address === 0n) continue;
    reader.set(`pmpaddr${n}`, address, (value.fields.find(({ name }) => name === 'addr_reg')?.size ?? 8) * 8, field, index);
    reader.set(`pmp${n}cfg`, rights, 8, field, index);
  }
}
