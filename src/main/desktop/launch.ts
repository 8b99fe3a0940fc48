/** Which files a start asks for. */
import { resolve } from 'node:path';

/**
 * The files among a process's whole command line, as absolute paths: the parts of one dump, or several dumps. Options and Chromium's switches
 * (`--name=value`) may stand anywhere; outside a package the first other argument is the app itself. After `--` a name may start with a dash.
 */
export function filesOfArguments(argv: readonly string[], isPackaged: boolean, workingFolder: string): string[] {
  const separator = argv.indexOf('--');
  const names = argv.slice(1, separator < 0 ? undefined : separator).filter((argument) => !argument.startsWith('-'));
  if (!isPackaged) names.shift();
  if (separator >= 0) names.push(...argv.slice(separator + 1));
  return names.filter((name) => name !== '').map((name) => resolve(workingFolder, name));
}
