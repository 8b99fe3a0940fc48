/** --format, --arch, --snapshot, --ram, --view, --vm, --executable, --debug and --map: how a command's FILEs are to be opened, where the guess is wrong or a choice is to be made. */
import type { ParseArgsOptionsConfig } from 'node:util';
import { formatAddress, parseAddress } from '#shared/address-text.ts';
import type { OpenOptions, RegionCorrection } from '#shared/model/index.ts';
import { CPU_FAMILIES, FORMAT_IDS } from '#shared/open-choices.ts';
import { PHYSICAL_LIMIT } from '#shared/units.ts';
import type { OptionValues } from './command.ts';
import { UsageError } from './exit-code.ts';

export const OPEN_OPTIONS: ParseArgsOptionsConfig = {
  format: { type: 'string' },
  arch: { type: 'string' },
  snapshot: { type: 'string' },
  ram: { type: 'string', multiple: true },
  view: { type: 'string' },
  vm: { type: 'string' },
  executable: { type: 'string' },
  debug: { type: 'string', multiple: true },
  map: { type: 'string', multiple: true },
};

/** `format` is the option's name. */
export const openHelp = (
  format: string,
): string => `  ${`--${format} F`.padEnd(16)} what FILE is, instead of what its content says: ${FORMAT_IDS.join(', ')}
  --arch ID        CPU family, instead of what the dump says: ${Object.keys(CPU_FAMILIES).join(', ')}
  --snapshot NAME  which snapshot of a disk image, by name or id (default: the newest that holds memory)
  --ram BLOCK=FILE take what the dump left out of RAM block BLOCK (x-ignore-shared) from FILE, which backs it: its memory as it is now. Repeatable.
  --view process   of the core of a QEMU process, the process itself and not its guest
  --vm ID          of the dump of a KVM host, one of its guests and not the host: the PID of its QEMU process, or what vms calls it
  --executable FILE, --debug FILE
                   the program that a core is of, and its debug information (repeatable), for what the core lacks;
                   of a Linux kernel in the dump: vmlinux, modules, BTF, a layout that \`linux FILE layout\` wrote
  --map START=BLOCK+OFFSET:LENGTH
                   for this run, guest-physical START shows LENGTH bytes of RAM block BLOCK from OFFSET on; START=none:LENGTH shows nothing there.
                   Hexadecimal, repeatable, a later one over an earlier. Nothing is kept.`;

/** Throws UsageError for a format or a CPU family that does not exist, and for a --ram that is none. `formatOption` is the name of the option that says what FILE is. */
export function openOptions(options: OptionValues, formatOption: string): OpenOptions {
  const { arch, snapshot, ram, view, vm, executable, debug } = options;
  const chosen: OpenOptions = {};
  const format = options[formatOption];
  if (format !== undefined) {
    const known = FORMAT_IDS.find((id) => id === format);
    if (!known) throw new UsageError(`--${formatOption}: expected one of ${FORMAT_IDS.join(', ')}, found ${JSON.stringify(format)}`);
    chosen.format = known;
  }
  if (typeof arch === 'string') {
    const known = Object.keys(CPU_FAMILIES);
    if (!known.includes(arch)) throw new UsageError(`--arch: expected one of ${known.join(', ')}, found ${JSON.stringify(arch)}`);
    chosen.architecture = arch;
  }
  if (typeof snapshot === 'string') chosen.snapshot = snapshot;
  if (Array.isArray(ram) && ram.length > 0) chosen.ramFiles = ramFiles(ram.map(String));
  if (view !== undefined) {
    if (view !== 'guest' && view !== 'process') throw new UsageError(`--view: expected guest or process, found ${JSON.stringify(view)}`);
    chosen.view = view;
  }
  if (typeof vm === 'string') chosen.vm = vm;
  if (typeof executable === 'string') chosen.executable = executable;
  if (Array.isArray(debug) && debug.length > 0) chosen.debug = debug.map(String);
  return chosen;
}

/** Names of RAM blocks hold no `=`; paths may. Paths are as they were typed. */
function ramFiles(texts: readonly string[]): Record<string, string> {
  const files = new Map<string, string>();
  for (const text of texts) {
    const [, block, file] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
    if (block === undefined || file === undefined) throw new UsageError(`--ram ${JSON.stringify(text)}: expected BLOCK=FILE`);
    if (files.has(block)) throw new UsageError(`--ram: RAM block ${block} is given twice`);
    files.set(block, file);
  }
  return Object.fromEntries(files);
}

export function mapOptions({ map }: OptionValues): RegionCorrection[] {
  return Array.isArray(map) ? map.map((text) => parseMapOption(String(text))) : [];
}

/**
 * Names of RAM blocks hold colons, dots, slashes and spaces: START ends at the first `=`, LENGTH starts after the last `:`, and OFFSET, which may be
 * left out, after the last `+`.
 */
export function parseMapOption(text: string): RegionCorrection {
  const [, startText, place, lengthText] = /^([^=]*)=(.+):([^:]*)$/s.exec(text) ?? [];
  if (startText === undefined || place === undefined || lengthText === undefined)
    throw refuse(text, 'expected START=BLOCK+OFFSET:LENGTH or START=none:LENGTH');
  const start = numberOf(text, 'START', startText);
  const length = numberOf(text, 'LENGTH', lengthText);
  if (length === 0) throw refuse(text, 'LENGTH is 0');
  const last = start + length - 1;
  if (last >= PHYSICAL_LIMIT) throw refuse(text, `the region would end at ${formatAddress(last)}, beyond 52 bits`);
  if (place === 'none') return { start, last, block: null, blockOffset: 0 };
  const plus = place.lastIndexOf('+');
  const block = plus < 0 ? place : place.slice(0, plus);
  if (block === '') throw refuse(text, 'there is no name of a RAM block');
  return { start, last, block, blockOffset: plus < 0 ? 0 : numberOf(text, 'OFFSET', place.slice(plus + 1)) };
}

function numberOf(text: string, what: string, digits: string): number {
  const value = parseAddress(digits);
  if (value === undefined) throw refuse(text, `${what} ${JSON.stringify(digits)} is not a hexadecimal number`);
  if (value >= BigInt(PHYSICAL_LIMIT)) throw refuse(text, `${what} ${digits} is wider than a physical address (52 bits)`);
  return Number(value);
}

function refuse(text: string, reason: string): UsageError {
  return new UsageError(`--map ${JSON.stringify(text)}: ${reason}`);
}
