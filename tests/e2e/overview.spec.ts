/** What the file is, at a glance, and the next sensible step. */
import { expect, test } from './harness/test.ts';
import { LocationBar } from './pages/location-bar.ts';

test.use({ startFile: 'sample' });

test('says what the file is, its CPUs, its memory by state, and where each fact comes from', async ({ shell }) => {
  await shell.expectOpen('guest.qevm');
  const overview = shell.panel('Overview');
  await expect(overview.getByRole('heading', { level: 1 })).toHaveText('guest.qevm');
  await expect(overview).toContainText(/QEMU migration stream of a \S+ machine with \d+ CPU/);
  await expect(overview.getByRole('table', { name: 'CPUs' }).getByRole('row')).not.toHaveCount(1);
  await expect(overview.getByRole('table', { name: 'Memory by state' })).toContainText(/present.*%/s);
  await expect(overview.getByRole('table', { name: 'Facts' }).getByRole('row').first()).toBeVisible();
});

test('the next step walks where a CPU was', async ({ host, shell }) => {
  await shell.expectOpen('guest.qevm');
  await shell
    .panel('Overview')
    .getByRole('button', { name: /^Walk where CPU \d+ was/ })
    .click();
  await expect(shell.panel('Page walk')).toBeVisible();
  await expect(new LocationBar(host.page).here).toContainText('GVA');
});

test('choosing another CPU in the table moves the whole window to it', async ({ host, shell }) => {
  await shell.expectOpen('guest.qevm');
  const rows = shell.panel('Overview').getByRole('table', { name: 'CPUs' }).getByRole('row');
  test.skip((await rows.count()) < 3, 'this sample has one CPU');
  await rows.nth(2).focus();
  await host.page.keyboard.press('Enter');
  await expect(new LocationBar(host.page).rootPicker).toContainText('CPU 1');
});
