/** A virtual address space: one set of tables, or one for each half of the addresses, behind one face. */
import { formatAddress } from '#shared/address-text.ts';
import type { Mapping, PageTableView, PagingLevel, Translation, Walk } from '#shared/model/index.ts';
import type { PhysicalMemory } from '#engine/memory/physical-memory.ts';
import { listMappings } from './mappings.ts';
import { readPageTable } from './page-table.ts';
import { type PagingMode, type StageTable } from './paging-mode.ts';
import { Translator } from './translator.ts';
import { collectWalk } from './walk.ts';

export interface SpaceTable extends StageTable {
  /** Virtual addresses that it translates, `last` inclusive. */
  first: bigint;
  last: bigint;
}

export class TranslationSpace {
  /** Ascending and disjoint, at least one. */
  readonly tables: readonly SpaceTable[];
  /** The kernel's, where there are several. */
  readonly main: SpaceTable;
  readonly #memory: PhysicalMemory;
  readonly #translators: readonly Translator[];
  readonly #tagged: boolean;
  #used: Translator;

  constructor(memory: PhysicalMemory, tables: readonly SpaceTable[]) {
    const main = tables.at(-1);
    if (main === undefined) throw new Error('assertion failed: an address space has a table');
    this.tables = tables;
    this.main = main;
    this.#memory = memory;
    this.#translators = tables.map(({ mode, root, options }) => new Translator(memory, mode, root, options));
    this.#tagged = tables.some(({ options }) => options.topByteIgnored === true || options.topBitsIgnored !== undefined);
    this.#used = this.#translators[0]!;
  }

  /** The table that translates this address; for an address that none does, the one that says why not. */
  tableFor(address: bigint): SpaceTable {
    return this.tables[this.#indexFor(address)]!;
  }

  /** The translator that translates this address, for loops over one stretch of addresses. */
  translatorFor(address: bigint): Translator {
    return this.#translators[this.#indexFor(address)]!;
  }

  /** The address as the tables see it: without its top byte or bits, where the CPU ignores them. */
  untagged(address: bigint): bigint {
    if (!this.#tagged) return address;
    const { topBitsIgnored } = this.tables[this.#placeOf(address)]!.options;
    if (topBitsIgnored !== undefined) return BigInt.asUintN(64 - topBitsIgnored, address);
    const plain = BigInt.asUintN(64, BigInt.asIntN(56, address));
    return this.tables[this.#placeOf(plain)]!.options.topByteIgnored === true ? plain : address;
  }

  /** True when the address is mapped; `found` then tells where. */
  translateAddress(address: bigint): boolean {
    const plain = this.untagged(address);
    this.#used = this.translatorFor(plain);
    return this.#used.translateAddress(plain);
  }

  /** What the last `translateAddress` found: its `physical`, `pageSize`, `rights`, `level`, `fault`. */
  get found(): Translator {
    return this.#used;
  }

  answer(address: bigint): Translation {
    return { ...this.translatorFor(address).answer(this.untagged(address)), address };
  }

  walk(address: bigint): Walk {
    const { mode, root, source, options } = this.tableFor(address);
    const plain = this.untagged(address);
    const walk = collectWalk(this.#memory, mode, root, source, plain, options);
    if (plain === address) return walk;
    const ignored = options.topBitsIgnored === undefined ? 'byte' : `${options.topBitsIgnored} bits`;
    const sentence = `The CPU ignores the top ${ignored} of ${formatAddress(address)}. ${walk.result.sentence}`;
    return { ...walk, address, result: { ...walk.result, sentence } };
  }

  /** See readPageTable. */
  readPageTable(table: number, level: number, virtual: bigint): PageTableView {
    const { mode, options } = this.tableFor(virtual);
    return readPageTable(this.#memory, mode, table, level, virtual, options, this.#sizedLevel(mode, table, level, virtual));
  }

  /** See listMappings: of all tables, one after the other. */
  listMappings(from: bigint, limit: number): { mappings: Mapping[]; next: bigint | null } {
    const listed: Mapping[] = [];
    for (const { mode, root, options, first, last } of this.tables) {
      if (from > last) continue;
      const { mappings, next } = listMappings(this.#memory, mode, root, limit - listed.length, { ...options, from: from > first ? from : first });
      for (const mapping of mappings) listed.push(mapping);
      if (next !== null && next <= last) return { mappings: listed, next };
      if (listed.length >= limit) return { mappings: listed, next: this.tables.find((table) => table.first > last)?.first ?? null };
    }
    return { mappings: listed, next: null };
  }

  /** The level of a table whose size the entry that leads to it tells. */
  #sizedLevel(mode: PagingMode, table: number, level: number, virtual: bigint): PagingLevel | undefined {
    const usual = mode.levels.find((candidate) => candidate.level === level);
    if (mode.format.nextShift === undefined || usual === undefined) return usual;
    const step = this.walk(virtual).steps.find((candidate) => candidate.level === level && candidate.table === table);
    return step ? { ...usual, shift: step.indexLowBit, bits: step.indexHighBit - step.indexLowBit + 1 } : usual;
  }

  #indexFor(address: bigint): number {
    return this.#placeOf(this.untagged(address));
  }

  #placeOf(address: bigint): number {
    const { tables } = this;
    for (let index = tables.length - 1; index > 0; index--) if (address >= tables[index]!.first) return index;
    return 0;
  }
}
