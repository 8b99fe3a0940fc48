/** The page walk, on the tiny guest: every kind of entry of its tables (shared/lab, guests/tiny.S), by mouse and by keyboard alone. */
import { readFile } from 'node:fs/promises';
import { violations } from './harness/axe.ts';
import { expect, test } from './harness/test.ts';
import { activeDescendant } from './pages/active-descendant.ts';
import { PageWalk, SOON } from './pages/page-walk.ts';

test.use({ startFile: 'sample' });
test.beforeEach(({ shell }) => shell.expectOpen('guest.qevm'));

test('without an address it offers what the CPU points at', async ({ host, shell }) => {
  await host.page.keyboard.press('Alt+4');
  const panel = shell.panel('Page walk');
  await expect(panel.getByText('No virtual address yet')).toBeVisible();
  await panel.getByRole('button', { name: 'Walk RIP, the next instruction' }).click();
  await expect(new PageWalk(host.page).steps).toContainText('PML4[511]');
});

test('a 2 MiB page: fields, entries, rights and bytes', async ({ host }) => {
  const walk = new PageWalk(host.page);
  await walk.walk('ffffffff80300000');
  await expect(walk.steps.getByRole('listitem')).toHaveText([/PML4\[511\]/, /PDPT\[510\]/, /PD\[1\]/, /Page/]);
  await expect(walk.fields.getByRole('button', { name: /^PD index 1, bits 29 to 21, binary 000000001/ })).toBeVisible();
  await expect(walk.fields.getByRole('button', { name: /^page offset 0x100000, bits 20 to 0/ })).toBeVisible();
  await walk.steps.getByRole('button', { name: /PD\[1\]/ }).click();
  const step = walk.detail('PD[1]');
  await expect(step).toContainText('PD[1] maps a 2 MiB page at GPA 0x200000');
  await expect(step).toContainText('0000 0000 0020 00e3');
  await expect(step.getByRole('row', { name: /7 PS 1/ })).toContainText('maps a 2 MiB page');
  await walk.steps.getByRole('button', { name: /Page/ }).click();
  const outcome = walk.detail('Outcome');
  await expect(outcome.getByRole('table', { name: '64 bytes at physical 0x300000' })).toContainText('tiny guest page of known text.'.slice(0, 16));
  await expect(outcome.getByRole('row', { name: /User/ })).toContainText('kernel only by PML4[511], PDPT[510], PD[1]');
});

test('a walk ends with a page, or says what is not there and why', async ({ host }) => {
  const walk = new PageWalk(host.page);
  for (const [address, title, sentence] of [
    ['155000', 'Not present', /PT\[341\] is not present: bit 0 \(P\) is clear; Linux would read the rest as/],
    ['80000000', 'Not present', /PDPT\[2\] is not present/],
    ['ffffffff40000000', 'Table not in the dump', /The PD at GPA 0x40000000 is not in the dump/],
    ['0008000000000000', 'Not a canonical address', /bits 63 to 47 must all be equal/],
    ['156000', 'Page', /0x156000 is at GPA 0x8000000.*is not in the dump, or no memory at all/],
    ['40300000', 'Page', /in a 1 GiB page: writable, kernel only, not executable/],
    ['150000', 'Page', /in a 4 KiB page: read-only, kernel only, executable/],
  ] as const)
    await test.step(`${address}: ${title}`, async () => {
      await walk.walk(address);
      await walk.stepTo('End', async () => {
        await expect(walk.current).toContainText(title, SOON);
        await expect(walk.detail('Outcome')).toContainText(sentence, SOON);
        await expect(walk.spoken).toContainText(sentence, SOON);
      });
    });
});

test('keys step, jump to a level, and say where they are', async ({ host }) => {
  const walk = new PageWalk(host.page);
  await walk.walk('150000');
  await walk.focusSteps();
  for (const [key, title] of [
    ['ArrowRight', 'PDPT[0]'],
    ['1', 'PT[336]'],
    ['4', 'PML4[0]'],
    ['End', 'Page'],
    ['ArrowLeft', 'PT[336]'],
    ['Home', 'PML4[0]'],
    ['ArrowLeft', 'PML4[0]'],
    ['2', 'PD[0]'],
  ] as const) {
    await host.page.keyboard.press(key);
    await expect(walk.current, key).toContainText(title);
    await expect(walk.current, `focus after ${key}`).toBeFocused();
  }
  await expect(walk.spoken).toHaveText(/^Step 3 of 5, PD\[0\]\. PD\[0\] points to the PT at GPA 0x205000\./);
});

test('Space plays to the outcome and pauses', async ({ host }) => {
  const walk = new PageWalk(host.page);
  await walk.walk('40300000');
  await walk.focusSteps();
  await host.page.keyboard.press('Home');
  await host.page.keyboard.press('Space');
  await expect(walk.panel.getByRole('button', { name: 'Pause' })).toBeVisible();
  await host.page.keyboard.press('Space');
  await expect(walk.panel.getByRole('button', { name: 'Play' })).toBeVisible();
  await host.page.keyboard.press('Space');
  await expect(walk.current).toContainText('Page');
  await expect(walk.panel.getByRole('button', { name: 'Play' })).toBeVisible();
});

test('an entry of a table leads to the walk of its address, by keyboard and by click', async ({ host }) => {
  const walk = new PageWalk(host.page);
  await walk.walk('150000');
  const table = walk.table('PT');
  await expect(table.getByRole('option', { selected: true })).toHaveAccessibleName(/^PT\[336\], 4 KiB page at 0x300000.*chosen, from 0x150000$/);
  await table.focus();
  await host.page.keyboard.press('ArrowDown');
  await host.page.keyboard.press('Enter');
  await expect(walk.address).toHaveValue('0000 0000 0015 1000');
  await expect(walk.steps).toContainText('PT[337]');
  await expect(table).toBeFocused();
  // PDPT[1]: the 1 GiB page.
  await walk
    .table('PDPT')
    .getByRole('option', { name: /^PDPT\[1\], 1 GiB page/ })
    .click();
  await expect(walk.address).toHaveValue('0000 0000 4000 0000');
  await host.page.keyboard.press('Alt+ArrowLeft');
  await expect(walk.address).toHaveValue('0000 0000 0015 1000');
});

test('Page Down in a table goes to the next entry in use', async ({ host }) => {
  const walk = new PageWalk(host.page);
  await walk.walk('150000');
  const table = walk.table('PML4');
  await table.focus();
  await host.page.keyboard.press('PageDown');
  await expect(activeDescendant(table)).toHaveAccessibleName(/^PML4\[256\], table at 0x203000/);
});

test('text that means a place without a walk is told so', async ({ host }) => {
  const walk = new PageWalk(host.page);
  await walk.walk('150000');
  await walk.address.fill('gpa:1000');
  await walk.address.press('Enter');
  await expect(walk.panel.getByRole('alert')).toContainText('is a physical address: it is not translated');
  await walk.address.fill('no such symbol');
  await walk.address.press('Enter');
  await expect(walk.panel.getByRole('alert')).toContainText('leads nowhere in this dump');
});

test('a root typed in is walked', async ({ host }) => {
  const walk = new PageWalk(host.page);
  await walk.walk('150000');
  await walk.panel.getByRole('combobox', { name: 'Translation root' }).selectOption({ label: 'typed in …' });
  const root = walk.panel.getByRole('textbox', { name: 'Physical address of the top table' });
  // The PDPT of the kernel's half, read as a PML4: PDPT[0] is empty.
  await root.fill('202000');
  await root.press('Enter');
  await expect(walk.steps).toContainText('Not present');
  await root.fill('no address');
  await root.press('Enter');
  await expect(walk.panel.getByRole('alert')).toContainText('below 2^52');
});

test('two walks are compared level by level', async ({ host }) => {
  const walk = new PageWalk(host.page);
  await walk.walk('300000');
  await walk.panel.getByRole('button', { name: 'Compare with a second walk' }).click();
  const second = walk.panel.getByRole('textbox', { name: 'Second walk: address to walk' });
  await walk.panel.getByRole('group', { name: 'Second walk' }).getByRole('combobox', { name: 'Translation root' }).selectOption('0');
  await second.fill('ffff800000300000');
  await second.press('Enter');
  const summary = walk.panel.getByRole('region', { name: 'The two walks compared' });
  await expect(summary).toContainText('part at PML4. Both end at physical 0x300000.');
  await expect(summary.getByRole('row', { name: /^PML4/ })).toContainText('same table, another entry');
});

test('the walk leaves as text and as pictures', async ({ host, folder }) => {
  test.skip(host.kind === 'desktop', 'the stand-in has no clipboard and no downloads of its own');
  await host.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const walk = new PageWalk(host.page);
  await walk.walk('150000');
  await walk.copy('Copy as crash vtop');
  await expect.poll(() => host.page.evaluate(() => navigator.clipboard.readText())).toContain('   PTE: 205a80 => 300061\n  PAGE: 300000\n');
  for (const [item, start] of [
    ['Save as SVG', '<svg'],
    ['Save as PNG', '\u0089PNG'],
  ] as const) {
    const [download] = await Promise.all([host.page.waitForEvent('download'), walk.copy(item)]);
    const path = `${folder}/${download.suggestedFilename()}`;
    await download.saveAs(path);
    expect((await readFile(path)).toString('latin1').startsWith(start), item).toBe(true);
  }
});

test('is readable by axe’s measure', async ({ host }) => {
  test.slow();
  const walk = new PageWalk(host.page);
  for (const [address, key, title] of [
    ['150000', '2', 'PD[0]'],
    ['155000', 'End', 'Not present'],
  ] as const) {
    await walk.walk(address);
    await walk.stepTo(key, () => expect(walk.current).toContainText(title, SOON));
    expect(await violations(host.page, '.panel-frame[aria-label="Page walk"]'), address).toEqual([]);
  }
});

test('a window of any width cuts no number in the drawing', async ({ host }) => {
  const walk = new PageWalk(host.page);
  await walk.walk('150000');
  for (const width of [540, 760, 1560])
    await test.step(`${width} px`, async () => {
      await host.page.setViewportSize({ width, height: 900 });
      const cut = await walk.panel.locator('.walk-diagram').evaluate(async (diagram) => {
        // The drawing learns of its new width after the next frame.
        for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
        return [...diagram.querySelectorAll('.target, .binary, .index, .value .number')]
          .filter((element) => element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1)
          .map((element) => `${element.className}: ${element.textContent}`);
      });
      expect(cut).toEqual([]);
    });
});
