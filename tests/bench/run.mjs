// `npm run bench`: figures of this machine, as ratios within one run (bench.ts). VMCORE_LAB is where the large dumps are made and kept.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

const repository = path.resolve(import.meta.dirname, '../..');
const pinned = path.join(repository, 'node_modules/.bin/node');
const node = existsSync(pinned) ? pinned : process.execPath;
const run = spawnSync(node, ['--expose-gc', path.join(import.meta.dirname, 'bench.ts'), ...process.argv.slice(2)], {
  stdio: 'inherit',
  cwd: repository,
});
process.exit(run.status ?? 1);
