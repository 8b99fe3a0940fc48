/** One folder for all that a test run writes, gone when the run ends, however its workers ended. Vitest's and Playwright's global set-up. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Workers inherit it. */
export const RUN_FOLDER = 'VMCORE_WORKBENCH_TEST_FOLDER';

export default function makeRunFolder(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'vmcore-workbench-tests-'));
  process.env[RUN_FOLDER] = folder;
  // Engines start some hundred times in a run: compiled once, each takes half the time.
  process.env['NODE_COMPILE_CACHE'] ??= join(folder, 'compiled');
  return () => rmSync(folder, { recursive: true, force: true });
}
