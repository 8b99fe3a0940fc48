/** Entry of the command line's bundle (out/main/cli.js): the engine's worker, the page and the samples are where the build put them. */
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import workerPath from '#engine/worker.ts?modulePath';
import { locationOf } from '#shared/dump-location.ts';
import { createWorkbench } from '#workbench/workbench.ts';
import packageJson from '../../package.json' with { type: 'json' };
import type { Serve } from './commands/serve.ts';
import { main } from './main.ts';

const samplesFolder = fileURLToPath(new URL('../../resources/samples', import.meta.url));
const rendererFolder = fileURLToPath(new URL('../renderer', import.meta.url));
const { version } = packageJson;

/** Looking at a dump from a script is nothing to remember. */
const NO_RECENT_FILES = { list: async () => [], add: async () => undefined, clear: async () => undefined, has: () => false };

const serve: Serve = async ({ files, options, port, ready }) => {
  // HTTP and WebSockets take 40 ms to load, a third of what `info` takes.
  const { startServer } = await import('../main/server/server.ts');
  const { listDirectory } = await import('#workbench/directory.ts');
  const { configFolder } = await import('#workbench/config-folder.ts');
  const { openRecentFiles } = await import('#workbench/recent-files.ts');
  const location = locationOf(files.map((file) => path.resolve(file)));
  const workbench = createWorkbench({
    host: { kind: 'server', version, platform: process.platform, nativeDialogs: false, openAtStart: location && { location, options } },
    workerUrl: workerPath,
    samplesFolder,
    recent: await openRecentFiles(configFolder()),
    listDirectory,
  });
  const server = await startServer({ workbench, port, rendererFolder });
  ready(server.url);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await server.close();
  await workbench.dispose();
};

// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

process.exitCode = await main(process.argv.slice(2), {
  createWorkbench: (mapping, exporting) =>
    createWorkbench({
      host: { kind: 'in-process', version, platform: process.platform, nativeDialogs: false, openAtStart: null },
      workerUrl: workerPath,
      samplesFolder,
      recent: NO_RECENT_FILES,
      mapping,
      exporting,
    }),
  serve,
  version,
  print: (text) => process.stdout.write(`${text}\n`),
  note: (text) => process.stderr.write(`${text}\n`),
});
