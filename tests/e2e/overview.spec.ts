/** What the file is, at a glance, and the next sensible step. */
import { copyOfIgnoreShared } from '../hosts/ignore-shared.ts';
import { newFolder } from '../hosts/sample-dump.ts';
import { expect, test } from './harness/test.ts';
import { FileBrowser } from './pages/file-browser.ts';
import { LocationBar } from './pages/location-bar.ts';
import { OpenAs } from './pages/open-as.ts';

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

test.describe('of a disk image', () => {
  test.use({ startFile: 'qcow2/three-snapshots.qcow2' });

  test('the snapshots are a table, another one opens as another dump, and both are told apart', async ({ shell }) => {
    await shell.expectOpen('three-snapshots.qcow2 — second-look');
    const table = shell.panel('Overview').getByRole('table', { name: 'Snapshots' });
    await expect(table.getByRole('row')).toContainText(['Name', 'lab', 'second-look', 'disk-alone']);
    await expect(table.locator('[aria-current=true]')).toContainText('second-look');
    await expect(table.getByRole('row', { name: /disk-alone/ })).toContainText('disk only');
    await table.getByRole('button', { name: 'Open lab' }).click();
    await shell.expectOpen('three-snapshots.qcow2 — lab');
    await expect(table.locator('[aria-current=true]')).toContainText('lab');
    // The one that was opened first, without naming it, is not opened again.
    await table.getByRole('button', { name: 'Open second-look' }).click();
    await shell.expectOpen('three-snapshots.qcow2 — second-look');
    expect(await shell.openDumps()).toEqual(['three-snapshots.qcow2 — second-look', 'three-snapshots.qcow2 — lab']);
  });
});

test.describe('of a compressed libvirt save image', () => {
  test.use({ startFile: 'libvirt/xz.save' });

  test('each layer is drawn inside the one that holds it', async ({ shell }) => {
    await shell.expectOpen('xz.save');
    const outer = shell.panel('Overview').locator('.layer').first();
    await expect(outer.locator('.title')).toHaveText(['libvirt save image', 'xz stream', 'QEMU migration stream']);
    const innermost = outer.getByRole('list', { name: 'Holds the memory' });
    await expect(innermost.getByRole('listitem')).toHaveText(/^QEMU migration stream.*0000 0000/);
  });

  test('its XML can be read and copied', async ({ host, shell }) => {
    await host.page.setViewportSize({ width: 1024, height: 640 });
    await shell.expectOpen('xz.save');
    const overview = shell.panel('Overview');
    const toggle = overview.getByRole('button', { name: 'libvirt domain XML', exact: true });
    await toggle.focus();
    await host.page.keyboard.press('Enter');
    await expect(toggle).toHaveAttribute('aria-expanded', 'true');
    const text = overview.getByRole('region', { name: 'libvirt domain XML' });
    await expect(text).toContainText("<domain type='qemu'>");
    await expect(text).toContainText('</domain>');
    const copy = overview.getByRole('button', { name: 'Copy libvirt domain XML' });
    await copy.focus();
    await expect(copy, 'not pushed out by long lines').toBeInViewport({ ratio: 0.99 });
    test.skip(host.kind === 'desktop', 'the stand-in has no clipboard of its own');
    await host.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await copy.click();
    await expect.poll(() => host.page.evaluate(() => navigator.clipboard.readText())).toBe(await text.textContent());
  });
});

test.describe('of a stream that left out a RAM block', () => {
  test.use({ startFile: 'qemu-streams/ignore-shared-numa/stream.qevm' });

  test('the notice takes it from its file, as another dump, which says so; Open as… gives it up again', async ({ host, shell, folder }) => {
    await shell.expectOpen('stream.qevm');
    const { backing } = copyOfIgnoreShared(newFolder());
    const overview = shell.panel('Overview');
    const states = overview.getByRole('table', { name: 'Memory by state' });
    await expect(overview).toContainText('RAM block ram-node0: 4 MiB of 4 MiB are not in the stream.');
    await expect(states).toContainText(/absent/i);
    const take = overview.getByRole('button', { name: /^Take it from a file… \(RAM block ram-node0\)/ });
    await host.desktop?.answerDialog('showOpenDialog', { canceled: false, filePaths: [backing] });
    await take.click();
    if (host.kind === 'server') {
      const browser = new FileBrowser(host.page);
      await expect(browser.path).toHaveValue(folder);
      await browser.choose([backing]);
      await browser.accept.click();
    }
    await shell.expectOpen('stream.qevm — with guest-ram');
    await expect(overview).toContainText(`Opened with ram-node0 from ${backing}`);
    await expect(overview).toContainText('as it is now, not as of the dump');
    await expect(take).toHaveCount(0);
    await expect(states).not.toContainText(/absent/i);
    expect(await shell.openDumps()).toEqual(['stream.qevm', 'stream.qevm — with guest-ram']);

    await overview.getByRole('button', { name: 'Open as…' }).click();
    const as = new OpenAs(host.page, 'stream.qevm');
    await as.dialog.getByRole('button', { name: `Do not take ram-node0 from ${backing}` }).click();
    await as.open.click();
    await shell.expectOpen('stream.qevm');
    await expect(take).toBeVisible();
  });
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
