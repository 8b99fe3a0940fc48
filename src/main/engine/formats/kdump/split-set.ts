/** Split dumps (makedumpfile --split): all parts have the same headers and bitmaps, and each the descriptors and data of a range of PFNs. */
import { WorkbenchError } from '#shared/errors.ts';
import type { Segment } from './page-index.ts';
import type { KdumpPart } from './part.ts';

/** What every part of a set has the same; `show` is for people. */
const COMMON: { field: string; show: (part: KdumpPart) => string }[] = [
  { field: 'byte order', show: ({ header }) => (header.littleEndian ? 'little-endian' : 'big-endian') },
  { field: 'word size', show: ({ header }) => `${header.wordSize * 8} bits` },
  { field: 'block size', show: ({ header }) => String(header.blockSize) },
  { field: 'utsname', show: ({ header }) => Object.values(header.utsname).join(' ') },
  { field: 'time', show: ({ header }) => `${header.seconds}.${String(header.microseconds).padStart(6, '0')}` },
  { field: 'max_mapnr', show: ({ pages }) => String(pages) },
  { field: 'bitmap size', show: ({ header }) => `${header.bitmapBlocks} blocks` },
  { field: 'dump level', show: ({ subHeader }) => String(subHeader.dumpLevel) },
];

/**
 * The PFNs from 0 to max_mapnr by the part that has them; ranges that no part has are `missing`. Throws WorkbenchError `not-one-dump` when the parts
 * are not of one dump.
 */
export function segmentsOf(parts: readonly KdumpPart[]): Segment[] {
  const [first] = parts as [KdumpPart];
  if (parts.length > 1) checkSet(parts);
  const segments: Segment[] = [];
  let pfn = 0;
  for (const part of [...parts].sort((a, b) => a.firstPfn - b.firstPfn)) {
    if (part.firstPfn > pfn) segments.push({ firstPfn: pfn, endPfn: part.firstPfn, part: first, missing: true });
    segments.push({ firstPfn: part.firstPfn, endPfn: part.endPfn, part, missing: false });
    pfn = part.endPfn;
  }
  if (pfn < first.pages) segments.push({ firstPfn: pfn, endPfn: first.pages, part: first, missing: true });
  return segments;
}

function checkSet(parts: readonly KdumpPart[]): void {
  const [first] = parts as [KdumpPart];
  const misfit = (name: string, expected: string, found: string) =>
    new WorkbenchError('not-one-dump', `${name} does not belong to the others: expected ${expected}, found ${found}`, {
      source: name,
      expected,
      found,
    });
  for (const part of parts) {
    if (!part.subHeader.split) throw misfit(part.name, 'a part of a split dump', 'a dump that is whole');
    for (const { field, show } of COMMON) {
      if (show(part) !== show(first)) throw misfit(part.name, `${field} ${show(first)} as in ${first.name}`, show(part));
    }
  }
  const sorted = [...parts].sort((a, b) => a.firstPfn - b.firstPfn);
  for (const [index, part] of sorted.entries()) {
    const before = sorted[index - 1];
    if (!before || before.endPfn <= part.firstPfn) continue;
    throw misfit(part.name, `PFNs from ${before.endPfn} on, after those of ${before.name}`, `${part.firstPfn} to ${part.endPfn - 1}`);
  }
}
