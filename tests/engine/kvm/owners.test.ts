/** What says that not all owners of a host's page are listed; owners on a real host are judged by tests/lab/kvm-translate.lab.test.ts. */
import { describe, expect, it } from 'vitest';
import { x86_64 } from '#engine/arch/x86-64/index.ts';
import type { KvmMachine } from '#engine/kvm/machine.ts';
import { findOwners } from '#engine/kvm/owners.ts';
import { TranslationSpace } from '#engine/translate/translation-space.ts';
import { BufferMemory } from '../translate/buffer-memory.ts';

const ROOT = 0x1000;
const SHARED = 0x8000;
const slot = { addressSpace: 0, id: 3, baseGfn: 16, npages: 2, userspaceAddr: 0n, flags: [] };

/** A process with a page at so many addresses from 0 on, and a table more where asked for that is not in the dump. */
function processWith(count: number, torn = false) {
  const memory = new BufferMemory([{ start: 0, bytes: new Uint8Array(0x10000) }]);
  for (const [table, next] of [
    [ROOT, 0x2000],
    [0x2000, 0x3000],
    [0x3000, 0x4000],
  ] as const)
    memory.writeU64(table, BigInt(next) | 7n);
  for (let page = 0; page < count; page++) memory.writeU64(0x4000 + 8 * page, BigInt(SHARED) | 0x67n);
  if (torn) memory.writeU64(0x3008, 0x80_0000n | 7n);
  const table = { mode: x86_64.pagingMode('x86-64-4level'), root: ROOT, source: 'test', options: {}, first: 0n, last: 2n ** 47n - 1n };
  const tables = new TranslationSpace(memory, [table]);
  const machine = { id: '7', pid: 7, name: 'qemu', memslots: [slot], processSpace: { tables } } as unknown as KvmMachine;
  return (physical: number, of: KvmMachine = machine) => findOwners(of, memory, physical, () => null);
}

describe('owners of a host page', () => {
  it('are every address of the process, with the GPA where a memslot shows it', () => {
    const { owners, problems } = processWith(3)(SHARED + 8);
    expect(problems).toEqual([]);
    expect(owners.map(({ hva, gpa, memslot }) => [hva, gpa, memslot?.id])).toEqual([
      [0x8n, 0x10008, 3],
      [0x1008n, 0x11008, 3],
      [0x2008n, null, undefined],
    ]);
    expect(processWith(3)(0x9000)).toEqual({ owners: [], problems: [] });
  });

  it('of a page that many addresses share are the first 64, which is said only where there are more', () => {
    expect(processWith(64)(SHARED).problems).toEqual([]);
    const { owners, problems } = processWith(65)(SHARED);
    expect(owners).toHaveLength(64);
    expect(problems).toEqual(['The process of virtual machine 7 has it at more addresses: the first 64 are listed.']);
  });

  it('may be more than those found where tables of the process are not in the dump', () => {
    expect(processWith(1, true)(SHARED).problems).toEqual([expect.stringMatching(/^A page table .* virtual machine 7 is not in the dump/)]);
    const lost = { id: '7', memslots: [], processSpace: undefined } as unknown as KvmMachine;
    expect(processWith(1)(SHARED, lost)).toEqual({ owners: [], problems: [expect.stringContaining('is not known')] });
  });
});
