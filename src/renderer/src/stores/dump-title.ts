/** What a dump is called wherever its name stands: two snapshots of one image, or a set and its first part, are never called the same. */
import { counted } from '#shared/counted.ts';
import type { DumpSummary, OpenOptions } from '#shared/model/index.ts';
import { FORMAT_TITLES } from '#shared/open-choices.ts';

function title(name: string, files: number, snapshot: string | undefined, { format, ramFiles = {}, vm }: OpenOptions, guestName?: string): string {
  const whole = files > 1 ? `${name} and ${counted(files - 1, 'more file')}` : name;
  const asFormat = format === undefined ? undefined : `as ${FORMAT_TITLES[format]}`;
  const title = [whole, snapshot, asFormat, withRam(Object.values(ramFiles))].filter(Boolean).join(' — ');
  if (vm === undefined) return title;
  return `${guestName === undefined ? `guest ${vm}` : `${guestName} (${vm})`} in ${title}`;
}

function withRam([file, ...more]: readonly string[]): string | undefined {
  if (file === undefined) return undefined;
  const name = file.split(/[\\/]/).pop() ?? file;
  return more.length === 0 ? `with ${name}` : `with ${name} and ${counted(more.length, 'more RAM file')}`;
}

/** `disk.qcow2 — before-upgrade`, `vmcore.1 and 2 more files`, `pmem.raw — as Raw memory`, `stream.qevm — with guest-ram`, `guest-1 (174) in host.elf`. */
export function dumpTitle({
  name,
  files,
  snapshots,
  options,
  guestName,
}: Pick<DumpSummary, 'name' | 'files' | 'snapshots' | 'options' | 'guestName'>): string {
  return title(name, files.length, snapshots.find(({ open }) => open)?.name ?? options.snapshot, options, guestName);
}

/** The same before it is open: of a recent file, or of one that is being opened. */
export function titleToOpen(name: string, files: readonly string[], options: OpenOptions): string {
  return title(name, files.length, options.snapshot, options);
}
