/** What `export` writes, from its options. */
import type { ParseArgsOptionsConfig } from 'node:util';
import { hasUnit } from '#shared/length-text.ts';
import { PHYSICAL_LIMIT } from '#shared/units.ts';
import type { ExportCompression, ExportFormat, ExportOptions } from '#shared/model/index.ts';
import { addressArgument, lengthArgument, type CommandContext } from './command.ts';
import { UsageError } from './exit-code.ts';

export const EXPORT_OPTIONS: ParseArgsOptionsConfig = {
  format: { type: 'string' },
  layout: { type: 'string' },
  paging: { type: 'boolean' },
  begin: { type: 'string' },
  length: { type: 'string' },
  compression: { type: 'string' },
  flattened: { type: 'boolean' },
  'exclude-zero': { type: 'boolean' },
  'no-sparse': { type: 'boolean' },
  verify: { type: 'boolean' },
  'no-verify': { type: 'boolean' },
};

export const EXPORT_HELP = `  --format elf|kdump|raw|lime      elf: ELF vmcore (default)
  --layout portable|qemu           elf: portable (default) opens in crash, makedumpfile, libkdumpfile, gdb; qemu is byte for byte what QEMU writes
  --paging                         elf: segments carry the virtual addresses of every CPU's page tables
  --begin ADDRESS --length N       elf, raw, lime: only that range of guest-physical memory (ADDRESS also 1G; N 64M, 4096, 0x1000)
  --compression zlib|lzo|snappy|zstd|none
                                   kdump: how pages are compressed (default: zlib)
  --flattened                      kdump: makedumpfile's flattened form
  --exclude-zero                   kdump: leave pages of zeros out, instead of having all of them share one (crash then needs --zero_excluded)
  --no-sparse                      elf, raw, lime: write zeros, instead of leaving holes in the file
  --verify, --no-verify            read the file back and compare its memory (default: for files under 4 GiB)`;

const FORMATS: readonly ExportFormat[] = ['elf', 'kdump', 'raw', 'lime'];
const COMPRESSIONS: readonly ExportCompression[] = ['zlib', 'lzo', 'snappy', 'zstd', 'none'];

/** Which formats an option is for. */
const ONLY_FOR: Record<string, readonly ExportFormat[]> = {
  layout: ['elf'],
  paging: ['elf'],
  begin: ['elf', 'raw', 'lime'],
  length: ['elf', 'raw', 'lime'],
  compression: ['kdump'],
  flattened: ['kdump'],
  'exclude-zero': ['kdump'],
  // A kdump file has no pages of zeros that could be holes.
  'no-sparse': ['elf', 'raw', 'lime'],
};

export function exportOptions(options: CommandContext['options']): ExportOptions {
  const format = oneOf(FORMATS, 'format', options['format'] ?? 'elf', ': it says what is written, --input-format what FILE is');
  for (const [name, formats] of Object.entries(ONLY_FOR)) {
    if (options[name] !== undefined && !formats.includes(format)) throw new UsageError(`--${name} is for ${formats.join(', ')}, not for ${format}`);
  }
  const { begin, length, compression, verify } = options;
  if ((begin === undefined) !== (length === undefined)) throw new UsageError('--begin and --length go together');
  if (verify === true && options['no-verify'] === true) throw new UsageError('--verify and --no-verify exclude each other');
  return {
    format,
    layout: oneOf(['portable', 'qemu'], 'layout', options['layout'] ?? 'portable'),
    ...(options['paging'] === true ? { paging: true } : {}),
    ...(begin === undefined ? {} : { begin: physical(String(begin)), length: lengthArgument(String(length)) }),
    ...(compression === undefined ? {} : { compression: oneOf(COMPRESSIONS, 'compression', compression) }),
    ...(options['flattened'] === true ? { flattened: true } : {}),
    ...(options['exclude-zero'] === true ? { excludeZero: true } : {}),
    ...(options['no-sparse'] === true ? { sparse: false } : {}),
    ...(verify === true ? { verify: true } : options['no-verify'] === true ? { verify: false } : {}),
  };
}

function oneOf<Choice extends string>(choices: readonly Choice[], name: string, value: unknown, more = ''): Choice {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw new UsageError(`--${name}: expected ${choices.join(', ')}, found ${JSON.stringify(value)}${more}`);
  return found;
}

function physical(text: string): number {
  const address = hasUnit(text) ? BigInt(lengthArgument(text)) : addressArgument(text);
  if (address >= BigInt(PHYSICAL_LIMIT)) throw new UsageError(`--begin: ${text} is wider than a physical address (52 bits)`);
  return Number(address);
}
