/**
 * CPUs and translation against QEMU's own answers on the lab's guests (`../shared/lab/lab make tiny x86_64 x86_64-4level i386 i386-pae`): every register of
 * `info registers`, every row of `info tlb` and `info mem`, every gva2gpa, and the notes byte for byte.
 *
 * VMCORE_LAB is the folder of the lab's guests, VMCORE_VARIANTS one of streams by other QEMU versions; what is absent is skipped and named.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CpuState } from '#engine/arch/cpu-state.ts';
import type { VmDescription, VmFieldDescription } from '#engine/arch/vmstate.ts';
import { encodedNotes, x86Notes } from '../engine/arch/x86-notes.ts';
import { pagingOf } from '#engine/arch/regime.ts';
import { x86_64 } from '#engine/arch/x86-64/index.ts';
import type { ByteSource } from '#engine/memory/byte-source.ts';
import { decodeByDescription, findDescription } from '#engine/formats/qemu-stream/vm-description.ts';
import { mappings, mergeMappings } from '#engine/translate/mappings.ts';
import { Translator } from '#engine/translate/translator.ts';
import { answerLines, parseInfoRegisters } from '../engine/arch/qemu-answers.ts';
import { readCoreFile } from '../engine/translate/core-file.ts';
import { memRow, tlbRow } from '../engine/translate/qemu-rows.ts';

/** The variants' oracle.json holds the registers of CPU 0 alone, and no translations. */
interface Oracle {
  cpus: { registers: string; mem: string; tlb: string }[];
  translations: { cpu: number; gva: string; gpa: string | null }[];
}

const LAB = process.env.VMCORE_LAB ?? '/work/lab/out';
const VARIANTS = process.env.VMCORE_VARIANTS ?? '/work/lab/variants';

function oracleOf(folder: string): Oracle {
  const oracle = JSON.parse(readFileSync(join(folder, 'oracle.json'), 'utf8')) as Oracle & { registers?: string };
  return oracle.registers === undefined ? oracle : { cpus: [{ registers: oracle.registers, mem: '', tlb: '' }], translations: [] };
}
const has = (folder: string, ...files: string[]) => files.every((file) => existsSync(join(folder, file)));

/** The paging of a CPU from `info registers` alone, so that no dump reader of ours is between QEMU and the walk. */
function pagingFrom(text: string) {
  const { registers } = parseInfoRegisters(text);
  const state: CpuState = { index: 0, registers: {}, segments: {} };
  for (const [name, value] of registers) state.registers[name] = { value, width: 64, source: 'info registers' };
  const { mode, root, options } = x86_64.regimesOf(state)[0].tables[0]!;
  return { mode: x86_64.pagingMode(mode), root, options, pagingOn: mode !== 'off' };
}

describe.each(['tiny', 'x86_64', 'x86_64-4level', 'i386', 'i386-pae'])('translation of %s', (guest) => {
  const folder = join(LAB, guest);
  const ready = has(folder, 'oracle.json', 'paging-off.elf');
  if (!ready) {
    it.skip(`needs ${folder}: make it with ../shared/lab/lab make ${guest}`, () => undefined);
    return;
  }

  const oracle = oracleOf(folder);
  const { memory } = readCoreFile(join(folder, 'paging-off.elf'));
  const cpus = oracle.cpus.map((answers, cpu) => ({ cpu, ...answers, ...pagingFrom(answers.registers) })).filter(({ pagingOn }) => pagingOn);

  it.each(cpus)('every row of `info tlb` of CPU $cpu, in order, with the same frame and flags', ({ tlb, mode, root, options }) => {
    // With PAE QEMU prints bit 63 of the entry, NX, as part of the frame.
    const expected = answerLines(tlb).map((line) => line.replace(/: 8(?=[0-9a-f]{15} X)/, ': 0'));
    const rows = [...mappings(memory, mode, root, options)];
    expect(rows.length).toBeGreaterThan(500);
    expect(rows.map(tlbRow).join('\n')).toBe(expected.join('\n'));
    const translator = new Translator(memory, mode, root, options);
    for (const { start, last, physical, pageSize, flags } of rows) {
      const answer = translator.answer(last);
      expect(answer).toEqual({ address: last, physical: physical + Number(last - start), pageSize, flags });
    }
  });

  // QEMU 7.2 answers `info mem` with nothing when the guest uses 5-level paging.
  it.each(cpus.filter(({ mem }) => mem.trim() !== ''))('every row of `info mem` of CPU $cpu', ({ mem, mode, root, options }) => {
    const rows = [...mergeMappings(mappings(memory, mode, root, options), 'access')].map(memRow);
    expect(rows.join('\n')).toBe(answerLines(mem).join('\n'));
  });

  it('every gva2gpa', () => {
    for (const { cpu, gva, gpa } of oracle.translations) {
      const { mode, root, options } = pagingFrom(oracle.cpus[cpu]?.registers ?? '');
      const { physical } = new Translator(memory, mode, root, options).answer(BigInt(`0x${gva}`));
      expect([gva, physical?.toString(16) ?? null]).toEqual([gva, gpa]);
    }
  });
});

/** The payload of a FULL section, found by its header: length, name, instance, version. */
function findSection(stream: Buffer, name: string, instance: number, version: number): Buffer {
  const header = Buffer.concat([Buffer.from([name.length]), Buffer.from(name), Buffer.alloc(8)]);
  header.writeUInt32BE(instance, name.length + 1);
  header.writeUInt32BE(version, name.length + 5);
  const at = stream.indexOf(header);
  expect(at).toBeGreaterThan(0);
  return stream.subarray(at + header.length, at + header.length + 65536);
}

const COMMON: VmDescription = { vmsd_name: 'cpu_common', version: 1, fields: [{ name: 'halted', type: 'uint32', size: 4 }] };

function cpuFromStream(stream: Buffer, index: number): CpuState {
  const { struct } = decodeByDescription(findSection(stream, 'cpu', index, 12), x86_64.cpuDescription, 0);
  const common = decodeByDescription(findSection(stream, 'cpu_common', index, 1), COMMON, 0).struct;
  return x86_64.cpuFromVmstate(struct, common, `section cpu (instance ${index})`, index);
}

function sourceOf(file: Buffer): ByteSource {
  const read = (offset: number, target: Uint8Array) => file.copy(target, 0, offset, offset + target.length);
  return { name: 'stream.qevm', size: file.length, read, readStreaming: read, readU64: () => false, low: 0, high: 0 };
}

/** Names and sizes, which is what decoding goes by. QEMU's JSON opens the ten bytes of an x87 register, ours does not. */
function shapeOf({ vmsd_name, fields }: VmDescription): unknown[] {
  const inner = (field: VmFieldDescription) => (field.struct === undefined || field.struct.vmsd_name === 'fpreg' ? null : shapeOf(field.struct));
  return [vmsd_name, ...(fields ?? []).map((field) => [field.name, field.size, field.array_len ?? 1, inner(field)])];
}

const variants = existsSync(VARIANTS) ? readdirSync(VARIANTS).map((name) => join(VARIANTS, name)) : [];
const streams = [...['tiny', 'x86_64', 'x86_64-4level'].map((guest) => join(LAB, guest)), ...variants].filter((folder) =>
  has(folder, 'stream.qevm', 'oracle.json'),
);

describe('CPUs of every stream', () => {
  if (streams.length === 0) it.skip(`need stream.qevm in a folder of ${LAB} or ${VARIANTS}`, () => undefined);

  it.for(streams)('%s: the built-in description of the cpu section equals its JSON', (folder, context) => {
    const json = findDescription(sourceOf(readFileSync(join(folder, 'stream.qevm'))))?.devices.filter(({ name }) => name === 'cpu');
    if (json === undefined) return context.skip('the stream has no description');
    expect(json).toHaveLength(2);
    for (const cpu of json) {
      expect(shapeOf({ ...x86_64.cpuDescription, subsections: [] })).toEqual(shapeOf({ ...cpu, subsections: [] }));
      for (const subsection of cpu.subsections ?? []) {
        expect(x86_64.cpuDescription.subsections?.map(shapeOf)).toContainEqual(shapeOf(subsection));
      }
    }
  });

  it.each(streams)('%s: registers equal `info registers`, notes equal paging-off.elf', (folder) => {
    const stream = readFileSync(join(folder, 'stream.qevm'));
    const { notes } = readCoreFile(join(folder, 'paging-off.elf'));
    const prstatus = notes.filter(({ name, type }) => name === 'CORE' && type === 1);
    const qemu = notes.filter(({ name }) => name === 'QEMU');
    expect(prstatus.length).toBe(2);
    for (const [index, { registers }] of oracleOf(folder).cpus.entries()) {
      const state = cpuFromStream(stream, index);
      const answer = parseInfoRegisters(registers);
      for (const [name, expected] of answer.registers) {
        const value = state.registers[name]?.value ?? -1n;
        const shown = answer.short && !name.startsWith('dr') && !/^([xy]mm|st|efer)/.test(name) ? BigInt.asUintN(32, value) : value;
        expect(`CPU ${index} ${name} ${shown.toString(16)}`).toBe(`CPU ${index} ${name} ${expected.toString(16)}`);
      }
      const segments = new Map(x86_64.describeCpu(state).segments.map((segment) => [segment.name, segment]));
      for (const [name, { base, limit, selector, flags }] of answer.segments) {
        const held = segments.get(name);
        expect([index, name, held?.base, held?.limit]).toEqual([index, name, base, Number(limit)]);
        if (selector !== undefined) expect([index, name, held?.selector, held?.flags]).toEqual([index, name, Number(selector), Number(flags)]);
      }
    }
    for (const [index, { payload }] of prstatus.entries()) {
      const state = cpuFromStream(stream, index);
      const theirs = { prstatus: payload, qemu: qemu[index]?.payload };
      expect(encodedNotes(x86_64, state)).toEqual({ prstatus: payload.toString('hex'), qemu: theirs.qemu?.toString('hex') });
      const fromNotes = x86_64.cpuFromNotes(x86Notes(theirs), index, { elfMachine: 62, littleEndian: true });
      const { mode, root } = pagingOf(x86_64, state);
      expect(pagingOf(x86_64, fromNotes)).toMatchObject({ mode, root });
    }
  });
});
