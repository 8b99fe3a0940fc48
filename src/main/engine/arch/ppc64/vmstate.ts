/**
 * Registers from QEMU's `cpu` and `cpu_common` sections (vmstate-layout.ts), however they were described.
 *
 * Facts: QEMU target/ppc/machine.c. LR, CTR, XER and CFAR are saved as special purpose registers. Vector registers are saved as two numbers in the order of the host's
 * memory: the less significant one first, as a little-endian host writes them, which is assumed. Names differ between versions (env.fpr, env.avr; env.vsr since 4.0).
 */
import type { CpuState } from '../cpu-state.ts';
import { elementsOf, numberIn, RegisterReader } from '../vmstate-reader.ts';
import type { VmStruct } from '../vmstate.ts';
import { kernelLittleEndian } from './byte-order.ts';
import { nameOfSpecial } from './special-registers.ts';

const SPECIAL_REGISTERS = 1024;

/** See Architecture.ownsVmstate. */
export function ownsVmstate(cpu: VmStruct): boolean {
  return cpu.fields.some(({ name, size }) => name === 'env.nip' && size === 8) && elementsOf(cpu, 'env.spr').length === SPECIAL_REGISTERS;
}

/** See Architecture.cpuFromVmstate. */
export function cpuFromVmstate(cpu: VmStruct, common: VmStruct | undefined, where: string, index: number): CpuState {
  const reader = new RegisterReader(where);
  reader.numbers(cpu, 'env.gpr', (n) => `r${n}`);
  reader.numbers(cpu, 'env.nip', () => 'pc');
  reader.numbers(cpu, 'env.msr', () => 'msr');
  reader.numbers(cpu, 'env.reserve_addr', () => 'reserve_addr');
  readCondition(reader, cpu);
  for (const [number, { value, field, index: at }] of elementsOf(cpu, 'env.spr').entries()) {
    const name = typeof value === 'bigint' ? nameOfSpecial(number, value) : undefined;
    if (name !== undefined && typeof value === 'bigint') reader.set(name, value, 64, field, at);
  }
  if (numberIn(cpu, 'env.spe_acc') !== 0n) reader.numbers(cpu, 'env.spe_acc', () => 'acc');
  for (const subsection of cpu.subsections) readSubsection(reader, subsection);

  const halted = common && numberIn(common, 'halted');
  const { registers } = reader;
  return {
    index,
    registers,
    segments: {},
    littleEndian: kernelLittleEndian(registers),
    ...(halted === undefined ? {} : { halted: halted !== 0n }),
  };
}

/** Eight fields of four bits, each saved as a number. */
function readCondition(reader: RegisterReader, cpu: VmStruct): void {
  const fields = elementsOf(cpu, 'env.crf');
  const [first] = fields;
  if (first === undefined || fields.length !== 8) return;
  let value = 0n;
  for (const element of fields) value = (value << 4n) | (typeof element.value === 'bigint' ? element.value & 15n : 0n);
  reader.set('cr', value, 32, first.field);
}

function readSubsection(reader: RegisterReader, subsection: VmStruct): void {
  const array = subsection.fields.find((field) => field.name.startsWith('env.'))?.name ?? '';
  switch (subsection.name) {
    case 'cpu/fpu':
      reader.numbers(subsection, array, (n) => `f${n}`);
      return reader.numbers(subsection, 'env.fpscr', () => 'fpscr');
    case 'cpu/altivec':
      readPairs(reader, subsection, array, (n, [low, high], set) => set(`vr${n}`, (high << 64n) | low, 128));
      return reader.numbers(subsection, 'vscr', () => 'vscr');
    case 'cpu/vsx':
      return reader.numbers(subsection, array, (n) => `vs${n}h`);
    case 'cpu/slb':
      return readPairs(reader, subsection, 'env.slb', (n, [esid, vsid], set) => {
        if (esid === 0n && vsid === 0n) return;
        set(`slb${n}_esid`, esid, 64);
        set(`slb${n}_vsid`, vsid, 64);
      });
    default:
      for (const { name } of subsection.fields) {
        const plain = name.replace(/^env\./, '');
        const many = elementsOf(subsection, name).length > 1;
        reader.numbers(subsection, name, (n) => (many ? `${plain}${n}` : plain));
      }
  }
}

type SetRegister = (name: string, value: bigint, width: number) => void;

/** Elements of 16 bytes, which are two big-endian numbers. */
function readPairs(
  reader: RegisterReader,
  struct: VmStruct,
  name: string,
  take: (n: number, pair: [bigint, bigint], set: SetRegister) => void,
): void {
  for (const [n, { value, field, index }] of elementsOf(struct, name).entries()) {
    if (!(value instanceof Uint8Array) || value.length !== 16) continue;
    const view = new DataView(value.buffer, value.byteOffset, 16);
    take(n, [view.getBigUint64(0), view.getBigUint64(8)], (register, held, width) => reader.set(register, held, width, field, index));
  }
}
