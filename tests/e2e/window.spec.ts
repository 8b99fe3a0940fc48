/** The window itself: panels, layout, themes, keyboard, small screens. */
import { expect, test } from './harness/test.ts';
import { LocationBar } from './pages/location-bar.ts';

test.use({ startFile: 'sample' });

test('the palette finds a panel by the beginnings of its words', async ({ host, shell }) => {
  await shell.expectOpen('guest.qevm');
  await new LocationBar(host.page).choosePalette('mem map');
  await expect(shell.panel('Memory map')).toBeVisible();
  await expect(host.page.getByRole('dialog')).toHaveCount(0);
});

test('a closed panel stays closed after a reload, until the layout is reset', async ({ host, shell }) => {
  await shell.expectOpen('guest.qevm');
  const { page } = host;
  const tab = page.getByRole('tab', { name: 'Registers' });
  await expect(tab).toBeVisible();
  await tab.locator('.dv-default-tab-action').click();
  await expect(tab).toHaveCount(0);
  // The layout is kept a moment after the last change.
  await expect.poll(() => page.evaluate(() => localStorage.getItem('vmcore-workbench.preferences') ?? '')).toMatch(/layout/);
  await page.waitForTimeout(600);
  await page.reload();
  await shell.expectOpen('guest.qevm');
  await expect(tab).toHaveCount(0);
  await host.command('reset-layout');
  await expect(tab).toBeVisible();
});

test('a theme is applied at once and kept', async ({ host, shell }) => {
  await shell.expectOpen('guest.qevm');
  const background = (): Promise<string> => host.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const inTheme: string[] = [];
  for (const theme of ['theme-light', 'theme-high-contrast', 'theme-dark'] as const) {
    await host.command(theme);
    await expect.poll(background, theme).not.toBe(inTheme.at(-1));
    inTheme.push(await background());
  }
  expect(new Set(inTheme).size).toBe(3);
  await host.page.reload();
  await shell.expectOpen('guest.qevm');
  expect(await background()).toBe(inTheme.at(-1));
});

test('F6 goes round the parts of the window, forwards and backwards', async ({ host, shell }) => {
  await shell.expectOpen('guest.qevm');
  const { page } = host;
  const part = (): Promise<string> =>
    page.evaluate(
      () => document.activeElement?.closest('[data-f6], .panel-frame')?.getAttribute('aria-label') ?? document.activeElement?.tagName ?? '',
    );
  const seen = new Set<string>();
  for (let press = 0; press < 12; press++) {
    await page.keyboard.press('F6');
    seen.add(await part());
  }
  for (const name of ['Where you are', 'Panels', 'Overview', 'Registers']) expect([...seen]).toContain(name);
  const now = await part();
  await page.keyboard.press('F6');
  await page.keyboard.press('Shift+F6');
  expect(await part()).toBe(now);
});

test('the keyboard follows a panel that is shown, reaches its filter, and comes back from the go-to field', async ({ host, shell }) => {
  await shell.expectOpen('guest.qevm');
  const { page } = host;
  await page.keyboard.press('Alt+2');
  await expect(shell.panel('Registers')).toBeFocused();
  await page.keyboard.press('Control+f');
  const filter = shell.panel('Registers').getByRole('searchbox');
  await expect(filter).toBeFocused();
  await page.keyboard.type('cr3');
  await page.keyboard.press('Control+g');
  await expect(filter).not.toBeFocused();
  await page.keyboard.press('Escape');
  await expect(filter).toBeFocused();
  await expect(filter).toHaveValue('cr3');
  await page.keyboard.press('Escape');
  await expect(filter).toHaveValue('');
  // In the menu, too, the panel is what was asked for.
  await host.command('show-devices');
  await expect(shell.panel('Devices')).toBeFocused();
});

test('a panel that is asked for while the window still loads is shown', async ({ host, shell }) => {
  await shell.expectOpen('guest.qevm');
  const { page } = host;
  let letGo: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  await page.route(/\/DockArea-[^/]*\.js$/, async (route) => {
    await held;
    await route.fallback();
  });
  await page.reload();
  await page
    .getByRole('navigation', { name: 'Panels' })
    .getByRole('button', { name: /^Devices/ })
    .click();
  await expect(shell.panel('Devices')).toHaveCount(0);
  letGo();
  await expect(shell.panel('Devices')).toBeVisible();
});

test('every command of the menus is on the list of keys or needs none, and Escape closes it', async ({ host, shell }) => {
  await shell.expectOpen('guest.qevm');
  await host.page.keyboard.press('F1');
  const dialog = shell.dialog('Keyboard shortcuts');
  await expect(dialog).toContainText('Command palette');
  await expect(dialog).toContainText('Next panel, previous panel');
  await host.page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
});

test('nothing is cut off on a small screen, on a usual one, on a huge one', async ({ host, shell }) => {
  await shell.expectOpen('guest.qevm');
  const overflow = (): Promise<{ x: number; y: number }> =>
    host.page.evaluate(() => ({
      x: document.documentElement.scrollWidth - window.innerWidth,
      y: document.documentElement.scrollHeight - window.innerHeight,
    }));
  for (const [width, height] of [
    [1024, 640],
    [1920, 1080],
    [3840, 1600],
  ] as const)
    await test.step(`${width} by ${height}`, async () => {
      await host.page.setViewportSize({ width, height });
      await host.command('reset-layout');
      await expect.poll(overflow).toEqual({ x: 0, y: 0 });
      for (const part of [shell.statusBar, shell.dumpSwitcher, shell.panel('Overview'), shell.panel('Registers')])
        await expect(part).toBeInViewport({ ratio: 0.99 });
    });
});
