/** The lab tests: real guests, large dumps, other people's tools. Run by run.mjs, two files at a time: QEMU, crash and makedumpfile mostly take one CPU. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['tests/lab/**/*.lab.test.ts'],
    testTimeout: 240_000,
    hookTimeout: 240_000,
    maxWorkers: 2,
  },
});
