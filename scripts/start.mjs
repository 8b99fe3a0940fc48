// `npm start [-- FILE]`, on a fresh clone too: installs, builds, opens the workbench (launch.ts).
import { continueIn, ensureBuilt, ensureInstalled } from './prepare.mjs';

ensureInstalled();
ensureBuilt();
continueIn('scripts/launch.ts', process.argv.slice(2));
