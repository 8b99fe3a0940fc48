/** Streams of shapes that the lab's guests do not have, by QEMU 7.2 (tests/fixtures/make-qemu-streams.py), against its ELF and its answers. */
import { describe, expect, it } from 'vitest';
import { readOracle } from '../../../fixtures/fixture.ts';
import { parseInfoRegisters } from '../../arch/qemu-answers.ts';
import { differencesFromElf, fixtureBytes, openFixture } from '../open-bytes.ts';

const folder = (name: string) => `qemu-streams/${name}`;
const open = (name: string) => openFixture(`${folder(name)}/stream.qevm`);
const elfOf = (name: string) => fixtureBytes(`${folder(name)}/paging-off.elf`);
const codes = (name: string) => open(name).dump.diagnostics.map(({ code }) => code);

const WHOLE = ['postcopy-huge-pages', 'postcopy', 'i386', 'i386-pc-2.2', 'x86-64-pc-2.2'];

it.each(WHOLE)('%s: memory is that of the ELF, and nothing of it is lost', (name) => {
  const { memory, dump } = open(name);
  expect(differencesFromElf(memory, elfOf(name))).toEqual([]);
  expect(dump.diagnostics.filter(({ severity }) => severity === 'data-loss')).toEqual([]);
});

it.each([...WHOLE, 'ignore-shared-numa'])('%s: registers of every CPU are what QEMU answered', (name) => {
  const { dump } = open(name);
  const { cpus } = readOracle(folder(name));
  expect(dump.cpus).toHaveLength(cpus!.length);
  for (const [index, { registers }] of cpus!.entries()) {
    const cpu = dump.cpus[index]!;
    const answer = parseInfoRegisters(registers);
    for (const [register, expected] of answer.registers) {
      // Which bits of EFER are clear is worked out for a 32-bit target, which does not save it.
      const held = cpu.registers[register]!;
      if (held.inferred) expect(expected & held.knownBits!).toBe(held.value);
      else expect([register, held.value]).toEqual([register, expected]);
    }
    for (const [segment, expected] of answer.segments) {
      expect([segment, cpu.segments[segment]?.base, cpu.segments[segment]?.limit]).toEqual([segment, expected.base, Number(expected.limit)]);
    }
    expect(answer.registers.size).toBeGreaterThan(35);
  }
});

describe('qemu-system-i386', () => {
  it.each(['i386', 'i386-pc-2.2'])('%s is a 32-bit machine: registers of 32 bits, eight of them', (name) => {
    const { dump } = open(name);
    expect(dump.architecture).toBe('i386');
    expect(dump.cpus[0]!.registers.rsp).toMatchObject({ value: 0x89898989n, width: 32 });
    expect(dump.cpus[0]!.registers.r8).toBeUndefined();
    expect(dump.cpus[0]!.registers.fs_base).toMatchObject({ value: 0x20000n, width: 32 });
  });
});

describe('machine types up to 2.2 (no configuration, no footers, no description)', () => {
  it.each([
    ['i386-pc-2.2', 'i386'],
    ['x86-64-pc-2.2', 'x86-64'],
  ])('%s: devices are passed by known layouts and by the next header, down to the end of the stream', (name, architecture) => {
    const { dump } = open(name);
    expect(dump.architecture).toBe(architecture);
    expect(codes(name)).toEqual(['sections-guessed', 'no-vmdesc']);
    const names = dump.devices!.sections.map((section) => section.name);
    expect(names.slice(0, 8)).toEqual(['timer', 'cpu_common', 'cpu', 'kvm-tpr-opt', 'apic', 'cpu_common', 'cpu', 'apic']);
    expect(names).toContain('0000:00:00.0/I440FX');
    expect(names.at(-1)).toBe('acpi_build');
  });
});

describe('postcopy', () => {
  it('a page size in the block list is read, and no other block has one', () => {
    const text = Buffer.from(fixtureBytes(`${folder('postcopy-huge-pages')}/stream.qevm`)).toString('latin1');
    expect(text).toContain('\x09ram-node0\0\0\0\0\0\x40\0\0\0\0\0\0\0\x20\0\0\x09ram-node1');
    const { dump } = open('postcopy-huge-pages');
    expect(dump.blocks.map(({ name }) => name).slice(0, 3)).toEqual(['ram-node0', 'ram-node1', '/rom@etc/acpi/tables']);
  });

  it('devices in a package, and pages after it, are read', () => {
    const { dump } = open('postcopy');
    const commands = dump.facts.find(({ label }) => label === 'Commands')?.value;
    for (const command of ['postcopy advise', 'packaged', 'postcopy listen', 'postcopy run']) expect(commands).toContain(command);
    expect(dump.devices!.sections.length).toBeGreaterThan(25);
    expect(dump.facts.find(({ label }) => label === 'Device description')?.value).toBe('none');
  });
});

describe('x-ignore-shared', () => {
  it('the shared block is absent and named, with where to find it; the other is right', () => {
    const { dump, memory } = open('ignore-shared-numa');
    const differences = differencesFromElf(memory, elfOf('ignore-shared-numa'));
    expect(new Set(differences.map((difference) => difference.replace(/.*: /, '')))).toEqual(new Set(['absent']));
    // Of the 4 MiB two holes show ROMs, which are there.
    expect(differences.length).toBe(1024 - 64);
    expect(memory.stateAt(0x400000)).toBe('zero');
    expect(dump.diagnostics).toMatchObject([{ code: 'block-incomplete', message: 'RAM block ram-node0: 4 MiB of 4 MiB are not in the stream.' }]);
    expect(dump.diagnostics[0]!.consequence).toContain('backing file');
  });

  it('an address in the stream that agrees with the rules proves a place; 0 does not', () => {
    const { dump } = open('ignore-shared-numa');
    const firmware = dump.regions.find(({ start }) => start === 0xfffe0000)!;
    expect(firmware.evidence.strength).toBe('proven');
    expect(firmware.evidence.text).toContain('mr->addr');
    expect(dump.regions.find(({ start }) => start === 0)!.evidence.text).not.toContain('mr->addr');
  });
});
