/** The command line: finds the command, reads its arguments, runs it, turns errors into messages and exit codes. */
import { WorkbenchError } from '#shared/errors.ts';
import type { Workbench } from '#workbench/workbench.ts';
import { parseArguments, type Command } from './command.ts';
import { devices } from './commands/devices.ts';
import { exportCommand } from './commands/export.ts';
import { info } from './commands/info.ts';
import { linux } from './commands/linux.ts';
import { mappings } from './commands/mappings.ts';
import { memoryMap } from './commands/memory-map.ts';
import { read } from './commands/read.ts';
import { registers } from './commands/registers.ts';
import { roots } from './commands/roots.ts';
import { serveCommand, type Serve } from './commands/serve.ts';
import { translate } from './commands/translate.ts';
import { vms } from './commands/vms.ts';
import { walk } from './commands/walk.ts';
import { EXIT, exitCodeOf, UsageError } from './exit-code.ts';
import { toJson } from './json.ts';
import { openHelp } from './open-options.ts';

const PROGRAM = 'vmcore-workbench';

export interface Surroundings {
  /** A workbench for one command; `mapping` and `exporting` as in WorkbenchServices. */
  createWorkbench(mapping: boolean, exporting: boolean): Workbench;
  serve: Serve;
  version: string;
  print(text: string): void;
  note(text: string): void;
}

/** Resolves with the exit code; never rejects. */
export async function main(argv: string[], surroundings: Surroundings): Promise<number> {
  const { note, print, version } = surroundings;
  const commands = [
    info,
    registers,
    memoryMap,
    devices,
    walk,
    translate,
    mappings,
    roots,
    read,
    linux,
    vms,
    exportCommand,
    serveCommand(surroundings.serve),
  ];
  const [name, ...rest] = argv;
  if (name === '--version') {
    print(version);
    return EXIT.done;
  }
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    (name === undefined ? note : print)(overview(commands));
    return name === undefined ? EXIT.badUsage : EXIT.done;
  }
  const command = commands.find((candidate) => candidate.name === name);
  if (!command) {
    note(`${PROGRAM}: there is no command ${JSON.stringify(name)}\n\n${overview(commands)}`);
    return EXIT.badUsage;
  }
  try {
    return await runCommand(command, rest, surroundings);
  } catch (error) {
    if (rest.includes('--json') && error instanceof WorkbenchError)
      note(toJson({ error: { code: error.code, message: error.message, ...error.details } }));
    else note(messageOf(error));
    if (error instanceof UsageError) note(`usage: ${PROGRAM} ${command.name} ${command.usage}`);
    return exitCodeOf(error);
  }
}

async function runCommand(command: Command, argv: string[], { createWorkbench, print, note }: Surroundings): Promise<number> {
  const parsed = parseArguments(command, argv);
  const { options } = parsed;
  if (options['help'] === true) {
    print(help(command));
    return EXIT.done;
  }
  const workbench = createWorkbench(options['no-mapping'] !== true, command === exportCommand);
  try {
    return await command.run({ ...parsed, workbench, json: options['json'] === true, print, note });
  } finally {
    await workbench.dispose();
  }
}

function messageOf(error: unknown): string {
  if (!(error instanceof WorkbenchError)) return `${PROGRAM}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  const { expected, hint } = error.details;
  const choices = error.code === 'bad-request' && expected !== undefined ? `: expected ${expected}` : '';
  return `${PROGRAM}: ${error.message}${choices}${hint ? `\n${hint}` : ''}`;
}

function help(command: Command): string {
  const common = '  --json           for scripts\n  --no-mapping     read the file with pread, not through a memory mapping';
  const usage = `usage: ${PROGRAM} ${command.name} ${command.usage}`;
  return [usage, command.summary, command.details, `How FILE is opened:\n${openHelp(command.formatOption ?? 'format')}\n\n${common}`]
    .filter(Boolean)
    .join('\n\n');
}

function overview(commands: Command[]): string {
  const width = Math.max(...commands.map(({ name, usage }) => `${name} ${usage}`.length));
  const wide = Math.min(width, 72);
  const lines = commands.map(({ name, usage, summary }) => {
    const left = `${name} ${usage}`;
    return left.length > wide ? `  ${left}\n  ${''.padEnd(wide)}  ${summary}` : `  ${left.padEnd(wide)}  ${summary}`;
  });
  return [
    `usage: ${PROGRAM} COMMAND ...`,
    lines.join('\n'),
    'Every command takes --json and --help, and --format, --arch, --snapshot, --vm and --map to say how FILE is opened. Several FILEs are the parts of one split dump. Addresses are hexadecimal. Exit codes: 0 done, 1 the input is bad, 2 bad usage, 3 a hole in the dump or an address that does not translate.',
  ].join('\n\n');
}
