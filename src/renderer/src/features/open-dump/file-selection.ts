/** Which files of a listing are chosen, as in the systems' own dialogs: a click chooses one, Ctrl adds or takes away, Shift chooses up to here. */

export interface FileSelection {
  /** Paths, in the order of the listing. */
  readonly chosen: readonly string[];
  /** Where a range starts; null until a file was chosen. */
  readonly anchor: string | null;
}

export type SelectionMode = 'one' | 'toggle' | 'range';

export const NOTHING_CHOSEN: FileSelection = { chosen: [], anchor: null };

/** What is left of the choice in another listing, or in the same one read again. */
export function keepChosen(files: readonly string[], { chosen, anchor }: FileSelection): FileSelection {
  return { chosen: files.filter((file) => chosen.includes(file)), anchor: anchor !== null && files.includes(anchor) ? anchor : null };
}

/** `files` are the paths that can be chosen, in order; `path` is one of them. */
export function choose(files: readonly string[], before: FileSelection, path: string, mode: SelectionMode): FileSelection {
  if (mode === 'toggle') {
    const now = new Set(before.chosen);
    if (!now.delete(path)) now.add(path);
    return { chosen: files.filter((file) => now.has(file)), anchor: path };
  }
  const anchor = mode === 'range' && before.anchor !== null && files.includes(before.anchor) ? before.anchor : path;
  const [from, to] = [files.indexOf(anchor), files.indexOf(path)];
  return { chosen: files.slice(Math.min(from, to), Math.max(from, to) + 1), anchor };
}
