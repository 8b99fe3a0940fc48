/** Where a dump is: one file, the files of a set, or a sample. */
import type { DumpLocation } from './contract.ts';

/** Null for no file. Several are a set. */
export function locationOf(files: readonly string[]): DumpLocation | null {
  const [path] = files;
  if (path === undefined) return null;
  return files.length === 1 ? { kind: 'path', path } : { kind: 'set', paths: [...files] };
}

/** The files of a location; none for a sample. */
export function filesOf(location: DumpLocation): string[] {
  if (location.kind === 'sample') return [];
  return location.kind === 'set' ? location.paths : [location.path];
}
