/**
 * Writes migration streams of shapes that no QEMU at hand writes, out of the memory and device states of a real guest. Written from QEMU's documentation and
 * sources, with nothing of the reader, which is tested with it.
 */
import { decoderOf } from '#engine/formats/coding.ts';
import { ExtentTable } from '#engine/memory/extent-table.ts';
import { GuestMemory } from '#engine/memory/guest-memory.ts';
import { PhysicalRegions } from '#engine/memory/physical-regions.ts';
import type { Opened } from '../open-bytes.ts';

export const PAGE = 4096;
export const START = 1;
export const PART = 2;
export const END = 3;
export const FULL = 4;

export class StreamWriter {
  readonly #pieces: Uint8Array[] = [];
  length = 0;

  raw(bytes: Uint8Array | number[]): this {
    const piece = Uint8Array.from(bytes);
    this.#pieces.push(piece);
    this.length += piece.length;
    return this;
  }

  u8(...values: number[]): this {
    return this.raw(values);
  }

  u16(value: number): this {
    return this.raw([value >> 8, value & 0xff]);
  }

  u32(...values: number[]): this {
    for (const value of values) this.raw([value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff]);
    return this;
  }

  u64(value: number): this {
    return this.u32(Math.floor(value / 2 ** 32), value % 2 ** 32);
  }

  text(text: string): this {
    return this.raw(Buffer.from(text, 'latin1'));
  }

  name(name: string): this {
    return this.u8(name.length).text(name);
  }

  header(): this {
    return this.text('QEVM').u32(3);
  }

  configuration(machine: string): this {
    return this.u8(7).u32(machine.length).text(machine);
  }

  subsection(name: string, version = 1): this {
    return this.u8(5).name(name).u32(version);
  }

  section(type: number, id: number, name: string, version: number, instance = 0): this {
    return this.u8(type).u32(id).name(name).u32(instance, version);
  }

  part(type: number, id: number): this {
    return this.u8(type).u32(id);
  }

  footer(id: number): this {
    return this.u8(0x7e).u32(id);
  }

  command(command: number, data: Uint8Array | number[] = []): this {
    return this.u8(8).u16(command).u16(data.length).raw(data);
  }

  eof(): this {
    return this.u8(0);
  }

  bytes(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#pieces));
  }
}

export interface SourceBlock {
  name: string;
  length: number;
  /** Of `length` bytes. */
  bytes: Uint8Array;
}

/** The RAM space of an opened dump as memory, wherever its blocks may be mapped. */
export function ramOf({ dump, source }: Opened): GuestMemory {
  const end = Math.max(...dump.blocks.map(({ ram, length }) => ram + length));
  const regions = new PhysicalRegions([{ start: 0, last: end - 1, ram: 0 }]);
  return new GuestMemory(source, new ExtentTable(dump.extents), regions, dump.coding && decoderOf(dump.coding, source));
}

/** RAM of an opened dump by block, for a guest that is small enough. */
export function blocksOf(opened: Opened): SourceBlock[] {
  const ram = ramOf(opened);
  return opened.dump.blocks.map(({ name, length, ram: start }) => ({ name, length, bytes: ram.readExact(start, length) }));
}

/** A device section's bytes as they stand in a stream. */
export function payloadOf({ dump, source }: Opened, name: string, instance = 0): Uint8Array {
  const section = dump.devices!.sections.find((each) => each.name === name && each.instance === instance)!;
  const bytes = new Uint8Array(section.end - section.start);
  source.read(section.start, bytes);
  return bytes;
}

/** What a page is throughout, or undefined. */
export function fillOf(page: Uint8Array): number | undefined {
  return page.every((byte) => byte === page[0]) ? page[0] : undefined;
}

/** Page records of a block with names and CONTINUE as QEMU writes them; `flat` as QEMU up to 0.12 did, with addresses from `flat` on. */
export function writePages(writer: StreamWriter, block: SourceBlock, flat?: number): void {
  for (let at = 0; at < block.length; at += PAGE) {
    const page = block.bytes.subarray(at, at + PAGE);
    const fill = fillOf(page);
    const header = (flag: number) => {
      if (flat !== undefined) return writer.u64(flat + at + flag);
      writer.u64(at + flag + (at > 0 ? 0x20 : 0));
      return at > 0 ? writer : writer.name(block.name);
    };
    if (fill === undefined) header(0x08).raw(page);
    else header(0x02).u8(fill);
  }
}

export const EOS = 0x10;
export const MEM_SIZE = 0x04;

/** The block list of version 4; `extra` writes what stands behind a block's length. */
export function writeBlockList(
  writer: StreamWriter,
  blocks: readonly SourceBlock[],
  extra: (writer: StreamWriter, block: SourceBlock) => void = () => undefined,
) {
  writer.u64(blocks.reduce((sum, { length }) => sum + length, 0) + MEM_SIZE);
  for (const block of blocks) {
    writer.name(block.name).u64(block.length);
    extra(writer, block);
  }
}
