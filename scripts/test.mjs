// `npm test`, on a fresh clone too: installs, then runs every check and test (run-tests.ts).
import { continueIn, ensureInstalled } from './prepare.mjs';

ensureInstalled();
continueIn('scripts/run-tests.ts', process.argv.slice(2));
