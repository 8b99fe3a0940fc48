/** The lab's s390x guest (tests/fixtures/make-s390x.ts): what QEMU saved of its CPUs, what it said of them, and the memory that some walks read. */
import { readFileSync } from 'node:fs';
import type { CpuNote } from '#engine/arch/architecture.ts';
import type { CpuState } from '#engine/arch/cpu-state.ts';
import { s390x } from '#engine/arch/s390x/index.ts';
import type { VmDescription } from '#engine/arch/vmstate.ts';
import { decodeByDescription } from '#engine/formats/qemu-stream/vm-description.ts';
import { fixture } from '../../../fixtures/fixture.ts';
import { BufferMemory } from '../../translate/buffer-memory.ts';

interface GuestFile {
  cpus: { registers: string; section: string; common: string }[];
  notes: { owner: string; type: number; description: string }[];
  translations: { cpu: number; gva: string; gpa: string | null }[];
  processes: { pid: number; root: string; marks: { kind: string; address: string; physical: string | null; text?: string }[] }[];
  memory: { start: string; bytes: string }[];
}

const file = JSON.parse(readFileSync(fixture('s390x/guest.json'), 'utf8')) as GuestFile;
export const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const number = (hex: string) => Number.parseInt(hex, 16);

export const { translations, processes } = file;
/** The text of `info registers`, by CPU. */
export const answers: readonly string[] = file.cpus.map(({ registers }) => registers);

export function guestMemory(): BufferMemory {
  return new BufferMemory(file.memory.map(({ start, bytes }) => ({ start: number(start), bytes: bytesOf(bytes) })));
}

const COMMON: VmDescription = { vmsd_name: 'cpu_common', version: 1, fields: [{ name: 'halted', type: 'uint32', size: 4 }] };

/** Of the stream, by the description that is built in. */
export const streamCpus: readonly CpuState[] = file.cpus.map(({ section, common }, index) => {
  const cpu = decodeByDescription(bytesOf(section), s390x.cpuDescription, 0).struct;
  return s390x.cpuFromVmstate(cpu, decodeByDescription(bytesOf(common), COMMON, 0).struct, `section cpu (instance ${index})`, index);
});

/** QEMU's, of each CPU. */
export const cpuNotes: readonly CpuNote[][] = file.cpus.map((_, index) => {
  const count = file.notes.length / file.cpus.length;
  return file.notes.slice(index * count, (index + 1) * count).map((note) => ({ ...note, description: bytesOf(note.description) }));
});

/** Values of `info registers` (QEMU target/s390x/cpu-dump.c) under our names. */
export function parseInfoRegisters(text: string): Map<string, bigint> {
  const registers = new Map<string, bigint>();
  const psw = /PSW=mask ([0-9a-f]{16}) addr ([0-9a-f]{16})/.exec(text);
  registers.set('pswm', BigInt(`0x${psw?.[1]}`)).set('pswa', BigInt(`0x${psw?.[2]}`));
  const letters: Record<string, string> = { R: 'r', C: 'cr', V: 'v', F: 'f', A: 'acr' };
  for (const [, letter = '', index = '', value = ''] of text.matchAll(/\b([RCVFA])(\d\d)=([0-9a-f]+)/g))
    registers.set(`${letters[letter]}${Number(index)}`, BigInt(`0x${value}`));
  return registers;
}
