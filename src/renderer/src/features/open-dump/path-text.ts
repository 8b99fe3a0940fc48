/** Paths as text, of the machine where the workbench runs: it may be another system than the browser's. */

export function separatorOf(path: string): '/' | '\\' {
  return path.includes('\\') && !path.includes('/') ? '\\' : '/';
}

/** Without the last part; a root keeps its separator. */
export function folderOf(path: string): string {
  const separator = separatorOf(path);
  const at = path.lastIndexOf(separator);
  const folder = path.slice(0, Math.max(0, at));
  return folder === '' || /^[A-Za-z]:$/.test(folder) ? folder + separator : folder;
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf(separatorOf(path)) + 1);
}

export function joinPath(folder: string, name: string): string {
  const separator = separatorOf(folder);
  return folder.endsWith(separator) ? folder + name : folder + separator + name;
}
