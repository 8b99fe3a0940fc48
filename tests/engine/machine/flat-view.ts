/** QEMU's own answer to "what is at this address": `info mtree -f`, the flat view of the address space `memory`. */

export interface FlatRange {
  start: number;
  /** Inclusive. */
  last: number;
  block: string;
  blockOffset: number;
}

/** RAM and ROM of the flat view; neighbours that go on in the same block are one. */
export function ramOfFlatView(mtree: string): FlatRange[] {
  const view = mtree
    .replaceAll('\r', '')
    .split(/^FlatView #\d+\n/m)
    .find((text) => text.includes('AS "memory", root: system'));
  if (!view) throw new Error('no flat view of the address space memory');
  const ranges: FlatRange[] = [];
  for (const match of view.matchAll(
    /^ {2}([0-9a-f]{16})-([0-9a-f]{16}) \(prio -?\d+, (?:ram|rom|romd|nv-ram)\): (.+?)(?: @([0-9a-f]{16}))?(?: KVM)?$/gm,
  )) {
    const start = parseInt(match[1]!, 16);
    const last = parseInt(match[2]!, 16);
    const blockOffset = parseInt(match[4] ?? '0', 16);
    const before = ranges.at(-1);
    const goesOn = before && before.block === match[3] && before.last + 1 === start && before.blockOffset + (start - before.start) === blockOffset;
    if (goesOn) before.last = last;
    else ranges.push({ start, last, block: match[3]!, blockOffset });
  }
  return ranges;
}

/** The engine's regions in the same form. */
export function asFlatRanges(regions: readonly { start: number; last: number; block: string; blockOffset: number }[]): FlatRange[] {
  const ranges: FlatRange[] = [];
  for (const { start, last, block, blockOffset } of regions) {
    const before = ranges.at(-1);
    const goesOn = before && before.block === block && before.last + 1 === start && before.blockOffset + (start - before.start) === blockOffset;
    if (goesOn) before.last = last;
    else ranges.push({ start, last, block, blockOffset });
  }
  return ranges;
}
