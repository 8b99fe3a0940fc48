/** The command line in this process, over a workbench of its own: what it prints, and its exit code. */
import { main } from '../../src/cli/main.ts';
import { createWorkbench } from '../../src/main/workbench/workbench.ts';
import { SAMPLES_FOLDER } from '../hosts/sample-dump.ts';

export async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await main(argv, {
    createWorkbench: (mapping) =>
      createWorkbench({
        host: { kind: 'in-process', version: '0', platform: process.platform, nativeDialogs: false, openAtStart: null },
        workerUrl: new URL('../../src/main/engine/worker.ts', import.meta.url),
        samplesFolder: SAMPLES_FOLDER,
        recent: { list: async () => [], add: async () => undefined, clear: async () => undefined, has: () => false },
        mapping,
      }),
    serve: async () => undefined,
    version: '0.0.0',
    print: (text) => (out += `${text}\n`),
    note: (text) => (err += `${text}\n`),
  });
  return { code, out, err };
}
