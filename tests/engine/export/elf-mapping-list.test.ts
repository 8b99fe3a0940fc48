/** The list of mappings against the list that QEMU keeps, written down here as its source describes it: one loop over everything for every page. */
import { expect, it } from 'vitest';
import { MappingList } from '#engine/export/elf/mapping-list.ts';
import { seededRandom } from '../io/seeded-random.ts';

interface Listed {
  virtual: number;
  physical: number;
  length: number;
}

/**
 * QEMU softmmu/memory_mapping.c (v7.2), memory_mapping_list_add_merge_sorted and what it calls, without its defect: a mapping that is extended downwards gets the lower
 * physical address, too. Addresses are small here, so that numbers hold them.
 */
class QemuList {
  readonly list: Listed[] = [];
  #last: Listed | undefined;

  add(virtual: number, physical: number, length: number): void {
    const goesOn = (before: Listed) => physical === before.physical + before.length && virtual === before.virtual + before.length;
    if (this.#last && goesOn(this.#last)) {
      this.#last.length += length;
      return;
    }
    for (const mapping of this.list) {
      const overlaps = physical + length >= mapping.physical && physical < mapping.physical + mapping.length;
      const sameDistance = virtual - mapping.virtual === physical - mapping.physical;
      if (goesOn(mapping)) mapping.length += length;
      else if (overlaps && sameDistance) {
        const end = Math.max(mapping.physical + mapping.length, physical + length);
        mapping.physical = Math.min(mapping.physical, physical);
        mapping.virtual = Math.min(mapping.virtual, virtual);
        mapping.length = end - mapping.physical;
      } else continue;
      this.#last = mapping;
      return;
    }
    const created = { virtual, physical, length };
    const at = this.list.findIndex((mapping) => mapping.physical >= physical);
    this.list.splice(at < 0 ? this.list.length : at, 0, created);
    this.#last = created;
  }
}

const rowOf = ({ virtual, physical, length }: { virtual: bigint | number; physical: number; length: number }) =>
  `${BigInt(virtual).toString(16)} ${physical.toString(16)} ${length.toString(16)}`;

it('merges random pages as QEMU does: 400 guests whose CPUs map few pages at few distances, up and down, again and again', () => {
  let merged = 0;
  for (let seed = 1; seed <= 400; seed++) {
    const random = seededRandom(seed);
    const pick = (limit: number) => Math.floor(random() * limit);
    const list = new MappingList();
    const model = new QemuList();
    const add = (page: number, frame: number, size: number) => {
      list.add(page, frame * 4096, size);
      model.add(page * 4096, frame * 4096, size);
    };
    const space = 8 + pick(100);
    const distances = 1 + pick(4);
    for (let n = 0; n < 60; n++) {
      const size = pick(5) === 0 ? 8 : 1;
      const distance = 1000 * pick(distances);
      let frame = pick(space);
      for (let run = pick(6); run >= 0; run--, frame += size) add(frame + distance, frame, size * 4096);
    }
    expect(list.sorted().map(rowOf).sort(), `seed ${seed}`).toEqual(model.list.map(rowOf).sort());
    expect(list.count).toBe(model.list.length);
    merged += model.list.length;
  }
  expect(merged).toBeGreaterThan(1500);
});

it('is in physical order, of mappings that start together the youngest first, with addresses of both halves whole', () => {
  const list = new MappingList();
  list.add(0x10, 0x5000, 4096);
  list.add(-1, 0x5000, 4096);
  list.add(-(2 ** 44), 0x1000, 4096);
  list.add(2 ** 44 - 1, 0x5000, 8192);
  expect(list.sorted().map(rowOf)).toEqual([
    'ff00000000000000 1000 1000',
    'fffffffffff000 5000 2000',
    'fffffffffffff000 5000 1000',
    '10000 5000 1000',
  ]);
});

it('of many pages apart at one distance, by two CPUs in turn, costs no search through all of them', () => {
  const list = new MappingList();
  const count = 20_000;
  for (let frame = 0; frame < count; frame++) list.add(4 * frame, 4 * frame * 4096, 4096);
  for (let frame = 0; frame < count / 4; frame++) list.add(4 * frame + 2, (4 * frame + 2) * 4096, 4096);
  expect(list.count).toBe(count + count / 4);
}, 30_000);
