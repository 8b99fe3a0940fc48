/** The CPUs of the paused `tiny` guest, as QEMU saved and dumped them (tests/fixtures/make-tiny-page-tables.mjs). */
import { readFileSync } from 'node:fs';
import { x86Notes } from '../x86-notes.ts';
import { x86_64 } from '#engine/arch/x86-64/index.ts';
import type { CpuState } from '#engine/arch/cpu-state.ts';
import type { VmDescription } from '#engine/arch/vmstate.ts';
import { decodeByDescription } from '#engine/formats/qemu-stream/vm-description.ts';

export interface TinyCpu {
  prstatus: string;
  qemuNote: string;
  cpu: string;
  cpuCommon: string;
  /** QEMU's answers. */
  registers: string;
  mem: string;
  tlb: string;
}

interface TinyCpus {
  qemu: string;
  cpuDescription: VmDescription;
  cpus: [TinyCpu, TinyCpu];
  /** `gpa` null: gva2gpa said that nothing is mapped. */
  translations: { gva: string; gpa: string | null }[];
}

const file = new URL('../../../fixtures/tiny-cpus.json', import.meta.url);
export const tiny = JSON.parse(readFileSync(file, 'utf8')) as TinyCpus;

export const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));

const COMMON: VmDescription = {
  vmsd_name: 'cpu_common',
  version: 1,
  fields: ['halted', 'interrupt_request'].map((name) => ({ name, type: 'uint32', size: 4 })),
};

/** One CPU out of the stream's sections, read by the stream's own description or by the built-in one. */
export function fromStream(index: 0 | 1, description: VmDescription = tiny.cpuDescription): CpuState {
  const { cpu, cpuCommon } = tiny.cpus[index];
  const bytes = bytesOf(cpu);
  const { struct, end } = decodeByDescription(bytes, description, 0x1000);
  if (end !== bytes.length) throw new Error(`the description covers ${end} of ${bytes.length} bytes`);
  const common = decodeByDescription(bytesOf(cpuCommon), COMMON, 0).struct;
  return x86_64.cpuFromVmstate(struct, common, `section cpu (instance ${index})`, index);
}

export function fromElf(index: 0 | 1): CpuState {
  const { prstatus, qemuNote } = tiny.cpus[index];
  return x86_64.cpuFromNotes(x86Notes({ prstatus: bytesOf(prstatus), qemu: bytesOf(qemuNote) }, { qemu: 0x400 }), index, {
    elfMachine: 62,
    littleEndian: true,
  });
}
