// Takes a picture of every view, in light and dark, small and large: `node scripts/screenshots.mjs DUMP [OUT] [--url URL] [--only NAME] [--readme]`.
// Serves DUMP itself unless a URL of a running server (with its token) is given. `--readme` takes only the README's picture.
// Needs a Chromium: $CHROMIUM, or /usr/bin/chromium.
import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { url: { type: 'string' }, only: { type: 'string' }, readme: { type: 'boolean' } },
});
const [dump, out = 'screenshots'] = positionals;
if (!dump) {
  console.error('usage: node scripts/screenshots.mjs DUMP [OUT] [--url URL] [--only NAME] [--readme]');
  process.exit(2);
}

const SIZES = { small: { width: 1024, height: 640 }, large: { width: 1920, height: 1080 } };
const THEMES = ['light', 'dark'];
const panel = (key, title) => async (page) => {
  await page.keyboard.press(`Alt+${key}`);
  await page.locator(`.panel-frame[aria-label="${title}"]`).waitFor();
};
const goTo = async (page, text) => {
  await page.keyboard.press('Control+g');
  await page.keyboard.type(text);
  await page.keyboard.press('Enter');
};

/** Name to what is done before the picture is taken; each starts from the overview of a freshly opened dump. */
const VIEWS = {
  start: (page) => page.getByRole('button', { name: 'Start page' }).click(),
  overview: panel(1, 'Overview'),
  registers: async (page) => {
    await goTo(page, 'rip');
    await panel(2, 'Registers')(page);
  },
  'memory-map': panel(3, 'Memory map'),
  'page-walk': async (page) => {
    await goTo(page, 'rip');
    await panel(4, 'Page walk')(page);
  },
  memory: async (page) => {
    await goTo(page, 'rip');
    await panel(5, 'Memory')(page);
  },
  devices: async (page) => {
    await panel(6, 'Devices')(page);
    await page.getByRole('option', { name: /^Local APIC of CPU 0/ }).click();
    await page.getByRole('treegrid').getByText('spurious_vec').waitFor();
  },
  'go-to': async (page) => {
    await page.keyboard.press('Control+g');
    await page.keyboard.type('rip');
    await page.getByRole('option').first().waitFor();
  },
  palette: (page) => page.keyboard.press('Control+Shift+p'),
  roots: (page) => page.getByRole('button', { name: 'CPU or root' }).click(),
  notices: (page) => page.locator('.notices-badge').click(),
  menu: (page) => page.getByRole('menuitem', { name: 'View', exact: true }).click(),
  'address-menu': async (page) => {
    const chip = page.locator('.top-table .address-chip');
    await chip.hover();
    await chip.click({ button: 'right' });
  },
  'address-hint': async (page) => {
    await page.locator('.top-table .address-chip').hover();
    await page.locator('.address-hint').waitFor();
  },
  export: async (page) => {
    await page.keyboard.press('Control+e');
    await page.getByRole('table', { name: 'Segments' }).waitFor();
  },
  open: async (page) => {
    await page.keyboard.press('Control+o');
    await page.locator('.file-browser .entry').first().waitFor();
  },
  shortcuts: (page) => page.keyboard.press('F1'),
  about: async (page) => {
    await page.keyboard.press('Control+Shift+p');
    await page.keyboard.type('about');
    await page.keyboard.press('Enter');
  },
  walkthrough: async (page) => {
    await page.keyboard.press('Control+Shift+p');
    await page.keyboard.type('follow an address');
    await page.keyboard.press('Enter');
    await page.locator('.walkthrough-bar').waitFor();
  },
};

async function serve() {
  const child = spawn(process.execPath, ['bin/vmcore-workbench.mjs', 'serve', dump, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /http:\/\/\S+/.exec(line)?.[0];
    if (url) return { url, stop: () => child.kill() };
  }
  throw new Error('the server printed no URL');
}

async function freshPage(context, home) {
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  page.on('pageerror', (error) => console.error(`  page error: ${error.message}`));
  page.on('console', (message) => message.type() === 'error' && console.error(`  console: ${message.text().split('\n')[0]}`));
  await page.goto(home);
  await page.locator('.overview').waitFor({ timeout: 60_000 });
  return page;
}

const server = values.url ? { url: values.url, stop: () => undefined } : await serve();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
await mkdir(out, { recursive: true });
try {
  const entry = await browser.newContext();
  const first = await entry.newPage();
  await first.goto(server.url);
  await first.waitForLoadState('networkidle');
  const state = await entry.storageState();
  const home = new URL('/', server.url).href;

  const shots = values.readme
    ? [['screenshot', 'light', { width: 1440, height: 900 }, VIEWS['page-walk']]]
    : Object.entries(VIEWS)
        .filter(([name]) => !values.only || values.only.split(',').includes(name))
        .flatMap(([name, prepare]) =>
          THEMES.flatMap((theme) => Object.entries(SIZES).map(([size, box]) => [`${name}-${theme}-${size}`, theme, box, prepare])),
        );
  for (const [name, theme, viewport, prepare] of shots) {
    const context = await browser.newContext({ storageState: state, viewport, colorScheme: theme, reducedMotion: 'reduce' });
    try {
      const page = await freshPage(context, home);
      await prepare(page);
      await page.waitForTimeout(700);
      await page.screenshot({ path: join(out, `${name}.png`) });
      console.log(`${name}.png`);
    } catch (error) {
      console.error(`${name}: ${error.message.split('\n')[0]}`);
      process.exitCode = 1;
    } finally {
      await context.close();
    }
  }
} finally {
  await browser.close();
  server.stop();
}
