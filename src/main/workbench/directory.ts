/**
 * Lists a folder for the page's own file browser, where there is no system dialog (the server). Hidden names, sockets, devices and
 * broken links are left out; a link counts as what it leads to.
 */
import { readdir, realpath, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { DirectoryEntry, DirectoryListing } from '#shared/contract.ts';
import { WorkbenchError } from '#shared/errors.ts';

export const ENTRY_LIMIT = 2000;

const REASONS: Record<string, string> = {
  ENOENT: 'there is no such folder',
  ENOTDIR: 'this is not a folder',
  EACCES: 'no permission to read this folder',
  EPERM: 'no permission to read this folder',
};

async function describe(folder: string, name: string): Promise<DirectoryEntry | undefined> {
  const path = join(folder, name);
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile() && !found?.isDirectory()) return undefined;
  return {
    name,
    path,
    kind: found.isDirectory() ? 'directory' : 'file',
    size: found.isFile() ? found.size : 0,
    modifiedAt: found.mtime.toISOString(),
  };
}

/** Folders first, each group by name. `null` is the home folder. Rejects with `io` where the folder cannot be read. */
export async function listDirectory(path: string | null): Promise<DirectoryListing> {
  const wanted = path === null ? homedir() : resolve(path);
  try {
    const folder = await realpath(wanted);
    const names = (await readdir(folder)).filter((name) => !name.startsWith('.'));
    names.sort(new Intl.Collator('en', { numeric: true }).compare);
    const described = await Promise.all(names.slice(0, ENTRY_LIMIT).map((name) => describe(folder, name)));
    const entries = described.filter((entry) => entry !== undefined);
    const parent = dirname(folder);
    return {
      path: folder,
      parent: parent === folder ? null : parent,
      entries: [...entries.filter(({ kind }) => kind === 'directory'), ...entries.filter(({ kind }) => kind === 'file')],
      cut: names.length > ENTRY_LIMIT,
    };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    throw new WorkbenchError('io', `${wanted}: ${REASONS[code] ?? (error as Error).message}`, { source: wanted });
  }
}
