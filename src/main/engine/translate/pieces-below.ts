/** A page of the first of two translation stages, cut into the pieces of memory that the second stage shows there: for lists of mappings. */
import type { PhysicalMemory } from '#engine/memory/physical-memory.ts';
import type { PagingMode, StageTable } from './paging-mode.ts';
import { Translator } from './translator.ts';

/** Stretches in a row that the second stage does not translate: a fraction of a second of work. */
const PROBE_BUDGET = 2 ** 20;

export class PiecesBelow {
  /** The piece that was found: addresses that the second stage translates, and where they lead. `end` is exclusive. */
  start = 0;
  end = 0;
  physical = 0;
  /** Where the search was given up, after PROBE_BUDGET stretches without memory; undefined while it goes on. */
  cutAt: number | undefined;
  /** Tells the page size and the rights of the piece. */
  readonly translator: Translator;
  readonly #mode: PagingMode;
  #probes = 0;

  constructor(memory: PhysicalMemory, { mode, root, options }: StageTable) {
    this.#mode = mode;
    this.translator = new Translator(memory, mode, root, options);
  }

  /** The first piece of the page from `first` to `end` (exclusive) that ends after `from`. */
  find(from: number, first: number, end: number): boolean {
    const { translator } = this;
    for (let at = from; at < end;) {
      if (translator.translateNumber(at)) {
        const { pageSize } = translator;
        const page = at - (at % pageSize);
        this.start = Math.max(first, page);
        this.end = Math.min(end, page + pageSize);
        this.physical = translator.physical - (at - this.start);
        this.#probes = 0;
        return true;
      }
      if (++this.#probes > PROBE_BUDGET) {
        this.cutAt = at;
        return false;
      }
      const span = this.#unmappedSpan();
      at = at - (at % span) + span;
    }
    return false;
  }

  /** How many addresses share the entry at which the walk ended; all that follow, where it had none. */
  #unmappedSpan(): number {
    const { isBelowFault, level } = this.translator;
    // Where entries tell the sizes of tables, the level alone does not.
    if (isBelowFault || this.#mode.format.nextShift !== undefined) return 4096;
    const found = this.#mode.levels.find((candidate) => candidate.level === level);
    return found ? 2 ** found.shift : Infinity;
  }
}
