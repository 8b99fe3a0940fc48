/**
 * Registers from QEMU's `cpu` and `cpu_common` sections (vmstate-layout.ts), however they were described.
 *
 * Facts: QEMU target/s390x/machine.c and cpu.h. Fields that are not known by name become nothing; a field that is missing leaves its register absent.
 */
import type { CpuState } from '../cpu-state.ts';
import { elementsOf, numberIn, RegisterReader } from '../vmstate-reader.ts';
import type { VmField, VmStruct } from '../vmstate.ts';

/** Fields that hold one register each. */
const SINGLE: readonly [field: string, register: string][] = [
  ['env.psw.mask', 'pswm'],
  ['env.psw.addr', 'pswa'],
  ['env.psa', 'prefix'],
  ['env.todpr', 'todpr'],
  ['env.pfault_token', 'pfault_token'],
  ['env.pfault_compare', 'pfault_compare'],
  ['env.pfault_select', 'pfault_select'],
  ['env.cputm', 'cputm'],
  ['env.ckc', 'ckc'],
  ['env.gbea', 'last_break'],
  ['env.pp', 'pp'],
  ['env.cpu_state', 'cpu_state'],
  ['env.sigp_order', 'sigp_order'],
  ['env.fpc', 'fpc'],
  ['env.ex_value', 'ex_value'],
  ['env.bpbc', 'bpbc'],
  ['env.etoken', 'etoken'],
  ['env.etoken_extension', 'etoken_extension'],
  ['env.diag318_info', 'diag318_info'],
];

/** The guarded-storage control block: its first double word is reserved. */
export const GUARDED_STORAGE = ['gs_reserved', 'gsd', 'gssm', 'gsepl'] as const;

export const ownsVmstate = (cpu: VmStruct): boolean => cpu.fields.some(({ name }) => name === 'env.psw.mask');

/** See Architecture.cpuFromVmstate. */
export function cpuFromVmstate(cpu: VmStruct, common: VmStruct | undefined, where: string, index: number): CpuState {
  const reader = new RegisterReader(where);
  // What a version keeps in a subsection another may keep in the section itself.
  for (const struct of [cpu, ...cpu.subsections]) {
    reader.numbers(struct, 'env.regs', (n) => `r${n}`);
    reader.numbers(struct, 'env.aregs', (n) => `acr${n}`);
    reader.numbers(struct, 'env.cregs', (n) => `cr${n}`);
    reader.numbers(struct, 'env.gscb', (n) => GUARDED_STORAGE[n]);
    for (const [field, register] of SINGLE) reader.numbers(struct, field, () => register);
  }
  readRuntimeInstrumentation(reader, cpu);
  readVectors(reader, cpu);
  const halted = common && numberIn(common, 'halted');
  return {
    index,
    registers: reader.registers,
    segments: {},
    littleEndian: false,
    ...(halted === undefined ? {} : { halted: halted !== 0n }),
  };
}

/** The first 16 vector registers' upper halves are the floating-point registers; until QEMU 2.3 there were those alone, as `env.fregs`. */
function readVectors(reader: RegisterReader, cpu: VmStruct): void {
  const halves = new Map<string, VmField>();
  for (const { fields } of cpu.subsections) {
    for (const field of fields) {
      const match = /^env\.(?:vregs\[(\d+)\]\[([01])\]|fregs\[(\d+)\])/.exec(field.name);
      if (match) halves.set(`${match[1] ?? match[3]}.${match[2] ?? '0'}`, field);
    }
  }
  const valueOf = (field: VmField | undefined) => (typeof field?.values[0] === 'bigint' ? field.values[0] : undefined);
  for (let n = 0; n < 32; n++) {
    const field = halves.get(`${n}.0`);
    const upper = valueOf(field);
    if (field === undefined || upper === undefined) continue;
    if (n < 16) reader.set(`f${n}`, upper, 64, field);
    const lower = valueOf(halves.get(`${n}.1`));
    if (lower !== undefined) reader.set(`v${n}`, (upper << 64n) | lower, 128, field);
  }
}

function readRuntimeInstrumentation(reader: RegisterReader, cpu: VmStruct): void {
  for (const struct of cpu.subsections) {
    const elements = elementsOf(struct, 'env.riccb');
    const [first] = elements;
    if (first === undefined) continue;
    const bytes = elements.flatMap(({ value }) => (value instanceof Uint8Array ? [...value] : typeof value === 'bigint' ? [Number(value)] : []));
    if (bytes.length === 64)
      reader.set(
        'riccb',
        bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n),
        512,
        first.field,
      );
  }
}
