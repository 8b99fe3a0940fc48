/** What a command is, and reading its arguments. */
import fs from 'node:fs';
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { parseAddress } from '#shared/address-text.ts';
import { parseLength } from '#shared/length-text.ts';
import type { OpenOptions, PagingModeId, RegionCorrection, RootChoice } from '#shared/model/index.ts';
import type { Workbench } from '#workbench/workbench.ts';
import { UsageError } from './exit-code.ts';
import { mapOptions, OPEN_OPTIONS, openOptions } from './open-options.ts';

export interface CommandContext {
  workbench: Workbench;
  /** FILE first, then what the command takes after it. */
  positionals: string[];
  /** Further FILEs: the other parts of a split set. */
  parts: string[];
  options: OptionValues;
  /** How the FILEs are to be opened. */
  opening: { options: OpenOptions; map: RegionCorrection[] };
  json: boolean;
  /** Everything meant for the user or the next program. */
  print(text: string): void;
  /** Everything else. */
  note(text: string): void;
}

export type OptionValues = Record<string, string | boolean | (string | boolean)[] | undefined>;

export interface Command {
  name: string;
  /** Arguments after the name: `FILE... ADDRESS [--cpu N | --root ADDRESS]`. */
  usage: string;
  summary: string;
  /** Paragraphs of --help after the usage. */
  details: string;
  /** Smallest and largest number of positional arguments, FILE among them. What is more than the largest are further FILEs, right after the first. */
  arity: [number, number];
  /** True where everything after the FILEs is an address, as many as wanted. */
  addresses?: boolean;
  /** Words of which one may follow the FILEs, with its arguments: everything before it is a FILE. */
  words?: readonly string[];
  /** What the last argument looks like where it is no FILE. */
  argument?: RegExp;
  /** The option that says what FILE is; `format` unless that says what is written. */
  formatOption?: string;
  options: ParseArgsOptionsConfig;
  /** Resolves with the exit code. */
  run(context: CommandContext): Promise<number>;
}

/** Options that every command takes. */
const COMMON: ParseArgsOptionsConfig = {
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  'no-mapping': { type: 'boolean' },
  ...OPEN_OPTIONS,
};

/** Options that choose page tables. */
export const ROOT_OPTIONS: ParseArgsOptionsConfig = {
  cpu: { type: 'string' },
  regime: { type: 'string' },
  root: { type: 'string' },
  mode: { type: 'string' },
  levels: { type: 'string' },
};

export const ROOT_HELP = `  --cpu N          page tables of CPU N (default 0)
  --regime ID      those of a translation regime that the CPU does not execute under; \`registers\` lists what it has;
                   with --root: the tables' addresses go through the second stage of that regime of CPU 0
  --root ADDRESS   page tables whose top table is at this guest-physical address
  --mode ID        paging mode of those tables; \`info\` lists what the CPU family has (default: as CPU 0, or what is usual)
  --levels N       the same of x86 by number: 4 or 5 of x86-64, 3 (PAE) or 2 of 32-bit x86`;

export type ParsedArguments = Pick<CommandContext, 'positionals' | 'parts' | 'options' | 'opening'>;

export function parseArguments(command: Command, argv: string[]): ParsedArguments {
  let parsed;
  try {
    // An address may look like an option only when it is "-" itself, which parseArgs takes as a positional.
    parsed = parseArgs({ args: argv, options: { ...COMMON, ...command.options }, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError((error as Error).message.replace(/\. To specify.*$/s, ''));
  }
  const options = parsed.values as OptionValues;
  if (options['help'] === true) return { positionals: [], parts: [], options, opening: { options: {}, map: [] } };
  const positionals = parsed.positionals;
  const parts = positionals.splice(1, countParts(command, positionals));
  if (positionals.length < command.arity[0]) throw new UsageError(`${command.name}: missing arguments`);
  const missing = parts.find((part) => !fs.existsSync(part));
  if (missing !== undefined) {
    const words = command.words ? `; the words are ${command.words.join(', ')}` : '';
    throw new UsageError(
      `${command.name}: unexpected argument ${JSON.stringify(missing)}: there is no such file, to be a further part of a split dump${words}`,
    );
  }
  const opening = { options: openOptions(options, command.formatOption ?? 'format'), map: mapOptions(options) };
  return { positionals, parts, options, opening };
}

/** How many of the arguments after the first are further FILEs. */
function countParts({ arity: [, most], addresses, words, argument }: Command, positionals: readonly string[]): number {
  if (words) {
    const word = positionals.findIndex((positional, index) => index > 0 && words.includes(positional));
    return (word < 0 ? positionals.length : word) - 1;
  }
  if (argument) return Math.max(0, positionals.length - (argument.test(positionals.slice(1).at(-1) ?? '') ? 2 : 1));
  if (!addresses) return Math.max(0, positionals.length - most);
  const first = positionals.findIndex((word, index) => index > 0 && (word === '-' || parseAddress(word) !== undefined));
  return first < 0 ? 0 : first - 1;
}

export function addressArgument(text: string): bigint {
  const address = parseAddress(text);
  if (address === undefined) throw new UsageError(`not an address: ${JSON.stringify(text)} (hexadecimal, at most 64 bits)`);
  return address;
}

/** A length: decimal, hexadecimal with 0x, or with a unit of 1024. */
export function lengthArgument(text: string): number {
  const value = parseLength(text);
  if (value === undefined) throw new UsageError(`not a length: ${JSON.stringify(text)} (4096, 0x1000, 64M)`);
  return value;
}

export function countOption(options: OptionValues, name: string): number | undefined {
  const text = options[name];
  if (text === undefined) return undefined;
  if (typeof text !== 'string' || !/^\d{1,9}$/.test(text)) throw new UsageError(`--${name}: not a number: ${JSON.stringify(text)}`);
  return Number(text);
}

const MODE_OF_LEVELS: ReadonlyMap<unknown, PagingModeId> = new Map<string, PagingModeId>([
  ['2', 'x86-32'],
  ['3', 'x86-pae'],
  ['4', 'x86-64-4level'],
  ['5', 'x86-64-5level'],
]);

export function rootOption(options: OptionValues): RootChoice {
  const { root, cpu, levels, regime } = options;
  if (root === undefined) {
    for (const name of ['levels', 'mode']) if (options[name] !== undefined) throw new UsageError(`--${name} goes with --root`);
    return { kind: 'cpu', cpu: countOption(options, 'cpu') ?? 0, ...(typeof regime === 'string' ? { regime } : {}) };
  }
  if (cpu !== undefined) throw new UsageError('--cpu and --root exclude each other');
  const address = addressArgument(String(root));
  if (address >= 1n << 52n) throw new UsageError(`--root: ${String(root)} is wider than a physical address (52 bits)`);
  const mode = typeof options['mode'] === 'string' ? options['mode'] : MODE_OF_LEVELS.get(levels);
  if (levels !== undefined && options['mode'] !== undefined) throw new UsageError('--levels and --mode exclude each other');
  if (levels !== undefined && mode === undefined) throw new UsageError('--levels: 2, 3, 4 or 5');
  return { kind: 'root', root: Number(address), ...(mode ? { mode } : {}), ...(typeof regime === 'string' ? { regime } : {}) };
}
