/**
 * End-to-end tests: the same specs against each host (tests/e2e/harness/host.ts), one project a host.
 */
import { defineConfig } from '@playwright/test';
import { findBrowser } from './scripts/find-browser.ts';
import type { HostOptions } from './tests/e2e/harness/test.ts';

/** Specs that look at panels alone: no dialog, no menu, no window. What they ask of the engine, tests/contract asks through every transport. */
const PANELS_ALONE = ['accessibility', 'devices', 'families', 'i386', 'linux', 'machines', 'memory', 'memory-map', 'page-walk', 'registers'].map(
  (name) => `**/${name}.spec.ts`,
);

/**
 * What Chromium would start with each window, and no test looks at: a process for the next page, and the pages of its own address bar, which take a
 * quarter of a window's CPU time. Of several such lists Chromium takes the last: Playwright's own is not in force.
 */
const WITHOUT = ['SpareRendererForSitePerProcess', 'WebUIOmniboxPopup', 'WebUIOmniboxAimPopup'];

export default defineConfig<HostOptions>({
  testDir: 'tests/e2e',
  testMatch: '**/*.spec.ts',
  globalSetup: ['./tests/e2e/harness/build-first.ts', './tests/hosts/run-folder.ts'],
  outputDir: 'test-results/e2e',
  fullyParallel: true,
  // Two vCPUs are the smallest machine the tests are meant for; every worker runs a browser and an engine.
  workers: 2,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: 'list',
  // A busy machine now and then starves a browser. Another try tells that from a defect, and the report names it as flaky.
  retries: 2,
  forbidOnly: Boolean(process.env['CI']),
  use: {
    // Containers have no user for Chromium's sandbox.
    launchOptions: { executablePath: findBrowser(), args: ['--no-sandbox', `--disable-features=${WITHOUT.join()}`] },
    viewport: { width: 1440, height: 900 },
    screenshot: 'only-on-failure',
    // Recording makes the page walk's specs take 64 s instead of 51: TRACE=1 turns it on.
    trace: process.env['TRACE'] ? 'retain-on-failure' : 'off',
  },
  projects: [
    // What a panel makes of the same data is the same in both hosts, whose transports tests/contract compares: once is enough for these, and for axe, which takes its time.
    { name: 'desktop', use: { hostKind: 'desktop' }, testIgnore: PANELS_ALONE },
    { name: 'server', testIgnore: '**/desktop.spec.ts', use: { hostKind: 'server' } },
  ],
});
