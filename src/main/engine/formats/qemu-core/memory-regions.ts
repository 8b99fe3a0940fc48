/**
 * What a MemoryRegion is (QEMU include/exec/memory.h), on 64-bit hosts.
 *
 * ```
 *  0 Object (40)   40 romd_mode  41 ram  42 subpage  43 readonly  44 nonvolatile (since 3.1)  45 rom_device   (u8 each)
 *  ram_block, owner, ops, opaque, container, … then size (Int128)
 *  size + 16 addr  + 24 destructor  + 32 align  + 40 terminates  + 41 ram_device (u8; since 2.9)
 * ```
 * Where ram_block and size stand differs by version: the RAM blocks tell, whose regions name them and have their length.
 */
import type { ProcessMemory } from '../process-core/process-memory.ts';
import type { HostRamBlock } from './host-ram-blocks.ts';
import { OBJECT_SIZE } from './objects.ts';

/** Where sizes are looked for. */
const SIZE_WITHIN = 256;

export interface RegionLayout {
  /** Of ram_block. */
  ramBlock: number;
  /** Of size; undefined when the blocks do not agree on one, and then device RAM cannot be told. */
  size: number | undefined;
}

export interface RegionFlags {
  /** RAM, and not a ROM device (flash) in either of its modes. */
  ram: boolean;
  romDevice: boolean;
  nonvolatile: boolean;
  /** RAM of a device that was passed through. */
  ramDevice: boolean;
}

export function regionLayout(memory: ProcessMemory, ramBlock: number, blocks: readonly HostRamBlock[]): RegionLayout {
  for (let size = ramBlock + 8; size < SIZE_WITHIN; size += 8) {
    const fits = blocks.every(({ region, usedLength, maxLength }) => {
      const length = memory.number64(region + size);
      // A resizeable block's region has the length in use; some machines show less of a block than there is (QEMU rounds up to host pages).
      return length !== undefined && length > 0 && length <= maxLength && length > usedLength - 65536 && memory.number64(region + size + 8) === 0;
    });
    if (fits) return { ramBlock, size };
  }
  return { ramBlock, size: undefined };
}

export function flagsOf(memory: ProcessMemory, { size }: RegionLayout, region: number): RegionFlags | undefined {
  const bytes = memory.bytes(region + OBJECT_SIZE, 6);
  if (!bytes) return undefined;
  const flag = (index: number) => bytes[index] === 1;
  const ramDevice = size !== undefined && memory.u8(region + size + 41) === 1;
  return { ram: flag(1), nonvolatile: flag(4), romDevice: flag(5), ramDevice };
}
