import { describe, expect, it } from 'vitest';
import type { VirtualMachine } from '#shared/model/index.ts';
import { accessesOf, endWords, legsOf, stepWords } from '../../../src/renderer/src/features/machines/guest-legs.ts';
import { placeInHost } from '../../../src/renderer/src/features/machines/machine-places.ts';
import { commandText, filterMachines, findingOf, nestedWords, titleOf, whose } from '../../../src/renderer/src/features/machines/machine-words.ts';
import { describeSlot, slotsText, sortSlots, spaceWords } from '../../../src/renderer/src/features/machines/slot-order.ts';
import { SLOTS, WALK } from './lab-host.ts';

const VM: VirtualMachine = {
  id: '174',
  pid: 174,
  name: 'qemu-system-x86',
  commandLine: ['qemu-system-x86_64', '-append', "console=ttyS0 init='/x'"],
  guestName: 'guest-1',
  address: 0xffff_d38b_c044_8000n,
  foundBy: ['vm-list', 'task-file'],
  memory: 0x700_0000,
  pageSize: 4096,
  memslots: [...SLOTS],
  vcpus: [],
  nested: [],
  problems: [],
};

describe('a machine in words', () => {
  it('says when one of the two ways did not lead to it', () => {
    expect(findingOf(VM)).toMatchObject({ words: 'both ways', doubtful: false });
    expect(findingOf({ foundBy: ['vm-list'], problems: ['No task holds it.'] })).toEqual({
      words: 'vm_list only',
      doubtful: true,
      title: 'Not found by open file. No task holds it.',
    });
    expect(findingOf({ foundBy: ['task-file'], problems: [] }).words).toBe('open file only');
  });

  it('goes by its guest’s name, else by its process; and by its address where no process is known', () => {
    expect(titleOf(VM)).toBe('guest-1');
    expect(titleOf({ ...VM, guestName: null })).toBe('qemu-system-x86');
    expect(whose(VM)).toBe('PID 174');
    expect(whose({ pid: null, id: '0xffffd38b' })).toBe('process not known, 0xffffd38b');
  });

  it('copies a command line that a shell takes as it was', () => {
    expect(commandText(VM)).toBe(`qemu-system-x86_64 -append 'console=ttyS0 init='\\''/x'\\'''`);
    expect(commandText({ commandLine: null })).toBeNull();
  });

  it('names nested tables and whose they are', () => {
    expect(nestedWords({ kind: 'npt', root: 0, levels: 4, addressSpace: 0, vcpus: [0, 1] })).toBe('NPT, 4 levels, vCPUs 0, 1');
    expect(nestedWords({ kind: 'ept', root: 0, levels: 5, addressSpace: 1, vcpus: [3] })).toBe('EPT, 5 levels, vCPU 3, address space 1 (SMM)');
    expect(nestedWords({ kind: 'npt', root: 0, levels: 4, addressSpace: 0, vcpus: [] })).toBe('NPT, 4 levels, no vCPU has them loaded');
  });

  it('is found by a word of its command line', () => {
    expect(filterMachines([VM], 'TTYs0')).toEqual([VM]);
    expect(filterMachines([VM], '175')).toEqual([]);
  });
});

describe('memslots in words', () => {
  it('sort by where they lie in the process, and back', () => {
    expect(sortSlots(SLOTS, { column: 'host', descending: false }).map(({ id }) => id)).toEqual([0, 2, 3, 4, 5, 1]);
    expect(sortSlots(SLOTS, { column: 'pages', descending: true })[0]!.id).toBe(5);
  });

  it('have both ranges, inclusive, and their flags', () => {
    expect(describeSlot(SLOTS[5]!)).toBe(
      'memslot 1, guest-physical 0000 fffc 0000 to 0000 ffff ffff, host-virtual 7f9a c6e0 0000 to 7f9a c6e3 ffff, 256 KiB in 64 pages, read-only',
    );
    expect(slotsText([SLOTS[5]!])).toBe('0:1  0xfffc0000-0xffffffff  0x7f9ac6e00000-0x7f9ac6e3ffff  64 pages  read-only\n');
    expect(spaceWords(1)).toBe('1 (SMM)');
  });
});

describe('the way of an address', () => {
  it('has a leg for every walk, named by its tables', () => {
    const legs = legsOf(WALK);
    expect(legs.map(({ title }) => title)).toEqual(['Guest’s tables', 'Process’s tables', 'NPT']);
    expect(stepWords(legs[1]!.walk)).toBe('PML4[255] PDPT[106] PD[463]');
    expect(endWords(legs[0]!.walk)).toBe('2 MiB page, P A D PS G');
    expect(accessesOf(legs[2]!.walk)).toBe(3);
  });
});

describe('an address of the host', () => {
  it('is a place in the dump, whose physical addresses are the HPAs', () => {
    expect(placeInHost({ space: 'hpa', address: 0x1000n })).toEqual({ space: 'gpa', address: 0x1000n });
    expect(placeInHost({ space: 'hva', address: 0xffff_8000_0000_0000n })).toEqual({ space: 'gva', address: 0xffff_8000_0000_0000n });
    expect(placeInHost({ space: 'hva', address: 0x7f9a_b8e0_0000n })).toBeNull();
    expect(placeInHost({ space: 'gpa', address: 0x1000n })).toBeNull();
  });
});
