/** Filtering and sorting the map's tables. */
import { parseAddress } from '#shared/address-text.ts';
import type { MemoryRegion, RamBlock } from '#shared/model/index.ts';
import type { Sorting } from '../../composables/use-sorting.ts';

export type RegionColumn = 'start' | 'size' | 'block' | 'offset' | 'evidence' | 'states';
export type BlockColumn = 'name' | 'length' | 'role' | 'mapped';

const STRENGTH = { proven: 0, derived: 1, guessed: 2, user: 3 } as const;
const sizeOf = (region: MemoryRegion): number => region.last - region.start + 1;
/** Bytes that the dump does not hold, to bring losses to the top. */
const missing = ({ states }: Pick<MemoryRegion, 'states'>): number =>
  (states.absent ?? 0) + (states.excluded ?? 0) + (states.corrupt ?? 0) + (states.encrypted ?? 0);
const byText = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });

const REGION_ORDER: Record<RegionColumn, (a: MemoryRegion, b: MemoryRegion) => number> = {
  start: (a, b) => a.start - b.start,
  size: (a, b) => sizeOf(a) - sizeOf(b),
  block: (a, b) => byText(a.block ?? '', b.block ?? ''),
  offset: (a, b) => a.blockOffset - b.blockOffset,
  evidence: (a, b) => STRENGTH[a.evidence.strength] - STRENGTH[b.evidence.strength],
  states: (a, b) => missing(a) - missing(b),
};
const BLOCK_ORDER: Record<BlockColumn, (a: RamBlock, b: RamBlock) => number> = {
  name: (a, b) => byText(a.name, b.name),
  length: (a, b) => a.length - b.length,
  role: (a, b) => byText(a.role ?? '', b.role ?? ''),
  mapped: (a, b) => (a.mappedAt[0] ?? Infinity) - (b.mappedAt[0] ?? Infinity) || 0,
};

function ordered<Row>(rows: Row[], compare: (a: Row, b: Row) => number, descending: boolean): Row[] {
  return rows.sort(descending ? (a, b) => compare(b, a) : compare);
}

/** An address written in full finds what covers it: `0x…`, or four digits and more, so that `pc` stays a word and `fec00000` does not. */
function addressIn(text: string): number | undefined {
  if (!/^(0x)?[0-9a-f][0-9a-f_ ]*$/i.test(text) || (!/^0x/i.test(text) && text.replace(/[_ ]/g, '').length < 4)) return undefined;
  const address = parseAddress(text);
  return address !== undefined && address < 2n ** 52n ? Number(address) : undefined;
}

export function filterRegions(regions: readonly MemoryRegion[], text: string): MemoryRegion[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return [...regions];
  const address = addressIn(wanted);
  return regions.filter((region) => {
    if (address !== undefined && address >= region.start && address <= region.last) return true;
    const states = Object.entries(region.states).filter(([, bytes]) => bytes > 0);
    return [
      region.block ?? '',
      region.evidence.strength,
      region.evidence.text,
      region.readOnly ? 'read-only' : '',
      ...states.map(([state]) => state),
    ].some((word) => word.toLowerCase().includes(wanted));
  });
}

export function filterBlocks(blocks: readonly RamBlock[], text: string): RamBlock[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return [...blocks];
  const address = addressIn(wanted);
  return blocks.filter((block) => {
    if (address !== undefined && block.mappedAt.some((start) => address >= start && address < start + block.length)) return true;
    return [block.name, block.role ?? '', block.mappedAt.length > 0 ? 'mapped' : 'not mapped'].some((word) => word.toLowerCase().includes(wanted));
  });
}

export const sortRegions = (rows: readonly MemoryRegion[], { column, descending }: Sorting<RegionColumn>): MemoryRegion[] =>
  ordered([...rows], REGION_ORDER[column], descending);
export const sortBlocks = (rows: readonly RamBlock[], { column, descending }: Sorting<BlockColumn>): RamBlock[] =>
  ordered([...rows], BLOCK_ORDER[column], descending);
