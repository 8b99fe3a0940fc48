import { describe, expect, it } from 'vitest';
import { ARCHITECTURES } from '#engine/arch/index.ts';
import { parseInfoRegisters } from '../../arch/qemu-answers.ts';
import { openBytes } from '../open-bytes.ts';
import { coreBytes, coreOracle, segmentsOf, VERSIONS, withoutSymbols } from './cores.ts';

/** Ranges of `info mtree -f` that are RAM or ROM: start, last, name, offset, whether it is ROM. */
function ramOf(memory: string): [number, number, string, number, boolean][] {
  return [...memory.matchAll(/^ *([0-9a-f]{16})-([0-9a-f]{16}) \(prio -?\d+, (ram|rom)\): (\S+)(?: @([0-9a-f]+))?$/gm)].map((match) => [
    Number.parseInt(match[1]!, 16),
    Number.parseInt(match[2]!, 16),
    match[4]!,
    Number.parseInt(match[5] ?? '0', 16),
    match[3] === 'rom',
  ]);
}

const regionsOf = ({ dump }: ReturnType<typeof openBytes>) =>
  dump.regions.map(({ start, last, block, blockOffset, readOnly }) => [start, last, dump.blocks[block]!.name, blockOffset, readOnly]);

describe.each(VERSIONS)('the core of QEMU %s', (version) => {
  const bytes = coreBytes(version);
  const oracle = coreOracle(version);
  const opened = openBytes(bytes, 'core');

  it('opens as its guest', () => {
    expect(opened.dump).toMatchObject({ format: 'qemu-core', machine: `pc-i440fx-${version}`, architecture: 'x86-64' });
    expect(opened.dump.facts.find(({ label }) => label === 'Accelerator')?.value).toBe('TCG');
    expect(opened.dump.facts.find(({ label }) => label === "QEMU's variables")?.value).toContain("executable's symbols");
  });

  it('has the map of info mtree -f', () => {
    expect(regionsOf(opened)).toEqual(ramOf(oracle.memory));
  });

  it('has the blocks of info ramblock, with their hosts', () => {
    const blocks = [...oracle.ramblock.matchAll(/^ *(\S+) +\d+ KiB +0x[0-9a-f]+ +0x([0-9a-f]+) /gm)].map(([, name, used]) => [
      name,
      Number.parseInt(used!, 16),
    ]);
    expect(opened.dump.blocks.map(({ name, length }) => [name, length])).toEqual(blocks);
    const [ram] = opened.dump.blocks;
    const held = segmentsOf(bytes).find(({ start, fileSize }) => start === ram!.host! + 0x200000 && fileSize > 0)!;
    expect(opened.memory.stretchAt(0x200000, 8).fileOffset).toBe(held.offset);
  });

  it.each([0, 1])('has the registers of info registers (CPU %i)', (index) => {
    const { registers, segments } = parseInfoRegisters(oracle.registers[index]!);
    const cpu = opened.dump.cpus[index]!;
    expect(registers.size).toBeGreaterThan(30);
    for (const [name, value] of registers) expect([name, cpu.registers[name]?.value], name).toEqual([name, value]);
    for (const [name, { base, limit }] of segments)
      expect([name, cpu.segments[name]?.base, cpu.segments[name]?.limit]).toEqual([name, base, Number(limit)]);
    expect(cpu.halted).toBe(oracle.registers[index]!.includes('HLT=1'));
  });

  it('translates with them', () => {
    const architecture = ARCHITECTURES.find(({ id }) => id === 'x86-64')!;
    const [table] = architecture.regimesOf(opened.dump.cpus[0]!)[0].tables;
    expect(table).toMatchObject({ mode: 'x86-64-4level', root: 0x200000 });
    expect(opened.memory.readU64(0x200ff8)).toBe(true);
    expect(opened.memory.low & 1).toBe(1);
  });

  it('is the same without symbols', () => {
    const without = openBytes(withoutSymbols(bytes), 'core');
    expect(without.dump.facts.find(({ label }) => label === "QEMU's variables")?.value).toBe('found by what they hold');
    expect(regionsOf(without)).toEqual(regionsOf(opened));
    expect(without.dump.cpus.map(({ registers }) => registers.rip?.value)).toEqual(opened.dump.cpus.map(({ registers }) => registers.rip?.value));
    expect(without.dump.machine).toBe(opened.dump.machine);
  });

  it('is the same without its notes, which a gcore that was cut has lost', () => {
    const copy = bytes.slice();
    new DataView(copy.buffer).setUint32(64, 0, true);
    const without = openBytes(copy, 'core');
    expect(without.dump.format).toBe('qemu-core');
    expect(regionsOf(without)).toEqual(regionsOf(opened));
    expect(without.dump.cpus.map(({ registers }) => registers.rip?.value)).toEqual(opened.dump.cpus.map(({ registers }) => registers.rip?.value));
  });

  it('says what of guest memory is not in it, and shows it as left out', () => {
    const lost = opened.dump.diagnostics.filter(({ code }) => code === 'memory-left-out');
    expect(
      lost.some(
        ({ message, consequence }) => /of pc\.ram, which was mapped at HVA 0x7f/.test(message) && /dump-guest-core=off/.test(consequence ?? ''),
      ),
    ).toBe(true);
    expect(opened.memory.stateAt(0x400000)).toBe('excluded');
    expect(opened.memory.stateAt(0x200000)).toBe('present');
  });
});
