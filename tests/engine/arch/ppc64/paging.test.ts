import { describe, expect, it } from 'vitest';
import type { CpuState } from '#engine/arch/cpu-state.ts';
import { ppc64 } from '#engine/arch/ppc64/index.ts';
import { rightsOf } from '#engine/translate/paging-mode.ts';
import { visitPages } from '#engine/translate/page-visitor.ts';
import type { TranslationSpace } from '#engine/translate/translation-space.ts';
import { completedCpus, memoryOf, notesOf, readGuest, spaceOf, streamCpus, type PowerGuest } from './power-guests.ts';

/** Where an address leads, as the translator and as the walk have it, which must agree. */
function placeOf(space: TranslationSpace, address: bigint): string | null {
  const { result } = space.walk(address);
  const mapped = space.translateAddress(address);
  expect([address.toString(16), mapped]).toEqual([address.toString(16), result.kind === 'page']);
  if (result.kind !== 'page') return null;
  const { physical, pageSize, rights } = space.found;
  expect([physical, pageSize, rightsOf(rights)]).toEqual([result.physical, result.pageSize, result.effective]);
  return physical.toString(16);
}

function compare(guest: PowerGuest): { ours: (string | null)[]; theirs: (string | null)[]; addresses: bigint[] } {
  const cpus = completedCpus(guest);
  const spaces = cpus.map(({ index }) => spaceOf(guest, cpus, index));
  const addresses = guest.translations.map(({ gva }) => BigInt(`0x${gva}`));
  return {
    addresses,
    ours: guest.translations.map(({ cpu }, n) => placeOf(spaces[cpu]!, addresses[n]!)),
    theirs: guest.translations.map(({ gpa }) => gpa),
  };
}

describe('a hashed page table', () => {
  const guest = readGuest('hashed');
  const cpus = completedCpus(guest);

  it('leads where gva2gpa of QEMU says, and nowhere where it says so', () => {
    const { ours, theirs } = compare(guest);
    expect(ours).toEqual(theirs);
    expect(theirs.filter((gpa) => gpa !== null).length).toBeGreaterThan(100);
    expect(theirs.filter((gpa) => gpa === null).length).toBeGreaterThan(100);
  });

  it('is walked from the segment over a group of eight entries to the page', () => {
    const { steps, result } = spaceOf(guest, cpus, 0).walk(0xc0000000000e1130n);
    expect(steps.map(({ levelName }) => levelName)).toEqual(['SLB', 'HPTE 0', 'HPTE 1']);
    expect(steps[0]!.flags.find(({ name }) => name === 'B')?.meaning).toBe('1 TiB');
    expect(result).toMatchObject({ kind: 'page', pageSize: 65536, effective: { user: false } });
  });

  it('tells an address without a segment from one whose page is not in the table', () => {
    const space = spaceOf(guest, cpus, 0);
    expect(space.walk(0x4000000000000000n)).toMatchObject({ steps: [], result: { reason: 'not-present' } });
    const { steps } = space.walk(0xc000000020000000n);
    expect(steps.map(({ levelName, conclusion }) => [levelName, conclusion.kind])).toEqual([
      ['SLB', 'table'],
      ['primary group', 'not-present'],
      ['secondary group', 'not-present'],
    ]);
  });

  it('lists exactly the pages that translate, in order, and goes on where a listing was cut', () => {
    const space = spaceOf(guest, cpus, 0);
    const { mappings, next } = space.listMappings(0n, 10_000);
    expect(next).toBeNull();
    for (const { start, last, physical } of mappings) {
      expect(placeOf(space, start)).toBe(physical.toString(16));
      expect(placeOf(space, last)).toBe((physical + Number(last - start)).toString(16));
    }
    for (const [n, { start }] of mappings.entries()) if (n > 0) expect(start > mappings[n - 1]!.last).toBe(true);
    for (const { cpu, gva, gpa } of guest.translations) {
      const address = BigInt(`0x${gva}`);
      if (cpu === 0) expect([gva, mappings.some(({ start, last }) => address >= start && address <= last)]).toEqual([gva, gpa !== null]);
    }
    const middle = mappings[Math.floor(mappings.length / 2)]!;
    expect(space.listMappings(middle.start, 10_000).mappings[0]).toEqual(middle);

    const visited: bigint[] = [];
    const { mode, options, root } = space.main;
    visitPages(memoryOf(guest), mode, root!, options, (page, physical, size) => {
      visited.push(BigInt.asUintN(64, BigInt(page) * 4096n));
      expect(placeOf(space, BigInt.asUintN(64, BigInt(page) * 4096n))).toBe(physical.toString(16));
      return size > 0;
    });
    expect(visited.length).toBe(mappings.reduce((sum, { start, last, pageSize }) => sum + Number(last - start + 1n) / pageSize, 0));
  });

  it('in a hypervisor’s own memory, in the form of POWER9, leads where gva2gpa says', () => {
    const answered = readGuest('powernv-hashed');
    const { addresses, ours, theirs } = compare(answered);
    // AMR keeps the kernel from user pages, which gva2gpa minds.
    const kernel = addresses.flatMap((address, n) => (address >> 62n === 3n ? [n] : []));
    expect(kernel.map((n) => ours[n])).toEqual(kernel.map((n) => theirs[n]));
    expect(kernel.filter((n) => theirs[n] !== null).length).toBeGreaterThan(60);
    expect(completedCpus(answered)[0]!.registers.patb_tree).toMatchObject({ inferred: true });
  });

  it('is not there without its section: the dump holds no root then', () => {
    const { reason, tables } = ppc64.describeCpu(streamCpus(guest)[0]!).paging;
    expect(tables.map(({ root }) => root)).toEqual([null]);
    expect(reason).toContain('the dump does not hold the hashed page table');
  });
});

describe('radix trees', () => {
  const guest = readGuest('radix');
  const cpus = completedCpus(guest);

  it.each([
    ['a pseries guest', guest],
    ['a hypervisor, whose PTCR leads to a partition table,', readGuest('powernv')],
  ])('of %s lead where gva2gpa of QEMU says', (_, answered) => {
    const { addresses, ours, theirs } = compare(answered);
    // AMR keeps the kernel from user pages, which gva2gpa minds: it has no answer for them.
    const kernel = addresses.flatMap((address, n) => (address >> 62n === 0n && theirs[n] === null ? [] : [n]));
    expect(kernel.map((n) => ours[n])).toEqual(kernel.map((n) => theirs[n]));
    expect(theirs.filter((gpa) => gpa !== null).length).toBeGreaterThan(40);
    expect(kernel.length).toBeGreaterThan(70);
  });

  it('come from the process table, by PIDR and for process 0', () => {
    const { registers } = cpus[0]!;
    expect(registers.patb_entry).toMatchObject({ value: 0x800000001e00000cn, source: 'section spapr, field patb_entry' });
    expect(registers.prtb_entry0).toMatchObject({ inferred: true, source: 'inferred: process table entry 0 at 0x1e000000' });
    const { tables } = ppc64.describeCpu(cpus[0]!).paging;
    expect(tables.map(({ register, mode, root }) => [register, mode, root])).toEqual([
      ['PRTB', 'ppc-radix', 0x4b60000],
      ['PRTB0', 'ppc-radix-kernel', 0x2740000],
    ]);
  });

  it('of a hypervisor come from the partition table', () => {
    const [{ registers }] = completedCpus(readGuest('powernv')) as [CpuState];
    expect(registers.patb_entry).toMatchObject({ inferred: true, source: 'inferred: partition table entry at 0x3dfc0008' });
    expect(registers.prtb_entry?.source).toBe('inferred: process table entry 2 at 0x3c000020');
  });

  it('end at 2 MiB and 64 KiB pages with the rights that these give', () => {
    const space = spaceOf(guest, cpus, 0);
    expect(space.walk(0xc0000000000e1130n).result).toMatchObject({
      pageSize: 2 ** 21,
      effective: { user: false, writable: false, executable: true },
    });
    expect(space.walk(0x10000bc8n).result).toMatchObject({ pageSize: 65536, effective: { user: true, writable: false, executable: true } });
    expect(space.walk(0x10000bc8n).steps.map(({ indexHighBit, indexLowBit }) => [indexHighBit, indexLowBit])).toEqual([
      [51, 39],
      [38, 30],
      [29, 21],
      [20, 16],
    ]);
  });

  it('of the kernel are known from VMCOREINFO, where a vmcore has nothing else', () => {
    const notes = notesOf(guest).map((each, index) => ppc64.cpuFromNotes(each, index, { elfMachine: 21, littleEndian: guest.littleEndianCore }));
    expect(ppc64.describeCpu(notes[0]!).paging).toMatchObject({ root: null, mode: 'ppc-radix-kernel' });
    const said = (symbol: string) => new Map([['SYMBOL(swapper_pg_dir)', symbol]]);
    const completed = ppc64.completeCpus!(notes, { memory: memoryOf(guest), vmcoreinfo: said('c000000002740000') });
    expect(completed.map((cpu) => ppc64.describeCpu(cpu).paging.tables.map(({ root }) => root))).toEqual([
      [null, 0x2740000],
      [null, 0x2740000],
    ]);
    expect(spaceOf(guest, completed, 0).walk(0xc0000000000e1130n).result).toMatchObject({ physical: 0xe1130 });
    // A kernel without radix trees has something else there, and a text that is none says nothing.
    for (const symbol of ['c000000002740008', 'c000000002750000', '2740000', 'nonsense'])
      expect(ppc64.completeCpus!(notes, { memory: memoryOf(guest), vmcoreinfo: said(symbol) })).toEqual(notes);
  });

  it('have no addresses in quadrants 1 and 2', () => {
    const space = spaceOf(guest, cpus, 0);
    for (const address of [0x4000000000000000n, 0x8000000000000000n, 0x0010000000000000n])
      expect(space.walk(address).result).toMatchObject({ reason: 'non-canonical' });
  });
});

describe('real mode', () => {
  it('takes addresses as they are, without their top four bits', () => {
    const { addresses, ours, theirs } = compare(readGuest('firmware'));
    const possible = addresses.flatMap((address, n) => (BigInt.asUintN(60, address) >> 52n === 0n ? [n] : []));
    expect(possible.map((n) => ours[n])).toEqual(possible.map((n) => theirs[n]));
    expect(possible.length).toBeGreaterThan(40);
  });

  it('comes before what the tables say, which can be asked for', () => {
    const { regimes, paging } = ppc64.describeCpu(completedCpus(readGuest('firmware'))[0]!);
    expect([paging, ...regimes].map(({ id }) => id)).toEqual(['real', 'real', 'hashed']);
  });
});
