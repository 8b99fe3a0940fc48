/**
 * The RAM blocks of a QEMU process: RAMBlock (QEMU include/exec/ramblock.h, exec/ram_addr.h before 2.12), on 64-bit hosts.
 *
 * ```
 *  0 rcu (16)  16 mr  24 host  [32 colo_cache, since 3.1]  then offset, used_length, max_length, resized, flags (u32), idstr[256],
 *  and, aligned to 8, next: le_next, le_prev
 * ```
 * Where idstr begins tells a structure with colo_cache from one without; a block is believed when its lengths fit each other and the memory region that it names names it
 * back.
 */
import { isMemoryRegion, type QemuObjects } from './objects.ts';
import type { ProcessMemory } from '../process-core/process-memory.ts';

export interface HostRamBlock {
  /** Of the structure. */
  address: number;
  name: string;
  /** Its MemoryRegion. */
  region: number;
  /** Of its first byte of memory. */
  host: number;
  /** In QEMU's ram_addr_t space. */
  offset: number;
  usedLength: number;
  maxLength: number;
  /** RAM_… (include/exec/memory.h). */
  flags: number;
}

const IDSTR_SIZE = 256;
/** From mr on; a field more than today's is allowed for. */
const IDSTR_OFFSETS = [76, 68, 84, 92];
/** Of hosts: 4, 16, 64 KiB, and huge ones of 2, 16, 32 and 512 MiB, 1 and 16 GiB. */
const PAGE_SIZES = new Set([12, 14, 16, 21, 24, 25, 29, 30, 34].map((bits) => 2 ** bits));
const LARGEST = 92 + IDSTR_SIZE + 16;
/** Words of a MemoryRegion among which its ram_block stands (offset 56 in 7.2). */
const BACK_POINTER_WITHIN = 160;
/** QEMU's machines have some 10; each vhost or vfio device may add a few. */
const MAX_BLOCKS = 65536;

export interface RamBlockList {
  blocks: HostRamBlock[];
  /** Why the list ends early, where it does. */
  damage?: string;
}

export class RamBlockReader {
  readonly #memory: ProcessMemory;
  readonly #objects: QemuObjects;

  constructor(memory: ProcessMemory, objects: QemuObjects) {
    this.#memory = memory;
    this.#objects = objects;
  }

  /** The block at `address`; undefined when there is none. */
  read(address: number): HostRamBlock | undefined {
    return this.#read(address)?.block;
  }

  /** Whether there is a block at `address` whose list entry says that its predecessor's pointer lies at `head`. Cheap for what is none. */
  isFirst(address: number, head: number): boolean {
    return IDSTR_OFFSETS.some((idstr) => {
      const entry = address + Math.ceil((idstr + IDSTR_SIZE) / 8) * 8;
      return this.#memory.pointer(entry + 8) === head && this.read(address) !== undefined;
    });
  }

  /** The list that begins with `first`. Undefined when that is no block. */
  list(first: number): RamBlockList | undefined {
    const blocks: HostRamBlock[] = [];
    const seen = new Set<number>();
    for (let at = first; at !== 0;) {
      const found = seen.has(at) ? undefined : this.#read(at);
      if (!found || blocks.length >= MAX_BLOCKS) {
        return blocks.length === 0
          ? undefined
          : { blocks, damage: `after ${blocks.at(-1)?.name}, at 0x${at.toString(16)}, no other RAM block follows` };
      }
      seen.add(at);
      blocks.push(found.block);
      at = found.next;
    }
    return blocks.length === 0 ? undefined : { blocks };
  }

  #read(address: number): { block: HostRamBlock; next: number } | undefined {
    if (address % 8 !== 0) return undefined;
    const bytes = this.#memory.bytes(address, LARGEST);
    if (!bytes) return undefined;
    for (const idstr of IDSTR_OFFSETS) {
      const name = nameAt(bytes, idstr);
      const block = name === undefined ? undefined : this.#fields(address, idstr, name);
      if (block) return { block, next: this.#memory.pointer(address + Math.ceil((idstr + IDSTR_SIZE) / 8) * 8) ?? -8 };
    }
    return undefined;
  }

  #fields(address: number, idstr: number, name: string): HostRamBlock | undefined {
    const memory = this.#memory;
    const flags = memory.u32(address + idstr - 4);
    const maxLength = memory.number64(address + idstr - 20);
    const usedLength = memory.number64(address + idstr - 28);
    const offset = memory.number64(address + idstr - 36);
    const host = memory.pointer(address + 24);
    const region = memory.pointer(address + 16);
    if (flags === undefined || offset === undefined || !maxLength || !usedLength || !host || !region) return undefined;
    const fits = usedLength <= maxLength && usedLength % 4096 === 0 && host % 4096 === 0 && offset % 4096 === 0;
    if (!fits || !isMemoryRegion(this.#objects.typeOf(region)) || this.#backPointer(region, address) === undefined) return undefined;
    return { address, name, region, host, offset, usedLength, maxLength, flags };
  }

  /**
   * Bytes from a block's list entry to its page_size: 32 up to QEMU 8.0, 40 (fd_offset) up to 8.2, 48 (guest_memfd) up to 9.2, 56 (cpr_blocker) since 10.0. Undefined when none of its words
   * is a page size.
   */
  pageSizeOffset({ address, name }: HostRamBlock): number | undefined {
    const idstr = IDSTR_OFFSETS.find((offset) => this.#memory.text(address + offset, IDSTR_SIZE) === name) ?? 0;
    const next = address + Math.ceil((idstr + IDSTR_SIZE) / 8) * 8;
    return [24, 32, 40, 48, 56, 64].find((offset) => PAGE_SIZES.has(this.#memory.number64(next + offset) ?? 0));
  }

  /** Where in its region the block stands. */
  #backPointer(region: number, block: number): number | undefined {
    for (let at = 0; at < BACK_POINTER_WITHIN; at += 8) if (this.#memory.pointer(region + at) === block) return at;
    return undefined;
  }

  /** Where a MemoryRegion keeps its RAMBlock, as all of the blocks have it; undefined when they disagree. */
  ramBlockOffset(blocks: readonly HostRamBlock[]): number | undefined {
    const offsets = new Set(blocks.map(({ region, address }) => this.#backPointer(region, address)));
    return offsets.size === 1 ? offsets.values().next().value : undefined;
  }
}

/** An idstr: printable, not empty, zeros behind it up to its end (the structure was allocated zeroed). */
function nameAt(bytes: Uint8Array, at: number): string | undefined {
  const end = bytes.indexOf(0, at);
  if (end <= at || end >= at + IDSTR_SIZE) return undefined;
  for (let index = at; index < end; index++) if (bytes[index]! < 0x20 || bytes[index]! > 0x7e) return undefined;
  for (let index = end; index < at + IDSTR_SIZE; index++) if (bytes[index] !== 0) return undefined;
  return String.fromCharCode(...bytes.subarray(at, end));
}
