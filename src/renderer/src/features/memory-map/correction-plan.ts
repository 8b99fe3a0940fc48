/**
 * What a correction would do to the map, before it is made: checks of what was typed, the list to send, and the changes in words.
 *
 * Corrections are painted over what the dump proves. They are kept disjoint here (a new one cuts the older ones), so that their order
 * does not matter.
 */
import { formatSize, groupedHex, parseAddress } from '#shared/address-text.ts';
import { PHYSICAL_LIMIT } from '#shared/units.ts';
import type { MemoryRegion, RamBlock, RegionCorrection } from '#shared/model/index.ts';

export const PAGE = 4096;
/** As the contract allows. */
const MOST_CORRECTIONS = 1000;

export type Piece = Pick<MemoryRegion, 'start' | 'last' | 'block' | 'blockOffset'>;

/** What the dialog holds, as typed. */
export interface Draft {
  start: string;
  last: string;
  block: string;
  blockOffset: string;
  /** Regions that lie there may be cut. */
  replace: boolean;
}

export interface Issue {
  field: 'start' | 'last' | 'block' | 'blockOffset' | 'replace';
  text: string;
}

export interface Plan {
  issues: Issue[];
  /** Undefined while there are issues. */
  corrections?: RegionCorrection[];
  /** What changes in the map, one sentence a region. */
  changes: string[];
}

const range = ({ start, last }: { start: number; last: number }): string => `${groupedHex(start, 12)} – ${groupedHex(last, 12)}`;
const overlaps = (a: Piece, b: Piece): boolean => a.start <= b.last && b.start <= a.last;
const within = (text: string): number | undefined => {
  const value = parseAddress(text);
  return value !== undefined && value < BigInt(PHYSICAL_LIMIT) ? Number(value) : undefined;
};

/** `piece` without [start, last]: nothing, one or two pieces, their block offsets moved along. */
export function cut<Item extends Piece>(piece: Item, start: number, last: number): Item[] {
  if (piece.last < start || piece.start > last) return [piece];
  const left = piece.start < start ? [{ ...piece, last: start - 1 }] : [];
  const right =
    piece.last > last ? [{ ...piece, start: last + 1, blockOffset: piece.block === null ? 0 : piece.blockOffset + last + 1 - piece.start }] : [];
  return [...left, ...right];
}

/** The map's pieces after corrections, in order of address. */
export function applied(pieces: readonly Piece[], corrections: readonly RegionCorrection[]): Piece[] {
  let result = [...pieces];
  for (const correction of corrections) {
    result = result.flatMap((piece) => cut(piece, correction.start, correction.last));
    if (correction.block !== null) result.push(correction);
  }
  return result.sort((a, b) => a.start - b.start);
}

/** `corrections` with `next` on top, still disjoint. */
export function withCorrection(corrections: readonly RegionCorrection[], next: RegionCorrection): RegionCorrection[] {
  return [...corrections.flatMap((old) => cut(old, next.start, next.last)), next].sort((a, b) => a.start - b.start);
}

export const removal = ({ start, last }: Piece): RegionCorrection => ({ start, last, block: null, blockOffset: 0 });

/** Without the corrections that touch this range: it shows again what the dump proves. */
export function withoutCorrections(corrections: readonly RegionCorrection[], { start, last }: Piece): RegionCorrection[] {
  return corrections.flatMap((correction) => cut(correction, start, last));
}

function readDraft(draft: Draft, blocks: readonly RamBlock[], issues: Issue[]): Piece | undefined {
  const start = within(draft.start);
  const last = within(draft.last);
  const blockOffset = within(draft.blockOffset);
  const block = blocks.find((candidate) => candidate.name === draft.block);
  if (start === undefined) issues.push({ field: 'start', text: 'Not a guest-physical address (hexadecimal, below 2^52).' });
  else if (start % PAGE !== 0)
    issues.push({ field: 'start', text: `Not page-aligned: the page starts at ${groupedHex(start - (start % PAGE), 12)}.` });
  if (last === undefined) issues.push({ field: 'last', text: 'Not a guest-physical address (hexadecimal, below 2^52).' });
  else if ((last + 1) % PAGE !== 0)
    issues.push({ field: 'last', text: `Not the last byte of a page: that is ${groupedHex(last - (last % PAGE) + PAGE - 1, 12)}.` });
  if (start !== undefined && last !== undefined && last < start) issues.push({ field: 'last', text: 'Lies before the start.' });
  if (!block) issues.push({ field: 'block', text: 'Choose the RAM block that lies here.' });
  if (blockOffset === undefined) issues.push({ field: 'blockOffset', text: 'Not an offset (hexadecimal).' });
  else if (blockOffset % PAGE !== 0) issues.push({ field: 'blockOffset', text: 'Not page-aligned.' });
  if (start === undefined || last === undefined || blockOffset === undefined || !block || last < start) return undefined;
  const beyond = blockOffset + (last - start + 1) - block.length;
  if (beyond > 0) {
    issues.push({ field: 'last', text: `${formatSize(beyond)} beyond the block's end: ${block.name} has ${formatSize(block.length)}.` });
  }
  return { start, last, block: block.name, blockOffset };
}

/** Plans adding a region, or changing `original` to what the draft says. */
export function planDraft(
  draft: Draft,
  map: { regions: readonly MemoryRegion[]; blocks: readonly RamBlock[] },
  corrections: readonly RegionCorrection[],
  original?: Piece,
): Plan {
  const issues: Issue[] = [];
  const piece = readDraft(draft, map.blocks, issues);
  if (piece && !draft.replace) {
    const others = map.regions.filter((region) => region.start !== original?.start && overlaps(region, piece));
    const first = others[0];
    if (first) {
      const more = others.length > 1 ? ` and ${others.length - 1} more` : '';
      issues.push({ field: 'replace', text: `Overlaps ${first.block ?? 'memory'} at ${range(first)}${more}.` });
    }
  }
  if (!piece || issues.length > 0) return { issues, changes: [] };
  const cleared = original ? withCorrection(corrections, removal(original)) : corrections;
  const next = withCorrection(cleared, piece);
  if (next.length > MOST_CORRECTIONS) return { issues: [{ field: 'start', text: `More than ${MOST_CORRECTIONS} corrections.` }], changes: [] };
  const after = applied(map.regions, original ? [removal(original), piece] : [piece]);
  return { issues, corrections: next, changes: describeChanges(map.regions, after) };
}

const keyOf = ({ start, last, block, blockOffset }: Piece): string => `${start} ${last} ${blockOffset} ${block ?? ''}`;

/** What differs between two maps, region by region, in words. */
export function describeChanges(before: readonly Piece[], after: readonly Piece[]): string[] {
  const old = new Set(before.map(keyOf));
  const now = new Set(after.map(keyOf));
  const gone = before.filter((piece) => !now.has(keyOf(piece)));
  const fresh = after.filter((piece) => !old.has(keyOf(piece)));
  const sentences: string[] = [];
  for (const was of gone) {
    const rests = fresh.filter(
      (piece) => piece.block === was.block && piece.start - piece.blockOffset === was.start - was.blockOffset && overlaps(piece, was),
    );
    const name = was.block ?? 'memory';
    if (rests.length === 0) sentences.push(`${name} at ${range(was)} goes away.`);
    else sentences.push(`${name} at ${range(was)} becomes ${rests.map(range).join(' and ')}.`);
    for (const rest of rests) fresh.splice(fresh.indexOf(rest), 1);
  }
  for (const piece of fresh) {
    const size = formatSize(piece.last - piece.start + 1);
    sentences.push(`${piece.block ?? 'memory'} + ${groupedHex(piece.blockOffset, 8)} (${size}) appears at ${range(piece)}.`);
  }
  return sentences;
}
