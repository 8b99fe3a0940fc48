/** axe over every view of the shell, in each theme: names, roles, contrast, focus order. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from './harness/test.ts';
import { LocationBar } from './pages/location-bar.ts';

async function violations(page: Page, within?: string): Promise<string[]> {
  // Transitions would be measured half way.
  await page.emulateMedia({ reducedMotion: 'reduce' });
  const builder = new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']);
  const { violations: found } = await (within ? builder.include(within) : builder).analyze();
  return found.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} at ${target.join(' ')}: ${failureSummary ?? ''}`));
}

test('the start page', async ({ host, startPage }) => {
  await expect(startPage.heading).toBeVisible();
  expect(await violations(host.page)).toEqual([]);
});

test.describe('with a dump', () => {
  test.use({ startFile: 'sample' });

  for (const theme of ['light', 'dark', 'high-contrast'] as const) {
    test(`the window, ${theme}`, async ({ host, shell }) => {
      await shell.expectOpen('guest.qevm');
      await host.command(`theme-${theme}`);
      await new LocationBar(host.page).goTo('rip');
      await expect(new LocationBar(host.page).here).toContainText('GVA');
      for (const part of ['.menu-row', '.location-bar', '.panel-rail', '.overview', '.status-bar']) {
        if ((await host.page.locator(part).count()) > 0) expect(await violations(host.page, part), part).toEqual([]);
      }
    });
  }

  for (const dialog of ['export', 'command-palette', 'keyboard-shortcuts', 'about'] as const) {
    test(`the ${dialog} dialog`, async ({ host, shell }) => {
      await shell.expectOpen('guest.qevm');
      await host.command(dialog);
      await expect(host.page.getByRole('dialog')).toBeVisible();
      if (dialog === 'export') await expect(host.page.getByRole('table', { name: 'Notes' })).toBeVisible();
      expect(await violations(host.page, '[role=dialog]')).toEqual([]);
    });
  }
});
