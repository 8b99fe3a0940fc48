// What must be there before anything runs: packages, and a build that is newer than the sources. A fresh clone starts here, on whatever Node the
// machine has (20.19 or later), so: plain JavaScript, Node's own modules only.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** npm writes this file when an installation is complete. */
const INSTALLED = 'node_modules/.package-lock.json';
const BUILT = ['out/main/index.js', 'out/main/cli.js', 'out/preload/index.cjs', 'out/renderer/index.html'];
const BUILT_FROM = ['src', 'package.json', 'electron.vite.config.ts', 'tsconfig.base.json'];
const PINNED_NODE = join(ROOT, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

/** Milliseconds; the newest file below a path. */
function newest(path) {
  const status = statSync(path);
  if (!status.isDirectory()) return status.mtimeMs;
  // The folder's own time counts: a file that was removed leaves no other trace.
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), status.mtimeMs);
}

/** The packages that a lock file wants, without those that only some platforms install. */
function packagesOf(lockFile) {
  const { packages } = JSON.parse(readFileSync(join(ROOT, lockFile), 'utf8'));
  return Object.entries(packages).filter(([name, { optional }]) => name !== '' && !optional);
}

/** By content, not by time: a checkout gives package-lock.json the time of the checkout. */
export function isInstalled() {
  if (!existsSync(join(ROOT, INSTALLED))) return false;
  const installed = new Map(packagesOf(INSTALLED).map(([name, { version }]) => [name, version]));
  return packagesOf('package-lock.json').every(([name, { version }]) => installed.get(name) === version);
}

export function isBuilt() {
  const outputs = BUILT.map((file) => join(ROOT, file));
  if (!outputs.every((file) => existsSync(file))) return false;
  const oldest = Math.min(...outputs.map((file) => statSync(file).mtimeMs));
  // A package brings no sources.
  return BUILT_FROM.map((path) => join(ROOT, path)).every((path) => !existsSync(path) || newest(path) <= oldest);
}

/** The Node that the package `node` pins: the line that Electron embeds, and one that runs TypeScript as it is. */
export function pinnedNode() {
  return existsSync(PINNED_NODE) ? PINNED_NODE : process.execPath;
}

/** Says what it does on standard error: standard output may be a command's JSON. Exits when it fails. */
function run(what, command, args) {
  console.error(`${what}…`);
  // npm is a script on Windows; its arguments here need no quoting.
  const { status } = spawnSync(command, args, { cwd: ROOT, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  if (status === 0) return;
  console.error(`${what}: failed`);
  process.exit(1);
}

export function ensureInstalled() {
  if (!isInstalled()) run('Installing packages (npm ci)', 'npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error']);
}

export function ensureBuilt() {
  if (!isBuilt()) run('Building', pinnedNode(), ['node_modules/electron-vite/bin/electron-vite.js', 'build', '--logLevel', 'warn']);
}

/** Goes on in a TypeScript script under the pinned Node, as this process would: same standard streams, same exit code. */
export function continueIn(script, args) {
  // Its bin folder first, so that whatever it starts by name (node, tsc, vitest) is the project's own.
  const PATH = `${join(ROOT, 'node_modules', '.bin')}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH}`;
  const child = spawn(pinnedNode(), [join(ROOT, script), ...args], { stdio: 'inherit', env: { ...process.env, PATH } });
  // Ctrl-C reaches the whole group; this process waits for the child to clear up.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code, signal) => process.exit(signal ? 130 : code));
}
