/** What only the desktop app does: its refusals, the menu, the single instance, the way out. The project `server` leaves this file out. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkbenchBridge } from '#shared/bridge.ts';
import type { MethodName } from '#shared/contract.ts';
import { isStandIn } from '../hosts/desktop-app.ts';
import { writeLargeVmcore } from '../hosts/large-vmcore.ts';
import { copyOfSample } from '../hosts/sample-dump.ts';
import { StandInApp } from './electron-stand-in/screen.ts';
import type { Host } from './harness/host.ts';
import { expect, test } from './harness/test.ts';

declare global {
  interface Window {
    readonly workbench?: WorkbenchBridge;
    readonly workbenchDesktop?: { pathForFile(file: File): string };
  }
}

test.beforeEach(async ({ startPage }) => expect(startPage.heading).toBeVisible());

/** What the app's own side shows; the real runtime keeps that to itself. */
function standInOf(host: Host): StandInApp {
  test.skip(!isStandIn, 'looks into the stand-in');
  const app = host.desktop?.standIn;
  if (!app) throw new Error('no stand-in');
  return app;
}

const call = (host: Host, method: MethodName, argument?: unknown): Promise<unknown> =>
  host.page.evaluate(([name, value]) => window.workbench?.[name](value), [method, argument] as const);

test.describe('paths', () => {
  test('one that the user never named is not opened', async ({ host, dumpFile }) => {
    const refused = { error: expect.objectContaining({ code: 'not-available' }) };
    expect(await call(host, 'openDump', { location: { kind: 'path', path: '/etc/passwd' }, jobId: 'a' })).toEqual(refused);
    expect(await call(host, 'openDump', { location: { kind: 'path', path: dumpFile }, jobId: 'b' })).toEqual(refused);
    await host.openFiles([dumpFile]);
    await expect.poll(() => call(host, 'listDumps')).toMatchObject({ ok: [{ path: dumpFile }] });
  });

  test('a File that a script made names none', async ({ host }) => {
    expect(await host.page.evaluate(() => window.workbenchDesktop?.pathForFile(new File(['x'], 'passwd')))).toBe('');
  });

  test('an export goes only where the save dialog said', async ({ host, folder, dumpFile, shell }) => {
    await host.openFiles([dumpFile]);
    await shell.expectOpen('guest.qevm');
    const { ok } = (await call(host, 'listDumps')) as { ok: { dumpId: string }[] };
    const target = join(folder, 'unasked.vmcore');
    const argument = { dumpId: ok[0]?.dumpId, options: { format: 'elf', layout: 'portable' }, target, jobId: 'x' };
    expect(await call(host, 'exportDump', argument)).toEqual({ error: expect.objectContaining({ code: 'bad-request' }) });
    expect(existsSync(target)).toBe(false);
  });

  test('a recent file may be opened again after a restart', async ({ host, folder, dumpFile, shell, browser }) => {
    await host.openFiles([dumpFile]);
    await shell.expectOpen('guest.qevm');
    await host.close();
    const again = new StandInApp(await browser.newContext(), { userData: join(folder, 'config') });
    const page = await again.firstPage();
    await page.getByRole('region', { name: 'Recent' }).getByRole('button', { name: 'guest.qevm' }).click();
    await expect(page).toHaveTitle(/^guest\.qevm/);
    again.kill();
    await again.exited;
  });
});

test.describe('callers', () => {
  test('who is not our page gets no answer and grants no path', async ({ host, dumpFile }) => {
    const app = standInOf(host);
    for (const [who, frame] of [
      ['another page', { url: 'https://evil.example/', isMainFrame: true }],
      ['another host of our scheme', { url: 'app://other/', isMainFrame: true }],
      ['a file', { url: 'file:///index.html', isMainFrame: true }],
      ['a look-alike', { url: 'http://app://workbench/', isMainFrame: true }],
      ['a frame in our page', { url: 'app://workbench/', isMainFrame: false }],
      ['a frame that is gone', null],
    ] as const)
      await test.step(who, async () => {
        const ask = (channel: string, argument?: unknown) => app.ask('invoke', { windowId: 1, channel, argument, frame });
        expect(await ask('workbench:getHost')).toEqual({ error: expect.objectContaining({ code: 'bad-request' }) });
        await app.ask('send', { windowId: 1, channel: 'workbench-dropped-path', argument: dumpFile, frame });
        expect(await call(host, 'openDump', { location: { kind: 'path', path: dumpFile }, jobId: 'x' })).toMatchObject({
          error: { code: 'not-available' },
        });
      });
  });

  test('our page, with arguments that do not fit, is told so', async ({ host }) => {
    expect(await call(host, 'openDump', { location: { kind: 'path', path: 7 }, jobId: 'x' })).toMatchObject({ error: { code: 'bad-request' } });
    expect(await call(host, 'closeDump', { dumpId: 'x', constructor: 1 })).toMatchObject({ error: { code: 'bad-request' } });
  });
});

test('no navigation, no new window', async ({ host, startPage }) => {
  const url = host.page.url();
  for (const target of ['https://example.com/', 'file:///etc/passwd', `${url}assets/other.html`, 'data:text/html,x']) {
    await host.page.evaluate((address) => void (window.location.href = address), target);
    await host.page.waitForTimeout(100);
    expect(host.page.url(), target).toBe(url);
  }
  await host.page.evaluate(() => window.open('https://example.com/'));
  await expect.poll(() => host.page.context().pages().length).toBe(1);
  await expect(startPage.heading).toBeVisible();
  host.complaints.splice(0);
});

test('the window is sandboxed and isolated, and permissions are refused but one', async ({ host }) => {
  const app = standInOf(host);
  const { windowOptions, privilegedSchemes, sandboxEnabled } = await app.ask('state', null);
  expect(windowOptions).toEqual([
    expect.objectContaining({
      webPreferences: expect.objectContaining({ contextIsolation: true, sandbox: true, nodeIntegration: false, webviewTag: false }),
    }),
  ]);
  expect(sandboxEnabled).toBe(true);
  expect(privilegedSchemes).toEqual([{ scheme: 'app', privileges: expect.not.objectContaining({ bypassCSP: true }) }]);
  const asked = ['clipboard-sanitized-write', 'clipboard-read', 'geolocation', 'notifications', 'media', 'fileSystem', 'openExternal'];
  const granted = await Promise.all(asked.map((permission) => app.ask('permission', { permission })));
  expect(asked.filter((_permission, index) => granted[index])).toEqual(['clipboard-sanitized-write']);
});

test('Open Recent lists what was opened, opens it and is cleared', async ({ host, dumpFile, shell, startPage }) => {
  const app = standInOf(host);
  await host.openFiles([dumpFile]);
  await shell.expectOpen('guest.qevm');
  await expect.poll(() => app.ask('menu-labels', null)).toContain(dumpFile);
  expect((await app.ask('state', null)).recentDocuments).toEqual([dumpFile]);
  await host.command('close-dump');
  await expect(startPage.heading).toBeVisible();
  await host.desktop?.clickMenu(dumpFile);
  await shell.expectOpen('guest.qevm');
  await host.desktop?.clickMenu('Clear Recent Files');
  await expect.poll(() => app.ask('menu-labels', null)).toContain('No recent files');
});

test('the open dialog starts where the last file was', async ({ host, dumpFile, folder, shell }) => {
  const app = standInOf(host);
  await host.openFiles([dumpFile]);
  await shell.expectOpen('guest.qevm');
  await host.command('open');
  await expect
    .poll(async () => (await app.ask('state', null)).dialogs)
    .toEqual([expect.anything(), { dialog: 'showOpenDialog', options: expect.objectContaining({ defaultPath: folder }) }]);
});

test('a second start hands its files to the first and ends', async ({ host, folder, dumpFile, shell, browser }) => {
  standInOf(host);
  const second = new StandInApp(await browser.newContext(), {
    userData: join(folder, 'config'),
    files: [dumpFile, copyOfSample(folder, 'other.qevm')],
  });
  expect(await second.exited).toBe(0);
  await shell.expectOpen('guest.qevm');
  expect(await shell.openDumps()).toEqual(['guest.qevm', 'other.qevm']);
});

test('a file that macOS hands over is opened', async ({ host, dumpFile, shell }) => {
  await standInOf(host).ask('open-file', { path: dumpFile });
  await shell.expectOpen('guest.qevm');
});

test('the theme reaches the native parts and is kept', async ({ host, folder }) => {
  const app = standInOf(host);
  await host.command('theme-dark');
  await expect.poll(async () => (await app.ask('state', null)).themeSource).toBe('dark');
  await expect.poll(() => readFileSync(join(folder, 'config/settings.json'), 'utf8')).toContain('"theme": "dark"');
});

test('the close button ends the app', async ({ host }) => {
  const app = standInOf(host);
  void app.ask('close-button', { windowId: 1 }).catch(() => undefined);
  expect(await app.exited).toBe(0);
  expect(app.errors).toBe('');
});

test('an export shows its progress, keeps the machine awake, and is not thrown away unasked', async ({ host, folder, shell }) => {
  const app = standInOf(host);
  const large = join(folder, 'large.vmcore');
  writeLargeVmcore(large, 200 * 1024 ** 3);
  await host.openFiles([large]);
  await shell.expectOpen('large.vmcore');
  const target = join(folder, 'out.vmcore');
  await host.desktop?.answerDialog('showSaveDialog', { canceled: false, filePath: target });
  const { ok } = (await call(host, 'listDumps')) as { ok: { dumpId: string }[] };
  const dumpId = ok[0]?.dumpId;
  await call(host, 'chooseExportTarget', { dumpId, suggestedName: 'out.vmcore' });
  void call(host, 'exportDump', { dumpId, options: { format: 'elf', layout: 'portable' }, target, jobId: 'x' }).catch(() => undefined);
  await expect.poll(async () => (await app.ask('state', null)).progress).toBeGreaterThan(0);
  expect((await app.ask('state', null)).powerSaveBlockers).toBe(1);

  // Keep exporting.
  await app.ask('close-button', { windowId: 1 });
  await expect.poll(async () => (await app.ask('state', null)).dialogs.filter(({ dialog }) => dialog === 'showMessageBox')).toHaveLength(1);
  expect((await app.ask('state', null)).powerSaveBlockers).toBe(1);

  await host.desktop?.answerDialog('showMessageBox', { response: 1, checkboxChecked: false });
  void app.ask('close-button', { windowId: 1 }).catch(() => undefined);
  expect(await app.exited).toBe(0);
  expect(readdirSync(folder).filter((name) => name.startsWith('out'))).toEqual([]);
});
