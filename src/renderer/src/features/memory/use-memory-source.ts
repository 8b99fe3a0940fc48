/**
 * One address space of one dump as the hex view needs it: what is known of its extents, and its chunks. Starts anew when the dump, the space,
 * the root or the memory map changes; answers that were meant for the place before are dropped.
 *
 * A virtual space is listed in pages of mappings: first around the place of interest, then from the start on for EAGER_PAGES, the rest when it
 * comes into view; so the whole of an ordinary guest is known after a moment, and a hostile page table costs no more than the cap.
 */
import { ref, shallowRef, watch } from 'vue';
import { MAPPINGS_LIMIT } from '#shared/contract.ts';
import type { Mapping, MemoryChunk, RootChoice } from '#shared/model/index.ts';
import type { WorkbenchApi } from '#shared/contract.ts';
import { lastVirtual, type AddressBits } from '#shared/virtual-address.ts';
import { ChunkCache, type ChunkEntry } from './chunk-cache.ts';
import { type Extent, extentAt, overlay, touches } from './extents.ts';
import { holeAround } from './hole-reason.ts';
import { holesIn, initialExtents, lastAddress, type MemorySpace, type Stretch, virtualExtents } from './space-knowledge.ts';

/** Times MAPPINGS_LIMIT: 65,536 stretches. Linux's espfix area alone has millions (one page mapped every 64 KiB). */
const EAGER_PAGES = 16;
/** Known at once; asked for more, the knowledge starts anew at the place that is asked for. */
const MOST_PAGES = 64;
/** Bytes listed before the place of interest, so that scrolling up a little needs no listing. */
const BEFORE = 2n ** 21n;

export interface SourcePlace {
  dumpId: string;
  space: MemorySpace;
  root: RootChoice;
  /** Of a virtual address under `root`. */
  bits: AddressBits;
  /** Bytes. */
  fileSize: number;
  regions: readonly Stretch[];
}

/** Where Linux's kernel begins: in 32 bits it usually has the last GiB. */
const KERNEL_HALF = { 32: 0xc000_0000n, 64: 1n << 63n } as const;

const later = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const earlier = (a: bigint, b: bigint): bigint => (a < b ? a : b);

export type MemorySource = ReturnType<typeof useMemorySource>;

export function useMemorySource(api: () => Pick<WorkbenchApi, 'readMemory' | 'listMappings' | 'walk'>, place: () => SourcePlace | null) {
  const extents = shallowRef<readonly Extent[]>([]);
  /** Counts chunks that came in, so that what shows them knows to look again. */
  const arrivals = ref(0);
  /** Why the last listing failed; reads say it row by row. */
  const problem = shallowRef<Error | null>(null);
  const reasons = shallowRef<ReadonlyMap<bigint, string>>(new Map());
  let mappings: Mapping[] = [];
  let now: SourcePlace | null = null;
  let generation = 0;
  let listing = false;
  let wish: bigint | null = null;
  let pages = 0;
  const asked = new Set<bigint>();

  const cache = new ChunkCache(readChunk, 0n, receive);

  function readChunk(address: bigint, length: number): Promise<MemoryChunk> {
    if (!now) return Promise.reject(new Error('no dump is open'));
    const { dumpId, space, root } = now;
    return api().readMemory({ dumpId, space, address, length, root });
  }

  function receive(entry: ChunkEntry): void {
    const end = extents.value.at(-1)?.last ?? 0n;
    const seen = entry.kind === 'data' ? holesIn(entry.chunk, end) : [];
    // Most holes are known from the listing: what changes nothing must not have every row counted anew.
    const holes = seen.filter((hole) => touches(extents.value, hole, 'bytes'));
    if (holes.length > 0) extents.value = overlay(extents.value, holes, 'bytes');
    arrivals.value = (arrivals.value + 1) % Number.MAX_SAFE_INTEGER;
  }

  function restart(): void {
    generation++;
    listing = false;
    wish = null;
    pages = 0;
    mappings = [];
    asked.clear();
    reasons.value = new Map();
    problem.value = null;
    extents.value = now ? initialExtents(now.space, now.fileSize, now.regions, now.bits) : [];
    cache.reset(now ? lastAddress(now.space, now.fileSize, now.bits) : 0n);
    arrivals.value++;
  }

  /** Lists the mappings around `address`, then goes on with what is unexplored while there is budget. Nothing to do where that is known. */
  function explore(address: bigint): void {
    if (now?.space !== 'gva') return;
    const extent = extents.value[extentAt(extents.value, address)];
    if (extent?.kind !== 'unexplored') return;
    if (pages >= MOST_PAGES) restart();
    const from = (address & ~(BEFORE - 1n)) - BEFORE;
    wish = from > extent.start ? from : extent.start;
    if (!listing) void list(generation);
  }

  /** As `explore`, unless the eager pages are spent: what merely comes into view is not listed for ever. */
  function exploreEagerly(address: bigint): void {
    if (pages < EAGER_PAGES) explore(address);
  }

  async function list(mine: number): Promise<void> {
    listing = true;
    while (now && mine === generation && wish !== null) {
      const from = wish;
      wish = null;
      let found: { mappings: Mapping[]; next: bigint | null };
      try {
        found = await api().listMappings({ dumpId: now.dumpId, from, limit: MAPPINGS_LIMIT, root: now.root });
      } catch (error) {
        if (mine !== generation) return;
        problem.value = error instanceof Error ? error : new Error(String(error));
        // Without a listing the bytes themselves say what is not mapped.
        extents.value = extents.value.map((extent) => (extent.kind === 'unexplored' ? { ...extent, kind: 'bytes' } : extent));
        break;
      }
      if (mine !== generation) return;
      if (found.next !== null && found.next <= from) break;
      mappings = mappings.concat(found.mappings);
      extents.value = overlay(extents.value, virtualExtents(from, found.mappings, found.next, now.regions, lastVirtual(now.bits)), 'unexplored');
      pages++;
      if (pages < EAGER_PAGES) wish ??= extents.value.find((extent) => extent.kind === 'unexplored')?.start ?? null;
    }
    if (mine === generation) listing = false;
  }

  /**
   * Asks once why nothing is mapped in a hole, at both of its ends. An end that is not unmapped but lost (its table is not in the dump) becomes
   * a hole of its own, as far as the missing table reaches.
   */
  async function findReason(extent: Extent): Promise<void> {
    if (now?.space !== 'gva' || extent.state !== 'unmapped' || asked.has(extent.start)) return;
    asked.add(extent.start);
    const { dumpId, root } = now;
    const mine = generation;
    try {
      const walks = await Promise.all([extent.start, extent.last].map((address) => api().walk({ dumpId, address, root })));
      if (mine !== generation) return;
      const [first, last] = walks.map(holeAround);
      const lost = [first, last].filter((end) => end && end.state !== extent.state) as Extent[];
      if (lost.length > 0) {
        const pieces = lost.map((end) => ({ ...end, start: later(end.start, extent.start), last: earlier(end.last, extent.last) }));
        asked.delete(extent.start);
        extents.value = overlay(extents.value, pieces[1]?.start === pieces[0]?.start ? pieces.slice(0, 1) : pieces);
        return;
      }
      const text = [...new Set([first?.reason, last?.reason])].filter(Boolean).join(' … ');
      reasons.value = new Map(reasons.value).set(extent.start, text);
    } catch {
      // The hole stands without its reason; the row says what it is anyway.
    }
  }

  /** A virtual address that is mapped to `physical`, as far as the space has been listed; kernel half first, because it is the same in all processes. */
  function virtualOf(physical: number): bigint | undefined {
    const found = mappings.filter((mapping) => physical >= mapping.physical && physical - mapping.physical <= Number(mapping.last - mapping.start));
    const best = found.find((mapping) => mapping.start >= KERNEL_HALF[now?.bits ?? 64]) ?? found[0];
    return best && best.start + BigInt(physical - best.physical);
  }

  watch(
    [
      () => {
        const at = place();
        return at && `${at.dumpId} ${at.space} ${at.fileSize} ${at.space === 'gva' ? `${at.bits} ${JSON.stringify(at.root)}` : ''}`;
      },
      () => place()?.regions,
    ],
    () => {
      now = place();
      restart();
    },
    { immediate: true, flush: 'sync' },
  );

  return {
    extents,
    arrivals,
    problem,
    reasons,
    peek: (address: bigint) => cache.peek(address),
    want: (addresses: readonly bigint[]) => cache.want(addresses),
    retry(): void {
      cache.retry();
      arrivals.value++;
    },
    read: readChunk,
    explore,
    exploreEagerly,
    findReason,
    virtualOf,
  };
}
