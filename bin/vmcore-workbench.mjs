#!/usr/bin/env node
// The command line: installs and builds when it has to, then is out/main/cli.js. Exit codes are the command's own.
import module from 'node:module';
import os from 'node:os';
import path from 'node:path';
import zlib from 'node:zlib';
import { continueIn, ensureBuilt, ensureInstalled, isBuilt, pinnedNode } from '../scripts/prepare.mjs';

if (!isBuilt()) {
  ensureInstalled();
  ensureBuilt();
}
// What V8 made of the bundles is kept between runs: it takes a third off the start. Worker threads find the folder in the environment, as Node's own variable has it; a user who set that has chosen.
process.env.NODE_COMPILE_CACHE ??= path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'vmcore-workbench', 'compiled');
module.enableCompileCache?.(process.env.NODE_COMPILE_CACHE);

// Node reads zstd since 22.15. An older one hands over to the project's own, where that is installed; else zstd is refused by name and all the rest works.
if (!('createZstdDecompress' in zlib) && pinnedNode() !== process.execPath) continueIn('out/main/cli.js', process.argv.slice(2));
else await import('../out/main/cli.js');
