/** Layouts of memslots that no dump of the lab has; those of Linux 6.1 are judged in tests/lab/kvm-vms.lab.test.ts. Facts: include/linux/kvm_host.h of the versions named. */
import { describe, expect, it } from 'vitest';
import { readMemslots } from '#engine/kvm/memslots.ts';
import type { CType, StructType } from '#engine/dwarf/type-model.ts';
import { flexible, MadeKvm, rbNode } from './made-kvm.ts';
import { array, pointer, struct, typesOf, u16, u32, u64 } from './made-structs.ts';

const KVM = 0x1000n;
const SETS = [0x4000n, 0x8000n] as const;

const oldSlot = struct('kvm_memory_slot', { base_gfn: u64, npages: u64, flags: u64, rmap: pointer, dirty_bitmap: pointer, userspace_addr: u64 });
const slot = struct('kvm_memory_slot', { base_gfn: u64, npages: u64, dirty_bitmap: pointer, userspace_addr: u64, flags: u32, id: u16, as_id: u16 });

const LOW = { base_gfn: 0, npages: 0xa0, userspace_addr: 0x7f00_0000_0000n, flags: 0 };
const HIGH = { base_gfn: 0x10_0000, npages: 0x400, userspace_addr: 0x7f00_8000_0000n, flags: 1 };
const ROM = { base_gfn: 0xf_ffc0, npages: 0x40, userspace_addr: 0x7f10_0000_0000n, flags: 2 };

const shown = ({ base_gfn, npages, userspace_addr }: typeof LOW, id: number, flags: string[] = [], addressSpace = 0) => ({
  addressSpace,
  id,
  baseGfn: base_gfn,
  npages,
  userspaceAddr: userspace_addr,
  flags,
});

/** A kernel of these structs beside struct kvm_memory_slot. */
function made(memslots: StructType, ...others: StructType[]): MadeKvm {
  return new MadeKvm(typesOf([memslots, ...others]));
}

/** Fills the array of slots at a place. */
function fill(kernel: MadeKvm, first: bigint, size: number, slots: readonly Readonly<Record<string, bigint | number>>[]): void {
  for (const [index, values] of slots.entries()) kernel.write('kvm_memory_slot', first + BigInt(index * size), values);
}

describe('arrays of memslots', () => {
  it('are read inside struct kvm itself (2.6.20), where the place in the array is the id', () => {
    const kernel = made(struct('kvm', { nmemslots: u32, memslots: array(oldSlot, 32) }), oldSlot);
    const kvm = kernel.write('kvm', KVM, { nmemslots: 3 });
    fill(kernel, kvm.at('memslots'), oldSlot.size!, [HIGH, { npages: 0 }, LOW]);
    const { memslots, problems } = readMemslots(kernel.kvm, kvm);
    expect(memslots).toEqual([shown(LOW, 2), shown(HIGH, 0, ['log-dirty-pages'])]);
    expect(problems).toEqual([]);
  });

  it('are read behind a pointer, as many as nmemslots says (2.6.34)', () => {
    const set = struct('kvm_memslots', { nmemslots: u32, memslots: array(oldSlot, 36) });
    const kernel = made(struct('kvm', { memslots: pointer }), oldSlot, set);
    const kvm = kernel.write('kvm', KVM, { memslots: SETS[0] });
    kernel.write('kvm_memslots', SETS[0], { nmemslots: 1 });
    fill(kernel, kernel.at('kvm_memslots', SETS[0]).at('memslots'), oldSlot.size!, [LOW, HIGH]);
    expect(readMemslots(kernel.kvm, kvm).memslots).toEqual([shown(LOW, 0)]);
  });

  it('are read whole where nothing counts those in use (3.4): unused ones have no pages', () => {
    const set = struct('kvm_memslots', { generation: u64, memslots: array(slot, 35), id_to_index: array(u32, 35) });
    const kernel = made(struct('kvm', { memslots: pointer }), slot, set);
    const kvm = kernel.write('kvm', KVM, { memslots: SETS[0] });
    fill(kernel, kernel.at('kvm_memslots', SETS[0]).at('memslots'), slot.size!, [
      { ...HIGH, id: 9 },
      { ...LOW, id: 4 },
      { npages: 0, id: 1 },
      { ...ROM, id: 7 },
    ]);
    expect(readMemslots(kernel.kvm, kvm).memslots).toEqual([shown(LOW, 4), shown(ROM, 7, ['readonly']), shown(HIGH, 9, ['log-dirty-pages'])]);
  });

  it.each<[string, CType]>([
    ['in an array of fixed length (4.2)', array(slot, 512)],
    ['in one as long as it needs to be (5.7)', flexible(slot)],
  ])('are read for each address space, as many as used_slots says, %s', (_, slots) => {
    const set = struct('kvm_memslots', { generation: u64, lru_slot: u32, used_slots: u32, memslots: slots });
    const kernel = made(struct('kvm', { memslots: array(pointer, 2) }), slot, set);
    const kvm = kernel.write('kvm', KVM, { 'memslots[0]': SETS[0], 'memslots[1]': SETS[1] });
    for (const [space, at] of SETS.entries()) {
      const { address } = kernel.write('kvm_memslots', at, { used_slots: 2 - space });
      fill(kernel, kernel.at('kvm_memslots', address).at('memslots'), slot.size!, [
        { ...HIGH, id: 1 },
        { ...LOW, id: 0 },
        { ...ROM, id: 2 },
      ]);
    }
    const { memslots } = readMemslots(kernel.kvm, kvm);
    expect(memslots).toEqual([shown(LOW, 0), shown(HIGH, 1, ['log-dirty-pages']), shown(HIGH, 1, ['log-dirty-pages'], 1)]);
  });

  it('with an absurd count are not read, and that is said', () => {
    const set = struct('kvm_memslots', { used_slots: u32, memslots: flexible(slot) });
    const kernel = made(struct('kvm', { memslots: array(pointer, 2) }), slot, set);
    const kvm = kernel.write('kvm', KVM, { 'memslots[0]': SETS[0], 'memslots[1]': 0 });
    kernel.write('kvm_memslots', SETS[0], { used_slots: 0x7fff_ffff });
    const { memslots, problems } = readMemslots(kernel.kvm, kvm);
    expect(memslots).toEqual([]);
    expect(problems).toEqual([
      'The number of memslots is 2147483647: they are not read.',
      'memslots[1] leads nowhere: its memslots are not in the dump.',
    ]);
  });
});

describe('trees of memslots (5.17)', () => {
  const treeSlot = struct('kvm_memory_slot', {
    gfn_node: array(rbNode, 2),
    base_gfn: u64,
    npages: u64,
    userspace_addr: u64,
    flags: u32,
    id: u16,
    as_id: u16,
  });
  const root = struct('rb_root', { rb_node: pointer });
  const set = struct('kvm_memslots', { gfn_tree: root, node_idx: u32 });
  const PLACES = [0x10000n, 0x11000n, 0x12000n] as const;
  const NODE = BigInt(rbNode.size!);

  /** One address space with the second node of each slot in the tree: LOW below the top's left, HIGH below its right. */
  function tree(): { kernel: MadeKvm; machine: ReturnType<MadeKvm['machine']> } {
    const kernel = made(struct('kvm', { memslots: array(pointer, 1) }), treeSlot, set, root, rbNode);
    const [low, top, high] = PLACES;
    kernel.write('kvm_memory_slot', low, { ...LOW, id: 0 });
    kernel.write('kvm_memory_slot', top, {
      ...ROM,
      id: 2,
      flags: 2 + 4 + (1 << 16),
      'gfn_node[1].rb_left': low + NODE,
      'gfn_node[1].rb_right': high + NODE,
    });
    kernel.write('kvm_memory_slot', high, { ...HIGH, id: 1 });
    kernel.write('kvm_memslots', SETS[0], { 'gfn_tree.rb_node': top + NODE, node_idx: 1 });
    return { kernel, machine: kernel.write('kvm', KVM, { 'memslots[0]': SETS[0] }) };
  }

  it('are read in order, by the node that the active set says, with the flags of guest_memfd', () => {
    const { kernel, machine } = tree();
    const { memslots, problems } = readMemslots(kernel.kvm, machine);
    expect(memslots).toEqual([shown(LOW, 0), shown(ROM, 2, ['readonly', 'guest-memfd', 'invalid']), shown(HIGH, 1, ['log-dirty-pages'])]);
    expect(problems).toEqual([]);
  });

  it('that lead into themselves end, and that is said', () => {
    const { kernel, machine } = tree();
    kernel.write('kvm_memory_slot', PLACES[0], { 'gfn_node[1].rb_left': PLACES[1] + NODE });
    const { memslots, problems } = readMemslots(kernel.kvm, machine);
    expect(memslots).toHaveLength(3);
    expect(problems).toEqual(['The tree of memslots is not whole: it leads into itself.']);
  });

  it('that lead out of the dump give what is there, and that is said', () => {
    const { kernel, machine } = tree();
    kernel.write('kvm_memory_slot', PLACES[1], { 'gfn_node[1].rb_right': 0x7777_0000_0000n });
    const { memslots, problems } = readMemslots(kernel.kvm, machine);
    expect(memslots.map(({ id }) => id)).toEqual([0, 2]);
    expect(problems).toEqual(['The tree of memslots is not whole: it leads to memory that is not in the dump.']);
  });

  it('of random pointers into the same memory end without harm', () => {
    let seed = 1;
    const random = () => (seed = (seed * 48271) % 0x7fff_ffff);
    for (let round = 0; round < 50; round++) {
      const { kernel, machine } = tree();
      for (let at = PLACES[0]; at < 0x13000n; at += 8n) kernel.poke(at, 8, BigInt((random() % 0x13000) & ~7));
      const { memslots } = readMemslots(kernel.kvm, machine);
      expect(memslots.length).toBeLessThan(0x13000 / 8);
    }
  });
});
