/** What can be said about a file when it is opened, for the window's Open as… and the command line's --format and --arch. */
import { counted } from './counted.ts';
import type { FormatId, OpenOptions } from './model/dump.ts';

/** Every format, in the words of a list to choose from. The order is that of the list. */
export const FORMAT_TITLES: Readonly<Record<FormatId, string>> = {
  'qemu-stream': 'QEMU migration stream',
  'elf-vmcore': 'ELF vmcore',
  kdump: 'kdump-compressed vmcore',
  'qemu-core': 'Guest in the core of a QEMU process',
  'process-core': 'Core of a process',
  lime: 'LiME',
  avml: 'AVML',
  raw: 'Raw memory',
};

export const FORMAT_IDS = Object.keys(FORMAT_TITLES) as [FormatId, ...FormatId[]];

/** The CPU families that can be named, by id: those of engine/arch/families.ts, which the page cannot ask. Not all of them are decoded. */
export const CPU_FAMILIES: Readonly<Record<string, string>> = {
  'x86-64': 'x86-64',
  i386: 'i386 (32-bit x86)',
  arm64: 'AArch64',
  arm: 'ARM (32-bit)',
  riscv64: 'RISC-V (64-bit)',
  riscv32: 'RISC-V (32-bit)',
  s390x: 's390x',
  ppc64: 'POWER (64-bit)',
  ppc: 'PowerPC (32-bit)',
  loongarch64: 'LoongArch (64-bit)',
  mips: 'MIPS',
};

/** What tells two dumps of the same first file apart: `and 3 more files`, `snapshot before-upgrade`, `as Raw memory`, `CPU family x86-64`, `with pc.ram from /dev/shm/guest`, `guest 174`. */
export function openedWords(
  files: readonly string[],
  { format, architecture, snapshot, ramFiles = {}, view, executable, debug = [], vm }: OpenOptions,
): string[] {
  const words: string[] = [];
  if (files.length > 1) words.push(`and ${counted(files.length - 1, 'more file')}`);
  if (snapshot !== undefined) words.push(`snapshot ${snapshot}`);
  if (format !== undefined) words.push(`as ${FORMAT_TITLES[format]}`);
  if (architecture !== undefined) words.push(`CPU family ${CPU_FAMILIES[architecture] ?? architecture}`);
  if (vm !== undefined) words.push(`guest ${vm}`);
  if (view === 'process') words.push('the process, not its guest');
  if (executable !== undefined) words.push(`with the executable ${executable}`);
  for (const file of debug) words.push(`with debug information from ${file}`);
  for (const [block, file] of Object.entries(ramFiles)) words.push(`with ${block} from ${file}`);
  return words;
}
