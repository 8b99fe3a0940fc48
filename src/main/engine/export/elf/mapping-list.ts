/**
 * What QEMU makes of page tables for a dump with paging: a list of (virtual, physical, length), merged as it goes.
 *
 * Facts: QEMU softmmu/memory_mapping.c, memory_mapping_list_add_merge_sorted (v7.2). A page goes on with the mapping that was touched last, where it continues that in both
 * spaces; else with the first one in physical order that it continues, overlaps or ends at, with the same distance between virtual and physical addresses; else it becomes a mapping of
 * its own. Two mappings that grow into each other stay two. One that is extended downwards keeps its physical address there, which is then too high: a defect that this list
 * does not have.
 *
 * QEMU looks through its list for every page, which takes 6.5 s for the 65,700 mappings of a Linux guest with 5-level tables. Only mappings of the page's own distance can match, so
 * here each distance has a list of its own.
 */
export interface ListedMapping {
  virtual: bigint;
  physical: number;
  length: number;
}

export class MappingList {
  readonly #byDistance = new Map<bigint, ListedMapping[]>();
  /** In the order of creation. */
  readonly #all: ListedMapping[] = [];
  #last: ListedMapping | undefined;
  #lastEnd = -1;
  #lastVirtualEnd = -1n;

  get count(): number {
    return this.#all.length;
  }

  add(virtual: bigint, physical: number, length: number): void {
    if (physical === this.#lastEnd && virtual === this.#lastVirtualEnd) {
      this.#grow(this.#last!, this.#last!.length + length);
      return;
    }
    const distance = virtual - BigInt(physical);
    let group = this.#byDistance.get(distance);
    if (!group) this.#byDistance.set(distance, (group = []));
    const found = group.find((mapping) => mapping.physical + mapping.length >= physical && mapping.physical <= physical + length);
    if (!found) {
      const created = { virtual, physical, length };
      this.#all.push(created);
      const at = group.findIndex((mapping) => mapping.physical >= physical);
      group.splice(at < 0 ? group.length : at, 0, created);
      this.#grow(created, length);
      return;
    }
    const end = Math.max(found.physical + found.length, physical + length);
    if (physical < found.physical) {
      found.physical = physical;
      found.virtual = virtual;
    }
    this.#grow(found, end - found.physical);
  }

  #grow(mapping: ListedMapping, length: number): void {
    mapping.length = length;
    this.#last = mapping;
    this.#lastEnd = mapping.physical + length;
    this.#lastVirtualEnd = mapping.virtual + BigInt(length);
  }

  /** In physical order; of those that start together the youngest first. */
  sorted(): ListedMapping[] {
    return this.#all
      .map((mapping, age) => ({ mapping, age }))
      .sort((a, b) => a.mapping.physical - b.mapping.physical || b.age - a.age)
      .map(({ mapping }) => mapping);
  }
}
