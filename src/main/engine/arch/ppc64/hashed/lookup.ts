/**
 * Translation by segments and a hashed page table: SLB entry, hash, the eight entries of a group, and if none fits those of a second group.
 *
 * Source: Power ISA 2.07B, Book III-S, sections 5.7.6 to 5.7.9; the sizes that pages may have in a segment: POWER8 Processor User's Manual, section 4.10.5.
 * An entry translates the addresses of one base page of the segment, also where its page is larger. Not looked at: virtual page class keys (AMR, IAMR).
 */
import { formatAddress, formatSize } from '#shared/address-text.ts';
import type { Mapping, WalkResult, WalkStep } from '#shared/model/index.ts';
import type { PhysicalMemory } from '#engine/memory/physical-memory.ts';
import { ENTRY_PAGE, rightsOf, type FoundPage, type TableLookup } from '#engine/translate/paging-mode.ts';
import { decodeBits } from '../../bit-table.ts';
import { SLB_VSID_BITS } from '../bits/translation.ts';
import { firstFields, hashedEntry, HPTE_SECONDARY, HPTE_VALID } from './hashed-entry.ts';
import { segmentOf, type Segment } from './segments.ts';
import { pageOf, pageShiftOf, type Hit } from './page.ts';
import type { EntryReader } from './table.ts';

const GROUP = 8;
/** V, H and what tells the virtual page. */
const COMPARED = 0xffff_ffff_ffff_ff83n;
const AVPN = 0x3fff_ffff_ffff_ff80n;
const GROUP_NAMES = ['primary group', 'secondary group'];

interface Probe {
  /** Numbers of the groups' first entries, and what the first doubleword of a fitting entry is in each. */
  groups: readonly [number, number];
  wanted: readonly [bigint, bigint];
}

export class HashedLookup implements TableLookup {
  readonly #segments: readonly Segment[];
  readonly #table: EntryReader;
  readonly #groups: bigint;

  constructor(segments: readonly Segment[], table: EntryReader) {
    this.#segments = segments;
    this.#table = table;
    this.#groups = 1n << BigInt(table.shift - 7);
  }

  find(memory: PhysicalMemory, address: bigint): FoundPage | 'not-present' | 'table-missing' {
    const segment = segmentOf(this.#segments, address);
    if (segment?.pageShift === undefined) return 'not-present';
    const hit = this.#search(memory, segment, this.#probe(segment, segment.pageShift, address));
    return typeof hit === 'string' ? hit : pageOf(segment, hit, address);
  }

  *walk(memory: PhysicalMemory, address: bigint): Generator<WalkStep, WalkResult, undefined> {
    const segment = segmentOf(this.#segments, address);
    if (segment?.pageShift === undefined) {
      const sentence = segment
        ? `SLB entry ${segment.slot} has a page size that no CPU has.`
        : `No entry of the SLB covers ${formatAddress(address)}: the CPU raises a segment interrupt, and the kernel fills in an entry or the address is not mapped.`;
      return { kind: 'fault', reason: 'not-present', sentence };
    }
    const probe = this.#probe(segment, segment.pageShift, address);
    yield this.#segmentStep(segment, probe, address);
    const hit = this.#search(memory, segment, probe);
    if (hit === 'table-missing') {
      const sentence = `The dump does not hold the hashed page table's group at GPA ${formatAddress(this.#place(probe.groups[0]))}, so nobody can say where the address leads.`;
      return { kind: 'fault', reason: 'table-missing', sentence };
    }
    if (hit === 'not-present' || hit.group === 1) yield this.#missStep(segment, probe, 0);
    if (hit === 'not-present') {
      yield this.#missStep(segment, probe, 1);
      const sentence = `Neither group has an entry of this virtual page: the CPU raises a storage interrupt. Linux keeps its own page tables and may still have the page.`;
      return { kind: 'fault', reason: 'not-present', sentence };
    }
    const page = pageOf(segment, hit, address);
    const pageStart = page.physical - (page.physical % page.pageSize);
    const begun = this.#groupStep(segment, probe, hit.group);
    const place = `Entry ${hit.index % GROUP} of the ${GROUP_NAMES[hit.group]}`;
    const at = this.#place(hit.index);
    yield {
      ...begun,
      levelName: 'HPTE 0',
      index: hit.index % GROUP,
      entryAddress: at,
      entry: hit.first,
      flags: firstFields(hit.first),
      conclusion: { kind: 'table', next: at + 8 },
      sentence: `${place} is of this virtual page.`,
    };
    const size = hit.shift === segment.pageShift ? '' : `, part of a ${formatSize(2 ** hit.shift)} page`;
    yield {
      ...begun,
      level: 1,
      levelName: 'HPTE 1',
      index: hit.index % GROUP,
      entryAddress: at + 8,
      entry: hit.second,
      flags: hashedEntry.fields(1, hit.second, ENTRY_PAGE, false),
      conclusion: { kind: 'page', physical: page.physical, pageStart, pageSize: page.pageSize },
      sentence: `${place} maps a ${formatSize(page.pageSize)} page at GPA ${formatAddress(pageStart)}${size}.`,
    };
    const state = memory.stateAt(page.physical);
    const effective = rightsOf(page.rights);
    const words = `${effective.writable ? 'writable' : 'read-only'}, ${effective.user ? 'user and kernel' : 'kernel only'}, ${effective.executable ? 'executable' : 'not executable'}`;
    const sentence = `${formatAddress(address)} is at GPA ${formatAddress(page.physical)}, in a ${formatSize(page.pageSize)} page: ${words}.`;
    const flags = hashedEntry.flagNames(1, page.low, page.high, ENTRY_PAGE);
    return { kind: 'page', physical: page.physical, pageStart, pageSize: page.pageSize, flags, effective, state, sentence };
  }

  /** Pages whose segment is in the SLB. */
  *pages(memory: PhysicalMemory, from: bigint): Generator<Mapping, undefined, undefined> {
    const segments = this.#segments.filter(({ pageShift }) => pageShift !== undefined).sort((a, b) => (a.start < b.start ? -1 : 1));
    const starts = new Map<Segment, bigint[]>(segments.map((segment) => [segment, []]));
    const count = Number(this.#groups) * GROUP;
    for (let index = 0; index < count; index++) {
      if (!this.#table.mayBeValid(index) || !this.#table.read(memory, index) || (this.#table.first & HPTE_VALID) === 0n) continue;
      const { first } = this.#table;
      for (const segment of segments) {
        if (((first ^ segment.tag) & segment.tagMask) !== 0n) continue;
        const start = this.#startOf(segment, segment.pageShift ?? 12, first, index);
        const page = start + 2n ** BigInt(segment.pageShift ?? 12);
        // An entry that the search does not find, since another comes first, maps nothing.
        if (page > from && segmentOf(this.#segments, start) === segment) {
          const hit = this.#search(memory, segment, this.#probe(segment, segment.pageShift ?? 12, start));
          if (typeof hit !== 'string' && hit.index === index) starts.get(segment)?.push(start);
        }
      }
    }
    for (const list of starts.values()) {
      for (const start of list.sort((a, b) => (a < b ? -1 : 1))) {
        const page = this.find(memory, start);
        if (typeof page === 'string') continue;
        const { physical, pageSize, low, high, rights } = page;
        const flags = hashedEntry.flagNames(1, low, high, ENTRY_PAGE);
        yield { start, last: start + BigInt(pageSize) - 1n, physical, pageSize, flags, effective: rightsOf(rights) };
      }
    }
  }

  #probe({ bits, seed, vsid }: Segment, pageShift: number, address: bigint): Probe {
    const offset = (BigInt.asUintN(bits, address) >> BigInt(pageShift)) << BigInt(pageShift);
    const hash = seed ^ (offset >> BigInt(pageShift));
    const wanted = (vsid & ~0xfffn) | ((offset >> 16n) & AVPN) | HPTE_VALID;
    const group = (value: bigint): number => Number(value & (this.#groups - 1n)) * GROUP;
    return { groups: [group(hash), group(~hash)], wanted: [wanted, wanted | HPTE_SECONDARY] };
  }

  #search(memory: PhysicalMemory, segment: Segment, { groups, wanted }: Probe): Hit | 'not-present' | 'table-missing' {
    const table = this.#table;
    for (const group of [0, 1] as const) {
      for (let slot = 0; slot < GROUP; slot++) {
        const index = groups[group] + slot;
        if (!table.read(memory, index)) return 'table-missing';
        const { first, second } = table;
        if (((first ^ wanted[group]) & COMPARED) !== 0n) continue;
        const shift = pageShiftOf(segment.pageShift ?? 0, first, second);
        if (shift !== undefined) return { index, group, first, second, shift };
      }
    }
    return 'not-present';
  }

  /** The address that an entry is of: its number tells what the hash was of, the entry itself the rest. */
  #startOf({ start, seed, tagMask, bits }: Segment, pageShift: number, first: bigint, index: number): bigint {
    const group = BigInt(Math.floor(index / GROUP));
    const hash = (first & HPTE_SECONDARY) === 0n ? group : ~group;
    const low = BigInt.asUintN(bits, ((hash ^ seed) & (this.#groups - 1n)) << BigInt(pageShift));
    const high = BigInt.asUintN(bits, (first & AVPN & ~tagMask) << 16n);
    const known = 23n > BigInt(pageShift) ? 23n : BigInt(pageShift);
    return start | ((high >> known) << known) | BigInt.asUintN(Number(known), low);
  }

  /** Where an entry stands: a GPA, or an offset in a table that is not in guest memory. */
  #place(index: number): number {
    return this.#table.start + index * 16;
  }

  #segmentStep(segment: Segment, { groups }: Probe, address: bigint): WalkStep {
    const { slot, vsid, bits, start } = segment;
    const next = this.#place(groups[0]);
    return {
      level: 3,
      levelName: 'SLB',
      table: 0,
      index: slot,
      indexHighBit: 63,
      indexLowBit: bits,
      entryAddress: 0,
      entry: vsid,
      flags: decodeBits(SLB_VSID_BITS, vsid, 64),
      conclusion: { kind: 'table', next },
      sentence: `SLB entry ${slot} covers ${formatAddress(address)} (from ${formatAddress(start)} on, ${bits === 40 ? '1 TiB' : '256 MiB'}); the hash leads to the group at ${formatAddress(next)} of the table.`,
    };
  }

  #groupStep({ bits, pageShift }: Segment, { groups }: Probe, group: 0 | 1): Omit<WalkStep, 'conclusion' | 'sentence'> {
    const table = this.#place(groups[group]);
    return {
      level: 2,
      levelName: GROUP_NAMES[group] ?? '',
      table,
      index: 0,
      indexHighBit: bits - 1,
      indexLowBit: pageShift ?? 12,
      entryAddress: table,
      entry: null,
      flags: [],
    };
  }

  #missStep(segment: Segment, probe: Probe, group: 0 | 1): WalkStep {
    const sentence = `None of the eight entries of the ${GROUP_NAMES[group]} at ${formatAddress(this.#place(probe.groups[group]))} is of this virtual page.`;
    return { ...this.#groupStep(segment, probe, group), conclusion: { kind: 'not-present' }, sentence };
  }
}
