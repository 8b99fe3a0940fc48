#!/usr/bin/env node
// The command line: installs and builds when it has to, then is out/main/cli.js. Exit codes are the command's own.
import zlib from 'node:zlib';
import { continueIn, ensureBuilt, ensureInstalled, isBuilt, pinnedNode } from '../scripts/prepare.mjs';

if (!isBuilt()) {
  ensureInstalled();
  ensureBuilt();
}
// Node reads zstd since 22.15. An older one hands over to the project's own, where that is installed; else zstd is refused by name and all the rest works.
if (!('createZstdDecompress' in zlib) && pinnedNode() !== process.execPath) continueIn('out/main/cli.js', process.argv.slice(2));
else await import('../out/main/cli.js');
