/**
 * The guest-physical map as QEMU renders it: AddressSpace → FlatView → FlatRange (QEMU include/exec/memory.h and softmmu/memory.c), on 64-bit hosts. Aliases are resolved
 * in it: a range's region is the one that holds the memory.
 *
 * ```
 * AddressSpace  rcu (16)  name  root  current_map …            (before 4.1 with a counter between)
 * FlatView      rcu (16)  ref (u32)  ranges  nr (u32)  nr_allocated (u32)  dispatch  root
 * FlatRange     0 mr  8 offset_in_region  16 addr.start (Int128)  32 addr.size (Int128)  48 dirty_log_mask  49 romd_mode  50 readonly  51 nonvolatile (u8 each)
 * ```
 * The pointers are found by what they lead to, the size of a FlatRange by which one makes all ranges ascend.
 */
import type { ProcessMemory } from '../process-core/process-memory.ts';
import { isMemoryRegion, type QemuObjects } from './objects.ts';

export interface FlatRange {
  /** GPA. */
  start: number;
  length: number;
  /** The MemoryRegion, and where in it the range begins. */
  region: number;
  offset: number;
  readOnly: boolean;
}

/** Bytes of an AddressSpace and of a FlatView that are looked at. */
const ADDRESS_SPACE = 96;
const FLAT_VIEW = 64;
/** A guest with 512 DIMMs and as many functions has some 10,000. */
const MAX_RANGES = 2 ** 18;
const RANGE_SIZES = [64, 56, 72, 80];
const RANGE = 52;

export class FlatViewReader {
  readonly #memory: ProcessMemory;
  readonly #objects: QemuObjects;

  constructor(memory: ProcessMemory, objects: QemuObjects) {
    this.#memory = memory;
    this.#objects = objects;
  }

  /** Name of the AddressSpace at `at`; undefined when there is none. */
  nameOf(at: number): string | undefined {
    for (const offset of [16, 24]) {
      const name = this.#memory.textAt(at + offset, 64);
      const root = this.#memory.pointer(at + offset + 8);
      if (name !== undefined && root && isMemoryRegion(this.#objects.typeOf(root))) return name;
    }
    return undefined;
  }

  /** The ranges of an AddressSpace, ascending and disjoint; those beyond 52 bits are left out. Undefined when it leads to no FlatView. */
  ranges(addressSpace: number): FlatRange[] | undefined {
    for (let offset = 24; offset < ADDRESS_SPACE; offset += 8) {
      const view = this.#memory.pointer(addressSpace + offset);
      const ranges = view ? this.#rangesOfView(view) : undefined;
      if (ranges) return ranges;
    }
    return undefined;
  }

  #rangesOfView(view: number): FlatRange[] | undefined {
    const memory = this.#memory;
    for (let offset = 8; offset + 16 <= FLAT_VIEW; offset += 8) {
      const first = memory.pointer(view + offset);
      const count = memory.u32(view + offset + 8);
      const allocated = memory.u32(view + offset + 12);
      if (!first || !count || allocated === undefined || count > allocated || count > MAX_RANGES) continue;
      const region = memory.pointer(first);
      if (!region || !isMemoryRegion(this.#objects.typeOf(region))) continue;
      for (const size of RANGE_SIZES) {
        const ranges = this.#read(first, count, size);
        if (ranges) return ranges;
      }
    }
    return undefined;
  }

  #read(first: number, count: number, size: number): FlatRange[] | undefined {
    const memory = this.#memory;
    const ranges: FlatRange[] = [];
    let end = 0;
    for (let index = 0; index < count; index++) {
      const at = first + index * size;
      const bytes = memory.bytes(at, RANGE);
      const region = memory.pointer(at);
      if (!bytes || !region || !isMemoryRegion(this.#objects.typeOf(region))) return undefined;
      // Above 2^53 is no memory: the last range of an address space may end at 2^64.
      const [offset, start, length] = [8, 16, 32].map((place) => memory.number64(at + place));
      if (start === undefined && index > 0) break;
      if (start === undefined || start < end || memory.u64(at + 24) !== 0n) return undefined;
      end = start + (length ?? 2 ** 64);
      if (length === undefined || offset === undefined || end > 2 ** 52) continue;
      if (length === 0) return undefined;
      ranges.push({ start, length, region, offset, readOnly: bytes[50] === 1 });
    }
    return ranges;
  }
}
