/** ELF cores of any class and byte order, written here after the gABI alone, so that the engine's reader has another judge than itself. */

export interface WrittenNote {
  owner: string;
  type: number;
  description: Uint8Array;
}

export interface WrittenLoad {
  physical: number;
  virtual?: number;
  data: Uint8Array;
  /** Default: as long as the data. */
  memorySize?: number;
  /** p_offset other than where the data lie; all ones stands for filtered. */
  offset?: bigint;
}

export interface ElfToWrite {
  bits: 32 | 64;
  littleEndian: boolean;
  machine: number;
  notes?: WrittenNote[];
  loads: WrittenLoad[];
  /** Counts the program headers in section 0, as for 65,535 and more. */
  countInSection?: boolean;
  headerSize?: number;
}

export const ALL_ONES = 0xffff_ffff_ffff_ffffn;

export function writeElf(elf: ElfToWrite): Uint8Array {
  const { bits, littleEndian, machine, loads, countInSection = false } = elf;
  const wide = bits === 64;
  const [ehdr, phdr, shdr] = wide ? [64, 56, 64] : [52, 32, 40];
  const notes = encodeNotes(elf.notes ?? [], littleEndian);
  const count = loads.length + 1;
  const sections = countInSection ? shdr : 0;
  const table = ehdr + sections;
  let at = table + count * phdr;
  const noteAt = at;
  at += notes.length;
  const places = loads.map(({ data }) => {
    const place = at;
    at += data.length;
    return place;
  });

  const bytes = new Uint8Array(at);
  const view = new DataView(bytes.buffer);
  const u16 = (offset: number, value: number) => view.setUint16(offset, value, littleEndian);
  const u32 = (offset: number, value: number) => view.setUint32(offset, value, littleEndian);
  const word = (offset: number, value: bigint) =>
    wide ? view.setBigUint64(offset, value, littleEndian) : u32(offset, Number(BigInt.asUintN(32, value)));

  bytes.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, littleEndian ? 1 : 2, 1]);
  u16(16, 4);
  u16(18, machine);
  u32(20, 1);
  word(wide ? 32 : 28, BigInt(table));
  word(wide ? 40 : 32, BigInt(countInSection ? ehdr : 0));
  const sizes = [elf.headerSize ?? ehdr, phdr, countInSection ? 0xffff : count, sections, countInSection ? 1 : 0, 0];
  for (const [index, value] of sizes.entries()) u16((wide ? 52 : 40) + 2 * index, value);
  if (countInSection) u32(ehdr + (wide ? 44 : 28), count);

  const program = (index: number, type: number, values: bigint[]) => {
    const start = table + index * phdr;
    u32(start, type);
    // p_offset, p_vaddr, p_paddr, p_filesz, p_memsz
    for (const [place, value] of values.entries()) word(start + (wide ? 8 : 4) * (place + 1), value);
  };
  program(0, 4, [BigInt(noteAt), 0n, 0n, BigInt(notes.length), BigInt(notes.length)]);
  bytes.set(notes, noteAt);
  for (const [index, { physical, virtual, data, memorySize, offset }] of loads.entries()) {
    const place = places[index]!;
    const sizesOf = [BigInt(data.length), BigInt(memorySize ?? data.length)];
    program(index + 1, 1, [offset ?? BigInt(place), BigInt(virtual ?? physical), BigInt(physical), ...sizesOf]);
    bytes.set(data, place);
  }
  return bytes;
}

function encodeNotes(notes: readonly WrittenNote[], littleEndian: boolean): Uint8Array {
  return Buffer.concat(
    notes.map(({ owner, type, description }) => {
      const name = Buffer.from(`${owner}\0`);
      const note = Buffer.alloc(12 + pad(name.length) + pad(description.length));
      const view = new DataView(note.buffer, note.byteOffset);
      for (const [index, value] of [name.length, description.length, type].entries()) view.setUint32(4 * index, value, littleEndian);
      note.set(name, 12);
      note.set(description, 12 + pad(name.length));
      return note;
    }),
  );
}

const pad = (length: number) => Math.ceil(length / 4) * 4;
