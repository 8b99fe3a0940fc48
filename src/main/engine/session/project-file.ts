/** The user's corrections, kept beside the dump: NAME.workbench.json; those of a guest out of a host's dump: NAME.guest-ID.workbench.json. */
import fs from 'node:fs';
import * as v from 'valibot';
import type { RegionCorrection } from '#shared/model/memory.ts';

const SUFFIX = '.workbench.json';
const MAX_SIZE = 1024 * 1024;

const PROJECT = v.object({
  version: v.literal(1),
  memoryMap: v.pipe(
    v.array(v.object({ start: v.number(), last: v.number(), block: v.nullable(v.string()), blockOffset: v.number() })),
    v.maxLength(1000),
  ),
});

/** `vm`: see OpenOptions. */
export function projectPath(dumpPath: string, vm?: string): string {
  return `${dumpPath}${vm === undefined ? '' : `.guest-${vm}`}${SUFFIX}`;
}

/** Corrections in a project file; empty when there is no such file. Throws an Error that says what is wrong with it. */
export function readProject(path: string): RegionCorrection[] {
  if (!fs.existsSync(path)) return [];
  if (fs.statSync(path).size > MAX_SIZE) throw new Error(`${path} is too large to be a project file`);
  return v.parse(PROJECT, JSON.parse(fs.readFileSync(path, 'utf8'))).memoryMap;
}

/** Writes the file, or takes it away when there is nothing to keep. Throws the system's error where the folder cannot be written. */
export function writeProject(path: string, corrections: readonly RegionCorrection[]): void {
  if (corrections.length === 0) {
    fs.rmSync(path, { force: true });
    return;
  }
  const part = `${path}.part`;
  fs.writeFileSync(part, `${JSON.stringify({ version: 1, memoryMap: corrections }, null, 2)}\n`);
  fs.renameSync(part, path);
}
