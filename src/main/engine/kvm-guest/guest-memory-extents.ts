/**
 * The extents of a guest's RAM blocks, out of its host's dump: each page of a block by the process's page tables to the frame, and from there to where the host's dump has it.
 *
 * What the tables have nothing for was never touched: zero in memory without a file, as Linux would give it. Of a file's memory it is in the file, or in the host's page cache.
 */
import type { LinuxArea } from '#shared/model/index.ts';
import { WorkbenchError } from '#shared/errors.ts';
import type { OpenedBlock, Progress } from '../formats/format.ts';
import { AbsenceBuilder, type CountedPlace } from '../memory/absence-table.ts';
import { ExtentBuilder } from '../memory/extent-builder.ts';
import type { ExtentTable, SharedExtents } from '../memory/extent-table.ts';
import type { PhysicalRegions } from '../memory/physical-regions.ts';
import { partsOf, type SharedUnitParts } from '../memory/unit-parts.ts';
import type { PagingMode } from '../translate/paging-mode.ts';
import type { Translator } from '../translate/translator.ts';
import { AreaFinder } from './area-finder.ts';
import { HostExtents } from './host-extents.ts';
import { visitProcess, type ProcessPageVisitor } from './process-pages.ts';

/** Between two reports: a stretch of this many bytes takes some milliseconds. */
const CHUNK = 2 ** 28;
/** Entries of page tables: 2 TiB in pages of 4 KiB. Tables that are made to lead into themselves have no end. */
const MAX_ENTRIES = 2 ** 29;

export interface HostOfGuest {
  /** The host's physical memory. */
  regions: PhysicalRegions;
  extents: ExtentTable;
  /** Of the process that runs the guest. */
  translator: Translator;
  mode: PagingMode;
  /** Areas of the process; undefined where they are not known. */
  areas: readonly LinuxArea[] | undefined;
  /** Number of swap areas that the host uses; undefined where it is not known. */
  swapAreas: number | undefined;
}

export interface GuestExtents {
  extents: SharedExtents;
  /** Set where units of the host's dump are larger than a page. */
  parts: SharedUnitParts | undefined;
  /** Bytes that were never touched. */
  untouched: number;
  /** Bytes that are absent, by the reason. */
  absent: ReadonlyMap<string, number>;
}

/** `blocks`: with `host`, ascending. Throws WorkbenchError `unsupported` for more entries or pieces than are kept track of, what `progress` throws. */
export function guestExtents(host: HostOfGuest, blocks: readonly OpenedBlock[], progress: Progress): GuestExtents {
  const composer = new Composer(host);
  const total = blocks.reduce((sum, { length }) => sum + length, 0);
  let done = 0;
  for (const block of blocks) {
    for (let offset = 0; offset < block.length; offset += CHUNK) {
      progress.report("reading the page tables of the guest's process", done, total);
      const length = Math.min(CHUNK, block.length - offset);
      composer.compose(block.host! + offset, block.ram + offset, length);
      done += length;
    }
  }
  return composer.finish();
}

class Composer implements ProcessPageVisitor {
  readonly #host: HostOfGuest;
  readonly #areas: AreaFinder;
  readonly #builder = new ExtentBuilder();
  readonly #absences = new AbsenceBuilder();
  readonly #parts: SharedUnitParts | undefined;
  readonly #extents: HostExtents;
  /** What added to an HVA gives its RAM address. */
  #offset = 0;
  #entries = 0;
  #untouched = 0;

  constructor(host: HostOfGuest) {
    this.#host = host;
    this.#areas = new AreaFinder(host.areas);
    this.#parts = partsOf(host.extents);
    this.#extents = new HostExtents(host, this.#builder, this.#parts, (ram, length, physical) =>
      this.#absences.add(ram, length, "not in the host's dump: HPA", { value: physical, unit: 1 }),
    );
  }

  compose(hva: number, ram: number, length: number): void {
    this.#offset = ram - hva;
    visitProcess(this.#host.translator, this.#host.mode, hva, hva + length, this);
  }

  page(hva: number, physical: number, length: number): void {
    this.#count();
    this.#extents.show(hva + this.#offset, physical, length);
  }

  empty(hva: number, length: number): void {
    this.#count();
    this.#areas.forEachIn(hva, length, (start, bytes, area) => {
      const ram = start + this.#offset;
      if (area?.anonymous === true) {
        this.#untouched += bytes;
        this.#builder.addFill(ram, bytes, 0);
      } else this.#absences.add(ram, bytes, emptyReason(area));
    });
  }

  swapped(hva: number, length: number, type: number, offset: number): void {
    const { swapAreas } = this.#host;
    const special = swapAreas !== undefined && type >= swapAreas;
    const text = special
      ? `being moved by the host, or poisoned: swap type ${type}, which is no swap area, offset`
      : `swapped out by the host: swap entry type ${type} offset`;
    this.#absent(hva, length, text, { value: offset, unit: 4096 });
  }

  lost(hva: number, length: number, why: 'missing' | 'damaged'): void {
    this.#absent(
      hva,
      length,
      why === 'missing' ? "the host's page table for it is not in the host's dump" : "the host's page table for it is damaged",
    );
  }

  #count(): void {
    if (++this.#entries > MAX_ENTRIES)
      throw new WorkbenchError(
        'unsupported',
        `the page tables of the guest's process have more than ${MAX_ENTRIES} entries for its memory, which is more than are read`,
      );
  }

  #absent(hva: number, length: number, text: string, place?: CountedPlace): void {
    this.#count();
    this.#absences.add(hva + this.#offset, length, text, place);
  }

  finish(): GuestExtents {
    const { shared } = this.#builder.finish();
    const absences = this.#absences.finish();
    return {
      extents: absences ? { ...shared, absences } : shared,
      parts: this.#parts,
      untouched: this.#untouched,
      absent: this.#absences.bytes,
    };
  }
}

function emptyReason(area: { file: boolean; userfault: boolean } | undefined): string {
  if (!area) return 'its process has no memory there, or its areas are not in the dump';
  if (area.userfault) return 'waiting for userfaultfd: QEMU has not been given it yet (postcopy)';
  return area.file
    ? "not mapped by its process: it is in the file, or in the host's page cache"
    : 'no memory of its own: a device, or special memory';
}
