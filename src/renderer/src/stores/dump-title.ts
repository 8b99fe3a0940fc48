/** What a dump is called wherever its name stands: two snapshots of one image, or a set and its first part, are never called the same. */
import { counted } from '#shared/counted.ts';
import type { DumpSummary, OpenOptions } from '#shared/model/index.ts';
import { FORMAT_TITLES } from '#shared/open-choices.ts';

function title(name: string, files: number, snapshot: string | undefined, format: OpenOptions['format']): string {
  const whole = files > 1 ? `${name} and ${counted(files - 1, 'more file')}` : name;
  return [whole, snapshot, format === undefined ? undefined : `as ${FORMAT_TITLES[format]}`].filter(Boolean).join(' — ');
}

/** `disk.qcow2 — before-upgrade`, `vmcore.1 and 2 more files`, `pmem.raw — as Raw memory`. */
export function dumpTitle({ name, files, snapshots, options }: Pick<DumpSummary, 'name' | 'files' | 'snapshots' | 'options'>): string {
  return title(name, files.length, snapshots.find(({ open }) => open)?.name ?? options.snapshot, options.format);
}

/** The same before it is open: of a recent file, or of one that is being opened. */
export function titleToOpen(name: string, files: readonly string[], { format, snapshot }: OpenOptions): string {
  return title(name, files.length, snapshot, format);
}
