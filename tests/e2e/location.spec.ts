/** Where you are is one state: every way to an address, and the way back. */
import { expect, test } from './harness/test.ts';
import { LocationBar } from './pages/location-bar.ts';

test.use({ startFile: 'sample' });

test('Ctrl+G goes to a register, and Alt+Left comes back', async ({ host, shell }) => {
  await shell.expectOpen('guest.qevm');
  const location = new LocationBar(host.page);
  await location.goTo('rip');
  await expect(location.here).toContainText('GVA');
  const rip = await location.here.innerText();
  await location.goTo('gpa:0');
  await expect(location.here).toContainText('GPA');
  await expect(location.forward).toBeDisabled();
  await host.page.keyboard.press('Alt+ArrowLeft');
  await expect(location.here).toHaveText(rip, { useInnerText: true });
  await host.page.keyboard.press('Alt+ArrowRight');
  await expect(location.here).toContainText('GPA');
});

test('text that leads nowhere says so and moves nothing', async ({ host, shell }) => {
  await shell.expectOpen('guest.qevm');
  const location = new LocationBar(host.page);
  await location.goTo('no such thing');
  await expect(host.page.getByText('“no such thing” leads nowhere in this dump')).toBeVisible();
  await expect(location.here).toHaveText('No address yet');
});

test('Enter on an address offers what can be done with it; Walk it walks it', async ({ host, shell }) => {
  await shell.expectOpen('guest.qevm');
  const location = new LocationBar(host.page);
  await location.goTo('rip');
  await location.here.focus();
  await host.page.keyboard.press('Enter');
  const menu = host.page.getByRole('menu');
  await expect(menu.getByRole('menuitem')).toHaveText([
    /^Walk it/,
    /^Show bytes/,
    /^Show in map/,
    /^ ?Copy hex0x/,
    /^ ?Copy crash commandvtop /,
    /^Bookmark/,
  ]);
  await host.page.keyboard.press('Enter');
  await expect(shell.panel('Page walk')).toBeVisible();
});

test('hovering over an address tells where it leads', async ({ host, shell }) => {
  await shell.expectOpen('guest.qevm');
  const location = new LocationBar(host.page);
  await location.topTable.getByRole('button').hover();
  await expect(host.page.getByRole('tooltip')).toContainText('present');
});

test('a bookmark is offered by the go-to field, also after a reload', async ({ host, shell }) => {
  await shell.expectOpen('guest.qevm');
  const location = new LocationBar(host.page);
  await location.goTo('gpa:1234');
  await expect(location.here).toContainText('1234');
  await host.page.keyboard.press('Control+d');
  await host.page.reload();
  await shell.expectOpen('guest.qevm');
  await host.page.keyboard.press('Control+g');
  await expect(host.page.getByRole('option').first()).toContainText(/GPA.*1234.*bookmark/s);
});

test('a typed root is taken when it can be one, and refused with the reason when not', async ({ host, shell }) => {
  await shell.expectOpen('guest.qevm');
  const location = new LocationBar(host.page);
  await location.rootPicker.click();
  const root = host.page.getByRole('textbox', { name: 'Other root (GPA)' });
  await root.fill('0x1234');
  await root.press('Enter');
  await expect(host.page.getByText('A table starts at a multiple of 0x1000.')).toBeVisible();
  await root.fill('0x5000');
  await root.press('Enter');
  await expect(location.topTable).toContainText('5000');
  await expect(location.rootPicker).toContainText('Root 0x5000');
  await location.back.click();
  await expect(location.rootPicker).toContainText('CPU 0');
});
