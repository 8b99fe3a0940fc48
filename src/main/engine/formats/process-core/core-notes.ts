/**
 * What the notes of a process's core say of the process (Linux: fs/binfmt_elf.c, fill_note_info and fill_files_note; include/uapi/linux/elfcore.h; 6.1).
 *
 * ```
 * NT_AUXV      pairs of words: type, value, up to AT_NULL
 * NT_FILE      words: count, page size, then count × (start, end, offset in pages); then count paths, each with a zero byte
 * NT_PRPSINFO  pr_pid 24 (12)  pr_fname[16] 40 (28)  pr_psargs[80] 56 (44)                 for 64-bit (32-bit) processes
 * NT_PRSTATUS  si_signo 0 (int)  pr_cursig 12 (short)  pr_pid 32 (24)
 * ```
 */
import { PHYSICAL_LIMIT } from '#shared/units.ts';
import { address, word, type ElfKind } from '../../elf-object/layout.ts';
import { cString } from '../../elf-object/strings.ts';

export const AT_PHDR = 3;
export const AT_PHNUM = 5;
export const AT_SYSINFO_EHDR = 33;
export const AT_EXECFN = 31;

/** vm.max_map_count is 65530; who raised it may have more. */
const MAX_FILES = 2 ** 20;

/** A stretch of addresses that shows a file. */
export interface FileMapping {
  start: number;
  /** Half-open. */
  end: number;
  /** In the file. */
  offset: number;
  path: string;
}

/** As many as the note holds whole. */
export function parseFileMappings(bytes: Uint8Array, kind: ElfKind): FileMapping[] {
  const size = kind.class.bits / 8;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 2 * size) return [];
  const count = Math.min(word(view, 0, kind), MAX_FILES, Math.floor((bytes.length - 2 * size) / (3 * size)));
  const pageSize = word(view, size, kind);
  const files: FileMapping[] = [];
  for (let index = 0, name = (2 + 3 * count) * size; index < count; index++) {
    const end = bytes.indexOf(0, name);
    if (end < 0) break;
    const at = (2 + 3 * index) * size;
    const [start, stop, page] = [0, 1, 2].map((part) => word(view, at + part * size, kind)) as [number, number, number];
    if (stop > start && stop <= PHYSICAL_LIMIT) files.push({ start, end: stop, offset: page * pageSize, path: cString(bytes, name) });
    name = end + 1;
  }
  return files;
}

/** a_type → a_val. */
export function parseAuxv(bytes: Uint8Array, kind: ElfKind): Map<number, bigint> {
  const size = kind.class.bits / 8;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const values = new Map<number, bigint>();
  for (let at = 0; at + 2 * size <= bytes.length; at += 2 * size) {
    const type = word(view, at, kind);
    if (type === 0) break;
    values.set(type, address(view, at + size, kind));
  }
  return values;
}

export interface ProcessInfo {
  pid: number;
  /** At most 15 characters; of the thread that was dumped. */
  name: string;
  /** The start of the command line. */
  command: string;
}

export function parseProcessInfo(bytes: Uint8Array, kind: ElfKind): ProcessInfo | undefined {
  const wide = kind.class.bits === 64;
  const [pid, name, command] = wide ? [24, 40, 56] : [12, 28, 44];
  if (bytes.length < command + 80) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return {
    pid: view.getUint32(pid, kind.littleEndian),
    name: cString(bytes.subarray(name, name + 16), 0),
    command: cString(bytes.subarray(command, command + 80), 0).trimEnd(),
  };
}

/** A thread's id, and the signal that it got (0: none). */
export function parseThread(bytes: Uint8Array, kind: ElfKind): { id: number; signal: number } | undefined {
  const at = kind.class.bits === 64 ? 32 : 24;
  if (bytes.length < at + 4) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return { id: view.getUint32(at, kind.littleEndian), signal: view.getUint16(12, kind.littleEndian) };
}
