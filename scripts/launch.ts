/**
 * Opens the workbench: as a desktop window where Electron and a display can be had, otherwise in a browser, served on loopback, and says why in one line.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
/** The Electron runtime is about 110 MB; a connection that brings it brings it in this time. Milliseconds. */
const DOWNLOAD_LIMIT = 180_000;
/** An Electron that ends with an error this soon did not start: a library is missing, the display refused it. Milliseconds. */
const START_LIMIT = 5000;

const file = process.argv.slice(2).find((argument) => argument !== '--');
const path = file === undefined ? undefined : resolve(process.env['INIT_CWD'] ?? '.', file);

/** Why no window can be shown here, as far as it can be told before trying; undefined when nothing stands against it. */
function obstacle(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  if (!process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) return 'there is no display';
  // Chromium's sandbox needs a user of its own, and the window is not opened without the sandbox.
  if (process.getuid?.() === 0) return 'Electron does not run as root';
  return undefined;
}

function installedElectron(): string | undefined {
  const folder = process.env['ELECTRON_OVERRIDE_DIST_PATH'];
  const pathFile = join(ROOT, 'node_modules/electron/path.txt');
  const name = existsSync(pathFile) ? readFileSync(pathFile, 'utf8') : 'electron';
  const executable = join(folder ?? join(ROOT, 'node_modules/electron/dist'), name);
  return existsSync(executable) ? executable : undefined;
}

/** The runtime's executable, fetched when it is not there yet; otherwise the reason. */
function electron(): { executable: string } | { reason: string } {
  const present = installedElectron();
  if (present) return { executable: present };
  console.error('Fetching the Electron runtime…');
  const { status, stderr, error } = spawnSync(process.execPath, [join(ROOT, 'node_modules/electron/install.js')], {
    timeout: DOWNLOAD_LIMIT,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const fetched = status === 0 ? installedElectron() : undefined;
  if (fetched) return { executable: fetched };
  const detail = error ? error.message : (stderr.split('\n').find((line) => /error/i.test(line)) ?? '').trim();
  return { reason: `the Electron runtime cannot be fetched${detail ? `: ${detail.slice(0, 200)}` : ''}` };
}

/** Resolves with the exit code, or with a reason when it did not start. */
function runDesktop(executable: string): Promise<number | { reason: string }> {
  const environment = { ...process.env };
  delete environment['ELECTRON_RUN_AS_NODE'];
  const started = Date.now();
  const app = spawn(executable, path === undefined ? [ROOT] : [ROOT, '--', path], { stdio: 'inherit', env: environment });
  return new Promise((done) => {
    app.on('error', (error) => done({ reason: error.message }));
    app.on('exit', (code, signal) => {
      const failed = code !== 0 && signal !== 'SIGINT' && signal !== 'SIGTERM';
      done(failed && Date.now() - started < START_LIMIT ? { reason: `Electron ended at once with ${signal ?? `code ${code}`}` } : (code ?? 130));
    });
  });
}

/** Opens a URL where there is something to open it with and somebody to see it. */
function openBrowser(url: string): void {
  const [command, ...options] = { darwin: ['open'], win32: ['cmd', '/c', 'start', ''] }[process.platform as string] ?? ['xdg-open'];
  if (process.platform === 'linux' && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) return;
  const opener: ChildProcess = spawn(command as string, [...options, url], { stdio: 'ignore', detached: true });
  opener.on('error', () => undefined);
  opener.unref();
}

function serve(reason: string): void {
  console.error(`No desktop window (${reason}): serving the workbench to a browser on this machine instead.`);
  const server = spawn(process.execPath, [join(ROOT, 'out/main/cli.js'), 'serve', ...(path === undefined ? [] : [path])], {
    stdio: ['inherit', 'pipe', 'inherit'],
  });
  let output = '';
  server.stdout.on('data', (chunk: Buffer) => {
    process.stdout.write(chunk);
    output += chunk.toString();
    const url = /http:\/\/\S+\?token=\S+(?=\s)/.exec(output)?.[0];
    if (url === undefined) return;
    openBrowser(url);
    server.stdout.removeAllListeners('data');
    server.stdout.pipe(process.stdout);
  });
  // Ctrl-C reaches both; this process waits until the server has cleared up.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => server.kill('SIGTERM'));
  server.on('exit', (code) => process.exit(code ?? 0));
}

const standsAgainst = obstacle();
const runtime = standsAgainst === undefined ? electron() : { reason: standsAgainst };
const outcome = 'executable' in runtime ? await runDesktop(runtime.executable) : runtime;
if (typeof outcome === 'number') process.exit(outcome);
serve(outcome.reason);
