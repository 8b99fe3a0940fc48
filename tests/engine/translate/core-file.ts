/** The least that a test needs of an ELF64 core: its PT_LOADs as memory and its notes. The project's own reader is formats/elf. */
import { readFileSync } from 'node:fs';
import { BufferMemory } from './buffer-memory.ts';

export interface CoreNote {
  name: string;
  type: number;
  payload: Buffer;
}

export interface CoreFile {
  memory: BufferMemory;
  notes: CoreNote[];
}

const PT_LOAD = 1;
const PT_NOTE = 4;

export function readCoreFile(path: string): CoreFile {
  const file = readFileSync(path);
  const number = (at: number) => Number(file.readBigUInt64LE(at));
  const headers = Array.from({ length: file.readUInt16LE(56) }, (_, n) => {
    const at = number(32) + n * file.readUInt16LE(54);
    return { type: file.readUInt32LE(at), offset: number(at + 8), physical: number(at + 24), size: number(at + 32) };
  });
  const pieces = headers
    .filter(({ type }) => type === PT_LOAD)
    .map(({ offset, physical, size }) => ({ start: physical, bytes: file.subarray(offset, offset + size) }));
  const notes = headers.filter(({ type }) => type === PT_NOTE).flatMap(({ offset, size }) => readNotes(file.subarray(offset, offset + size)));
  return { memory: new BufferMemory(pieces), notes };
}

function readNotes(bytes: Buffer): CoreNote[] {
  const notes: CoreNote[] = [];
  for (let at = 0; at + 12 <= bytes.length;) {
    const nameSize = bytes.readUInt32LE(at);
    const start = at + 12 + ((nameSize + 3) & ~3);
    const end = start + bytes.readUInt32LE(at + 4);
    notes.push({
      name: bytes.toString('latin1', at + 12, at + 12 + nameSize - 1),
      type: bytes.readUInt32LE(at + 8),
      payload: bytes.subarray(start, end),
    });
    at = (end + 3) & ~3;
  }
  return notes;
}
