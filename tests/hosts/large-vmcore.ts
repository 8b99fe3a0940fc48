/** An ELF64 vmcore with much memory that costs no disk: long work, for tests of progress and cancelling. */
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';

const EM_X86_64 = 62;
const ET_CORE = 4;
const PT_LOAD = 1;
const HEADERS = 4096;

/** One PT_LOAD of `size` bytes at physical 0, every byte a hole in the file; in memory that reads as zeros that must be looked at. */
export function writeLargeVmcore(path: string, size: number): void {
  const bytes = new DataView(new ArrayBuffer(HEADERS));
  // e_ident: magic, ELFCLASS64, ELFDATA2LSB, EV_CURRENT
  [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1].forEach((value, offset) => bytes.setUint8(offset, value));
  bytes.setUint16(16, ET_CORE, true);
  bytes.setUint16(18, EM_X86_64, true);
  bytes.setUint32(20, 1, true); // e_version
  bytes.setBigUint64(32, 64n, true); // e_phoff
  bytes.setUint16(52, 64, true); // e_ehsize
  bytes.setUint16(54, 56, true); // e_phentsize
  bytes.setUint16(56, 1, true); // e_phnum
  bytes.setUint32(64, PT_LOAD, true); // p_type
  bytes.setUint32(68, 6, true); // p_flags
  bytes.setBigUint64(72, BigInt(HEADERS), true); // p_offset
  bytes.setBigUint64(96, BigInt(size), true); // p_filesz
  bytes.setBigUint64(104, BigInt(size), true); // p_memsz
  const file = openSync(path, 'w');
  writeSync(file, new Uint8Array(bytes.buffer));
  ftruncateSync(file, HEADERS + size);
  closeSync(file);
}
