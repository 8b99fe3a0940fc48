/**
 * The files that were opened last, newest first, in `recent-files.json` of the config folder.
 *
 * Several processes may share the file (desktop, server): it is read again before each change and replaced by a rename, so a reader never sees half
 * of it. Of two changes at the same moment one may be lost; a list of recent files bears that. A file that is gone stays listed
 * with `exists: false`: its disk may come back.
 */
import { mkdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as v from 'valibot';
import { DEBUG_FILES_LIMIT, RAM_FILES_LIMIT, SET_LIMIT, type RecentFile } from '#shared/contract.ts';
import type { OpenOptions } from '#shared/model/dump.ts';
import { FORMAT_IDS } from '#shared/open-choices.ts';
import { replaceFile } from './replace-file.ts';

export const RECENT_LIMIT = 20;

export interface RecentFiles {
  /** Newest first. */
  list(): Promise<RecentFile[]>;
  /** Puts files that were opened together on top, absolute paths, and how they were opened. */
  add(files: readonly string[], options?: OpenOptions): Promise<void>;
  clear(): Promise<void>;
  /** Whether the path is in the list as it was read or written last: alone, in a set, or as a file that its options name. */
  has(path: string): boolean;
}

const pathSchema = v.pipe(v.string(), v.minLength(1), v.maxLength(4096));
const optionSchema = v.optional(v.string());
const entrySchema = v.object({
  path: pathSchema,
  openedAt: v.string(),
  /** The other parts of a set. */
  more: v.optional(v.pipe(v.array(pathSchema), v.maxLength(SET_LIMIT))),
  options: v.optional(
    v.object({
      format: v.optional(v.picklist(FORMAT_IDS)),
      architecture: optionSchema,
      snapshot: optionSchema,
      ramFiles: v.optional(v.pipe(v.record(v.string(), pathSchema), v.maxEntries(RAM_FILES_LIMIT))),
      view: v.optional(v.picklist(['guest', 'process'])),
      executable: v.optional(pathSchema),
      debug: v.optional(v.pipe(v.array(pathSchema), v.maxLength(DEBUG_FILES_LIMIT))),
      vm: optionSchema,
    }),
  ),
});
type Entry = v.InferOutput<typeof entrySchema>;

/** The entries of the file; what is missing, unreadable or malformed is no entry. */
async function readEntries(file: string): Promise<Entry[]> {
  try {
    const content: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (!Array.isArray(content)) return [];
    return content.filter((entry): entry is Entry => v.is(entrySchema, entry)).slice(0, RECENT_LIMIT);
  } catch {
    return [];
  }
}

const filesOf = ({ path, more = [] }: Entry): string[] => [path, ...more];

/** The files that the options name. */
const namedFilesOf = ({ options: { ramFiles = {}, executable, debug = [] } = {} }: Entry): string[] => [
  ...Object.values(ramFiles),
  ...(executable === undefined ? [] : [executable]),
  ...debug,
];

/** Equal for the same files, opened in the same way. */
function keyOf(entry: Entry): string {
  const { format, architecture, snapshot, ramFiles = {}, view, executable, debug } = entry.options ?? {};
  return JSON.stringify([filesOf(entry).toSorted(), format, architecture, snapshot, Object.entries(ramFiles).sort(), view, executable, debug]);
}

async function describe(entry: Entry): Promise<RecentFile> {
  const { path, openedAt, options = {} } = entry;
  const files = filesOf(entry);
  const there = await Promise.all([...files, ...namedFilesOf(entry)].map(exists));
  return { path, name: basename(path), folder: dirname(path), openedAt, exists: there.every(Boolean), files, options: options as OpenOptions };
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** `now` is for tests. */
export async function openRecentFiles(configFolder: string, now: () => Date = () => new Date()): Promise<RecentFiles> {
  const file = join(configFolder, 'recent-files.json');
  let entries = await readEntries(file);
  /** The list while it cannot be written: a full or read-only disk is no reason to fail, it is kept for this run. */
  let kept: Entry[] | undefined;
  let lastChange: Promise<void> = Promise.resolve();

  function change(edit: (current: Entry[]) => Entry[]): Promise<void> {
    const changed = lastChange.then(async () => {
      entries = edit(kept ?? (await readEntries(file))).slice(0, RECENT_LIMIT);
      try {
        await mkdir(configFolder, { recursive: true, mode: 0o700 });
        await replaceFile(file, JSON.stringify(entries, null, 2));
        kept = undefined;
      } catch (error) {
        console.error(`cannot write ${file}: ${String(error)}`);
        kept = entries;
      }
    });
    lastChange = changed;
    return changed;
  }

  return {
    async list() {
      await lastChange;
      entries = kept ?? (await readEntries(file));
      return Promise.all(entries.map(describe));
    },
    async add([path, ...more], options = {}) {
      if (path === undefined) return;
      const entry: Entry = { path, openedAt: now().toISOString() };
      if (more.length > 0) entry.more = more;
      if (Object.keys(options).length > 0) entry.options = options;
      await change((current) => [entry, ...current.filter((other) => keyOf(other) !== keyOf(entry))]);
    },
    clear: () => change(() => []),
    has: (path) => entries.some((entry) => [...filesOf(entry), ...namedFilesOf(entry)].includes(path)),
  };
}
