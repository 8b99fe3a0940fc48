/** A folder of a test file's own, gone when its tests are over. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';

export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'vmcore-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
