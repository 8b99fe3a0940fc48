#!/usr/bin/env node
// The command line: installs and builds when it has to, then is out/main/cli.js. Exit codes are the command's own.
import { ensureBuilt, ensureInstalled, isBuilt } from '../scripts/prepare.mjs';

if (!isBuilt()) {
  ensureInstalled();
  ensureBuilt();
}
await import('../out/main/cli.js');
