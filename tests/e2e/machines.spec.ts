/** The machines panel where no KVM host is open: no fixture is large enough to hold one. tests/lab/kvm-window.lab.test.ts has the rest. */
import { violations } from './harness/axe.ts';
import { expect, test } from './harness/test.ts';
import { Machines } from './pages/machines.ts';

test.describe('of a guest without a Linux kernel that tells', () => {
  test.use({ startFile: 'sample' });
  test.beforeEach(({ shell }) => shell.expectOpen('guest.qevm'));

  test('the panel is there, and says what would be in it and what to do', async ({ host }) => {
    const machines = new Machines(host.page);
    await host.command('show-machines');
    await expect(machines.panel).toBeVisible();
    await expect(machines.panel.getByText(/No virtual machine/)).toBeVisible();
    await expect(machines.panel.getByText('A bug in the workbench')).toHaveCount(0);
    await machines.panel.getByRole('button', { name: /^Open as…/ }).click();
    await expect(host.page.getByRole('dialog')).toContainText('Debug symbols');
  });

  test('the rail and Alt+8 lead to it', async ({ host, shell }) => {
    const machines = new Machines(host.page);
    await machines.show();
    await expect(machines.panel).toBeVisible();
    await host.page.keyboard.press('Alt+1');
    await expect(shell.panel('Overview')).toBeVisible();
    await host.page.keyboard.press('Alt+8');
    await expect(machines.panel).toBeVisible();
  });

  test('an address’s menu does not ask for guests that are not there', async ({ host }) => {
    const { page } = host;
    await page.keyboard.press('Control+g');
    await page.keyboard.type('gpa:1000');
    await page.keyboard.press('Enter');
    await page.locator('.location-bar .here').click({ button: 'right' });
    await expect(page.getByRole('menuitem', { name: 'Show bytes' })).toBeVisible();
    await expect(page.getByRole('menuitem', { name: 'Which guest?' })).toHaveCount(0);
    await expect(page.getByRole('menuitem', { name: 'Follow it to the host' })).toHaveCount(0);
  });

  test('is readable by axe’s measure', async ({ host }) => {
    const machines = new Machines(host.page);
    await machines.show();
    await expect(machines.panel.getByText(/No virtual machine/)).toBeVisible();
    expect(await violations(host.page, '.panel-frame[aria-label="Machines"]')).toEqual([]);
  });
});

test.describe('of an ELF vmcore', () => {
  test.use({ startFile: 'tiny/filtered.elf' });
  test.beforeEach(({ shell }) => shell.expectOpen('filtered.elf'));

  test('without a kernel that tells, the panel says so, too', async ({ host }) => {
    const machines = new Machines(host.page);
    await machines.show();
    await expect(machines.panel.getByText(/No virtual machine/)).toBeVisible();
  });
});
