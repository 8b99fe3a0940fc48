/** Unit and contract tests. Engine, server and scripts run in Node; a component's test asks for happy-dom in its first line. */
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [vue()],
  test: {
    include: ['tests/**/*.test.ts'],
    exclude: ['tests/e2e/**', 'tests/lab/**', 'tests/bench/**'],
    globalSetup: './tests/hosts/run-folder.ts',
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // Two vCPUs are the smallest machine the tests are meant for.
    maxWorkers: 2,
  },
});
