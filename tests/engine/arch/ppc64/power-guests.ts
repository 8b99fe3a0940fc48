/** The POWER guests of tests/fixtures/power (make-power.ts): what QEMU saved and said of them, as inputs for the family and as what it should find. */
import { readFileSync } from 'node:fs';
import type { CpuNote } from '#engine/arch/architecture.ts';
import type { CpuState } from '#engine/arch/cpu-state.ts';
import { ppc64 } from '#engine/arch/ppc64/index.ts';
import type { VmDescription } from '#engine/arch/vmstate.ts';
import { decodeByDescription } from '#engine/formats/qemu-stream/vm-description.ts';
import { translationTables } from '#engine/session/translation-root.ts';
import { TranslationSpace } from '#engine/translate/translation-space.ts';
import { fixture } from '../../../fixtures/fixture.ts';
import { BufferMemory } from '../../translate/buffer-memory.ts';

export interface PowerGuest {
  cpus: { registers: string; section: string; common: string }[];
  patbEntry: string | null;
  littleEndianCore: boolean;
  notes: { owner: string; type: number; description: string }[];
  translations: { cpu: number; gva: string; gpa: string | null }[];
  words: [address: string, word: string][];
  table: string | null;
}

export const GUESTS = ['radix', 'hashed', 'firmware', 'powernv', 'powernv-hashed'] as const;

export const readGuest = (name: string): PowerGuest => JSON.parse(readFileSync(fixture(`power/${name}.json`), 'utf8')) as PowerGuest;

export const unpack = (hex: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(hex, 'hex'));

/** The entries that QEMU's answers depend on; all else is a hole. */
export function memoryOf({ words }: PowerGuest): BufferMemory {
  return new BufferMemory(
    words.map(([address, word]) => {
      const bytes = new Uint8Array(8);
      new DataView(bytes.buffer).setBigUint64(0, BigInt(`0x${word}`), true);
      return { start: Number.parseInt(address, 16), bytes };
    }),
  );
}

const COMMON: VmDescription = { vmsd_name: 'cpu_common', version: 1, fields: [{ name: 'halted', type: 'uint32', size: 4 }] };

/** As out of a stream that does not describe its devices. */
export function streamCpus({ cpus }: PowerGuest): CpuState[] {
  return cpus.map(({ section, common }, index) => {
    const cpu = decodeByDescription(unpack(section), ppc64.cpuDescription, 0).struct;
    return ppc64.cpuFromVmstate(cpu, decodeByDescription(unpack(common), COMMON, 0).struct, `section cpu (instance ${index})`, index);
  });
}

/** With what the rest of the stream tells. */
export function completedCpus(guest: PowerGuest): CpuState[] {
  const { patbEntry, table } = guest;
  return ppc64.completeCpus!(streamCpus(guest), {
    memory: memoryOf(guest),
    deviceField: (section, field) => (section === 'spapr' && field === 'patb_entry' && patbEntry !== null ? BigInt(`0x${patbEntry}`) : undefined),
    deviceBytes: (section) => (section === 'spapr/htab' && table !== null ? [unpack(table)] : []),
  });
}

/** The notes of each CPU, in the order of the file. */
export function notesOf({ notes, cpus }: PowerGuest): CpuNote[][] {
  const each = notes.length / cpus.length;
  const all = notes.map(({ owner, type, description }) => ({ owner, type, description: unpack(description) }));
  return cpus.map((_, index) => all.slice(index * each, (index + 1) * each));
}

export function spaceOf(guest: PowerGuest, cpus: readonly CpuState[], cpu: number): TranslationSpace {
  return new TranslationSpace(memoryOf(guest), translationTables(ppc64, cpus, { kind: 'cpu', cpu }));
}

const NAMES: Record<string, string> = { NIP: 'pc', RES: 'reserve_addr' };

/** `info registers` (QEMU target/ppc/cpu_init.c, ppc_cpu_dump_state, 7.2) under gdb's names, but for what is not of the CPU's own state (TB, DECR). */
export function parsePowerRegisters(text: string): Record<string, bigint> {
  const registers: Record<string, bigint> = {};
  for (const [, prefix = '', first = '', values = ''] of text.matchAll(/\b([GF])PR(\d\d) ((?:[0-9a-f]{16} ?){4})/g)) {
    for (const [n, value] of values.trim().split(' ').entries())
      registers[`${prefix === 'G' ? 'r' : 'f'}${Number(first) + n}`] = BigInt(`0x${value}`);
  }
  const single = /\b(NIP|LR|CTR|XER|MSR|HID0|CR|RES|FPSCR|H?SRR[01]|PVR|VRSAVE|SPRG[0-7]|CFAR|LPCR|PTCR|SDR1|DAR|DSISR) +([0-9a-f]+)/g;
  for (const [, name = '', value = ''] of text.matchAll(single)) registers[NAMES[name] ?? name.toLowerCase()] = BigInt(`0x${value}`);
  return registers;
}
