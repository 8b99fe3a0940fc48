/**
 * How a stripped program names the file with its debug information, and where such files are looked for (gdb 13 manual, "Separate Debug Files").
 *
 * ```
 * .gnu_debuglink      name, zero byte, padding to 4, u32 CRC-32 of the debug file
 * .gnu_debugaltlink   name, zero byte, build id of the file that dwz made (the DWARF 5 form is .debug_sup)
 * ```
 */
import { hexOf } from './notes.ts';
import { cString } from './strings.ts';

export interface DebugLink {
  /** A name without folder. */
  name: string;
  /** Of the whole debug file, as zlib's crc32. */
  crc: number;
}

export interface AltLink {
  /** Absolute, or relative to the folder of the file that holds the link. */
  name: string;
  /** Lower-case hex. */
  buildId: string;
}

const GLOBAL_FOLDER = '/usr/lib/debug';

export function parseDebugLink(bytes: Uint8Array, littleEndian: boolean): DebugLink | undefined {
  const end = bytes.indexOf(0);
  const at = Math.ceil((end + 1) / 4) * 4;
  if (end <= 0 || at + 4 > bytes.length) return undefined;
  return { name: cString(bytes, 0), crc: new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(at, littleEndian) };
}

export function parseAltLink(bytes: Uint8Array): AltLink | undefined {
  const end = bytes.indexOf(0);
  return end <= 0 ? undefined : { name: cString(bytes, 0), buildId: hexOf(bytes.subarray(end + 1)) };
}

/** Paths where a program's debug file may lie, best first. `folder`: of the program, absolute. Whether one is the right file, its build id or CRC says. */
export function debugFilePaths(program: { folder: string; buildId?: string; debugLink?: DebugLink }): string[] {
  const { folder, buildId, debugLink } = program;
  const byId = buildId && buildId.length > 2 ? [`${GLOBAL_FOLDER}/.build-id/${buildId.slice(0, 2)}/${buildId.slice(2)}.debug`] : [];
  // The name is the file's own: it must not lead elsewhere.
  if (!debugLink || debugLink.name.includes('/')) return byId;
  const { name } = debugLink;
  return [...byId, `${folder}/${name}`, `${folder}/.debug/${name}`, `${GLOBAL_FOLDER}${folder}/${name}`];
}
