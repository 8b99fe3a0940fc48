/** Which file a start asks for. */
import { resolve } from 'node:path';

/**
 * The file among a process's whole command line, as an absolute path; undefined when there is none. Options and Chromium's switches (`--name=value`)
 * may stand anywhere; outside a package the first other argument is the app itself. After `--` a name may start with a dash.
 */
export function fileOfArguments(argv: readonly string[], isPackaged: boolean, workingFolder: string): string | undefined {
  const separator = argv.indexOf('--');
  const names = argv.slice(1, separator < 0 ? undefined : separator).filter((argument) => !argument.startsWith('-'));
  if (!isPackaged) names.shift();
  const file = separator < 0 ? names[0] : (argv[separator + 1] ?? names[0]);
  return file === undefined || file === '' ? undefined : resolve(workingFolder, file);
}
