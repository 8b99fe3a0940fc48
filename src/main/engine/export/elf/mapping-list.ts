/**
 * What QEMU makes of page tables for a dump with paging: a list of (virtual, physical, length), merged as it goes.
 *
 * Facts: QEMU softmmu/memory_mapping.c, memory_mapping_list_add_merge_sorted (v7.2). A page goes on with the mapping that was touched last, where it continues that in both
 * spaces; else with the first one in physical order that it continues, overlaps or ends at, with the same distance between virtual and physical addresses; else it becomes a mapping of
 * its own. Two mappings that grow into each other stay two. One that is extended downwards keeps its physical address there, which is then too high: a defect that this list
 * does not have.
 *
 * QEMU looks through its list for every page, which takes 6.5 s for the 65,700 mappings of a Linux guest with 5-level tables. Only mappings of the page's own distance can match, so
 * here each distance has a group of its own, with a binary search. Virtual addresses are numbers of 4 KiB pages, signed, which are exact where 64-bit addresses are not.
 */
import { PAGE_SIZE } from '../../memory/extent-table.ts';

export interface ListedMapping {
  virtual: bigint;
  physical: number;
  length: number;
}

interface Entry {
  /** First virtual page, signed. */
  page: number;
  physical: number;
  length: number;
}

/** Mappings with the same distance between their addresses, by physical address. No two start together; they may overlap. */
class Group {
  readonly #entries: Entry[];
  /** The highest end among each entry and those before it: ascending, though the ends of overlapping entries are not. */
  readonly #reaches: number[];

  constructor(first: Entry) {
    // Most groups stay with one entry, and an array that is made with it takes a tenth of the memory of one that grows.
    this.#entries = [first];
    this.#reaches = [first.physical + first.length];
  }

  /** The first entry that [physical, end] touches. */
  find(physical: number, end: number): Entry | undefined {
    const found = this.#entries[lowerBound(this.#reaches.length, (index) => this.#reaches[index]! >= physical)];
    return found && found.physical <= end ? found : undefined;
  }

  /** Of an entry that touches no other. */
  insert(entry: Entry): void {
    const at = this.#indexOf(entry);
    this.#entries.splice(at, 0, entry);
    this.#reaches.splice(at, 0, entry.physical + entry.length);
  }

  /** To be called when the entry has grown. */
  grown(entry: Entry): void {
    const end = entry.physical + entry.length;
    for (let index = this.#indexOf(entry); index < this.#reaches.length && this.#reaches[index]! < end; index++) this.#reaches[index] = end;
  }

  #indexOf({ physical }: Entry): number {
    return lowerBound(this.#entries.length, (index) => this.#entries[index]!.physical >= physical);
  }
}

export class MappingList {
  readonly #groups = new Map<number, Group>();
  /** In the order of creation. */
  readonly #all: Entry[] = [];
  #last: Entry = { page: 0, physical: 0, length: 0 };
  #lastGroup: Group | undefined;
  #lastEnd = -1;
  #lastPageEnd = 0;

  get count(): number {
    return this.#all.length;
  }

  /** `page`: the virtual address over 4096, signed; the others in bytes. */
  add(page: number, physical: number, length: number): void {
    if (physical === this.#lastEnd && page === this.#lastPageEnd) {
      this.#last.length += length;
      this.#lastEnd += length;
      this.#lastPageEnd += length / PAGE_SIZE;
      return;
    }
    this.#lastGroup?.grown(this.#last);
    const distance = page - physical / PAGE_SIZE;
    let group = this.#groups.get(distance);
    let entry = group?.find(physical, physical + length);
    if (group && entry) {
      const end = Math.max(entry.physical + entry.length, physical + length);
      if (physical < entry.physical) {
        entry.physical = physical;
        entry.page = page;
      }
      entry.length = end - entry.physical;
      group.grown(entry);
    } else {
      entry = { page, physical, length };
      this.#all.push(entry);
      if (group) group.insert(entry);
      else this.#groups.set(distance, (group = new Group(entry)));
    }
    this.#last = entry;
    this.#lastGroup = group;
    this.#lastEnd = entry.physical + entry.length;
    this.#lastPageEnd = entry.page + entry.length / PAGE_SIZE;
  }

  /** In physical order; of those that start together the youngest first. */
  sorted(): ListedMapping[] {
    // The sort is stable.
    const ordered = this.#all.toReversed().sort((a, b) => a.physical - b.physical);
    return ordered.map(({ page, physical, length }) => ({ virtual: BigInt.asUintN(64, BigInt(page) * BigInt(PAGE_SIZE)), physical, length }));
  }
}

/** The first of `count` indexes that passes, when all after it do; `count` when none does. */
function lowerBound(count: number, passes: (index: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (passes(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
