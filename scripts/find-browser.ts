/**
 * A Chromium for the end-to-end and contract tests: the one named by CHROMIUM, the system's, Playwright's, or one that is installed now.
 *
 * As a script it prints the executable's path and, with `--install`, gets one where there is none.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from '@playwright/test';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'microsoft-edge'];
const PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];
/** Milliseconds. */
const DOWNLOAD_LIMIT = 240_000;

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Undefined when there is none. Throws when CHROMIUM names something that cannot be run. */
export function findBrowser(): string | undefined {
  const named = process.env['CHROMIUM'];
  if (named) {
    if (!isExecutable(named)) throw new Error(`CHROMIUM=${named} is not an executable file`);
    return named;
  }
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const onPath = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [...onPath, ...PLACES, chromium.executablePath()].find(isExecutable);
}

function attempt(command: string, args: string[]): void {
  console.error(`no Chromium found: ${command} ${args.join(' ')}`);
  spawnSync(command, args, { stdio: ['ignore', 2, 2], timeout: DOWNLOAD_LIMIT, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
}

function installBrowser(): string | undefined {
  attempt(process.execPath, [join(import.meta.dirname, '../node_modules/@playwright/test/cli.js'), 'install', 'chromium']);
  const fetched = findBrowser();
  if (fetched !== undefined || process.platform !== 'linux') return fetched;
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  for (const step of [['update'], ['install', '-y', '--no-install-recommends', 'chromium']]) {
    const [command = '', ...args] = [...asRoot, 'apt-get', ...step];
    attempt(command, args);
  }
  return findBrowser();
}

if (import.meta.main) {
  const browser = findBrowser() ?? (process.argv.includes('--install') ? installBrowser() : undefined);
  if (browser === undefined) {
    console.error('no Chromium found: install one, or name its executable in the environment variable CHROMIUM');
    process.exit(1);
  }
  console.log(browser);
}
