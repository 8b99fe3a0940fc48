// Type-checks every runtime with its own tsconfig; vue-tsc where components are imported.
import { spawnSync } from 'node:child_process';

const projects = [
  ['tsc', 'tsconfig.pure.json'],
  ['tsc', 'tsconfig.node.json'],
  ['tsc', 'tsconfig.preload.json'],
  ['vue-tsc', 'tsconfig.web.json'],
  ['vue-tsc', 'tsconfig.tests.json'],
];
let failed = false;
for (const [compiler, project] of projects) {
  console.log(`${compiler} -p ${project}`);
  const { status } = spawnSync(`node_modules/.bin/${compiler}`, ['--noEmit', '-p', project], { stdio: 'inherit' });
  if (status !== 0) failed = true;
}
process.exit(failed ? 1 : 0);
