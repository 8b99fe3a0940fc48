/**
 * `test` for every spec: `host` is the workbench, started anew for each test, in the project's host (playwright.config.ts).
 *
 * ```ts
 * test.use({ startFile: 'sample' });   // opened at the start, as on the command line
 * test('…', async ({ host, shell }) => { … });
 * ```
 */
import { test as base, expect } from '@playwright/test';
import { rmSync } from 'node:fs';
import { copyOfFixture, copyOfSample, newFolder } from '../../hosts/sample-dump.ts';
import { Shell } from '../pages/shell.ts';
import { StartPage } from '../pages/start-page.ts';
import { startDesktopHost } from './desktop-host.ts';
import type { Host, HostKind } from './host.ts';
import { startServerHost } from './server-host.ts';

export interface HostOptions {
  hostKind: HostKind;
  /** `sample`: a private copy of the first sample dump. Otherwise private copies of these fixtures. */
  startFile: 'sample' | string | readonly string[] | undefined;
}

interface HostFixtures {
  host: Host;
  /** A private copy of the first sample dump. */
  dumpFile: string;
  shell: Shell;
  startPage: StartPage;
}

export const test = base.extend<HostOptions & HostFixtures & { folder: string }>({
  hostKind: ['server', { option: true }],
  startFile: [undefined, { option: true }],

  // eslint-disable-next-line no-empty-pattern -- Playwright reads a fixture's dependencies from this pattern
  folder: async ({}, use) => {
    const folder = newFolder();
    await use(folder);
    rmSync(folder, { recursive: true, force: true });
  },
  dumpFile: async ({ folder }, use) => use(copyOfSample(folder)),
  host: async ({ context, hostKind, startFile, folder, dumpFile }, use) => {
    const start = hostKind === 'desktop' ? startDesktopHost : startServerHost;
    const copies = [startFile ?? []].flat().map((file) => (file === 'sample' ? dumpFile : copyOfFixture(folder, file)));
    const host = await start(context, { folder, files: copies });
    // A page that logs an error is broken, also where it looks right.
    host.page.on('pageerror', (error) => host.complaints.push(error.message));
    host.page.on('console', (message) => message.type() === 'error' && host.complaints.push(message.text()));
    await use(host);
    await host.close();
    expect(host.complaints, 'errors on the page’s console').toEqual([]);
  },
  shell: async ({ host }, use) => use(new Shell(host.page)),
  startPage: async ({ host }, use) => use(new StartPage(host.page)),
});

export { expect };
