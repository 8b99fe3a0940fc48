/** Areas of a process by address, for who asks in ascending order. */
import type { LinuxArea } from '#shared/model/index.ts';

/** What matters of an area that has no page at an address. */
export interface AreaKind {
  /** Memory without a file, which Linux gives zeros for. */
  anonymous: boolean;
  file: boolean;
  /** Whoever handles the process's page faults fills it. */
  userfault: boolean;
}

/** Areas that are no memory: mapped devices. */
const SPECIAL = ['pfnmap', 'mixedmap', 'io'];

export class AreaFinder {
  /** Ascending and disjoint; `end` exclusive. */
  readonly #areas: readonly { start: number; end: number; kind: AreaKind }[];

  /** Undefined where they are not known: no address then has one. */
  constructor(areas: readonly LinuxArea[] | undefined) {
    this.#areas = (areas ?? [])
      .map((area) => ({ start: Number(area.start), end: Number(area.last) + 1, kind: kindOf(area) }))
      .sort((a, b) => a.start - b.start);
  }

  /** Every byte of a range once, ascending; `area` is undefined between areas. */
  forEachIn(start: number, length: number, visit: (start: number, length: number, area: AreaKind | undefined) => void): void {
    const areas = this.#areas;
    const end = start + length;
    let low = 0;
    let high = areas.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (areas[middle]!.end <= start) low = middle + 1;
      else high = middle;
    }
    for (let at = start; at < end; low++) {
      const area = areas[low];
      const begin = Math.min(end, area?.start ?? end);
      if (begin > at) visit(at, begin - at, undefined);
      at = Math.max(at, begin);
      if (!area || at >= end) continue;
      const to = Math.min(end, area.end);
      if (to > at) visit(at, to - at, area.kind);
      at = Math.max(at, to);
    }
  }
}

function kindOf({ file, flags }: LinuxArea): AreaKind {
  const userfault = flags.includes('uffd_missing');
  return { file, userfault, anonymous: !file && !userfault && !SPECIAL.some((flag) => flags.includes(flag)) };
}
