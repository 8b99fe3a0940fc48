/** Notes which host a test run exercised; scripts/run-tests.ts prints the notes at its end. */
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

const RESULTS = join(import.meta.dirname, '../../test-results');

export function recordHost(description: string): void {
  mkdirSync(RESULTS, { recursive: true });
  appendFileSync(join(RESULTS, 'hosts.txt'), `${description}\n`);
}
