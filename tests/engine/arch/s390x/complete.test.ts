/** The kernel's space of CPUs whose notes do not name one. */
import { describe, expect, it } from 'vitest';
import type { CpuState } from '#engine/arch/cpu-state.ts';
import { s390x } from '#engine/arch/s390x/index.ts';
import { BufferMemory } from '../../translate/buffer-memory.ts';
import { streamCpus } from './guest.ts';

const EMPTY: CpuState = { index: 0, registers: {}, segments: {} };
const TABLE = 0x4000;
const vmcoreinfo = new Map([['SYMBOL(swapper_pg_dir)', TABLE.toString(16)]]);

/** A region table with two valid entries of these types. */
function memoryWith(types: readonly number[]): BufferMemory {
  const bytes = new Uint8Array(0x8000);
  const view = new DataView(bytes.buffer);
  for (let entry = 0; entry < 2048; entry++) view.setBigUint64(TABLE + entry * 8, 0x20n);
  for (const [n, type] of types.entries()) view.setBigUint64(TABLE + n * 800, 0x1_0003n | (BigInt(type) << 2n));
  return new BufferMemory([{ start: 0, bytes }]);
}

describe('completeCpus', () => {
  it.each([
    [1, 's390x-region-third', 0x4007n],
    [2, 's390x-region-second', 0x400bn],
  ])('takes the type of table that entries of type %i say, and says that it is inferred', (type, mode, asce) => {
    const [cpu] = s390x.completeCpus!([EMPTY], { memory: memoryWith([type, type]), vmcoreinfo });
    expect(cpu!.registers).toMatchObject({ cr1: { value: asce, inferred: true }, cr13: { value: asce, inferred: true } });
    expect(cpu!.registers['cr13']!.source).toContain('swapper_pg_dir is at 4000');
    expect(s390x.regimesOf(cpu!)[0].tables).toMatchObject([{ mode, root: TABLE }]);
  });

  it.each([
    ['entries of different types', [1, 2], vmcoreinfo],
    ['entries of a segment table', [0, 0], vmcoreinfo],
    ['no valid entry', [], vmcoreinfo],
    ['a table that memory does not hold', [1], new Map([['SYMBOL(swapper_pg_dir)', '3ffe0004000']])],
    ['an address that is none', [1], new Map([['SYMBOL(swapper_pg_dir)', 'nonsense']])],
    ['no VMCOREINFO', [1], undefined],
  ])('infers nothing from %s', (_, types, values) => {
    expect(s390x.completeCpus!([EMPTY], { memory: memoryWith(types), vmcoreinfo: values })[0]).toBe(EMPTY);
  });

  it('leaves CPUs alone that say themselves', () => {
    expect(s390x.completeCpus!(streamCpus, { memory: memoryWith([1]), vmcoreinfo })).toEqual(streamCpus);
  });
});
