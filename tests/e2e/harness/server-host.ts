/** `vmcore-workbench serve` as a host: the built command line in a process of its own, its page in Chromium. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { BrowserContext } from '@playwright/test';
import type { WorkbenchCommand } from '#shared/contract.ts';
import { dropFiles } from '../../hosts/desktop-app.ts';
import { recordHost } from '../../hosts/record-host.ts';
import { FileBrowser } from '../pages/file-browser.ts';
import { MenuBar } from '../pages/menu-bar.ts';
import type { Host, StartOptions } from './host.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** Where the page's own menu has a command. */
const MENU_ITEMS: Readonly<Record<WorkbenchCommand, readonly [menu: string, item: RegExp]>> = {
  open: ['File', /^Open…/],
  'open-as': ['File', /^Open as…/],
  'open-recent': ['File', /^Open recent/],
  export: ['File', /^Export…/],
  'close-dump': ['File', /^Close dump/],
  'show-overview': ['View', /^Overview/],
  'show-registers': ['View', /^Registers/],
  'show-memory-map': ['View', /^Memory map/],
  'show-page-walk': ['View', /^Page walk/],
  'show-memory': ['View', /^Memory(?! map)/],
  'show-devices': ['View', /^Devices/],
  'show-linux': ['View', /^Linux/],
  'show-machines': ['View', /^Machines/],
  'reset-layout': ['View', /^Reset layout/],
  'theme-system': ['View', /^Theme: as the system/],
  'theme-light': ['View', /^Theme: light/],
  'theme-dark': ['View', /^Theme: dark/],
  'theme-high-contrast': ['View', /^Theme: high contrast/],
  'go-to': ['Go', /^Go to/],
  back: ['Go', /^Back/],
  forward: ['Go', /^Forward/],
  'next-cpu': ['Go', /^Next CPU/],
  'command-palette': ['Tools', /^Command palette/],
  'keyboard-shortcuts': ['Help', /^Keyboard shortcuts/],
  about: ['Help', /^About/],
};

export async function startServerHost(context: BrowserContext, { folder, files = [] }: StartOptions): Promise<Host> {
  const server = spawn(process.execPath, [join(ROOT, 'out/main/cli.js'), 'serve', ...files], {
    cwd: folder,
    env: { ...process.env, XDG_CONFIG_HOME: join(folder, 'config'), HOME: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [url] = (await once(createInterface(server.stdout), 'line')) as [string];
  recordHost('WebSocket server in Chromium');
  const page = await context.newPage();
  await page.goto(url);
  await page.waitForURL((now) => now.search === '');
  const menu = new MenuBar(page);
  const command = async (id: WorkbenchCommand): Promise<void> => menu.choose(...MENU_ITEMS[id]);
  return {
    kind: 'server',
    page,
    folder,
    complaints: [],
    command,
    async openFiles(paths, id = 'open') {
      await command(id);
      const browser = new FileBrowser(page);
      await browser.choose(paths);
      await browser.accept.click();
    },
    drop: (...paths) => dropFiles(context, page, paths),
    async close() {
      // First, or the page logs that its server is gone.
      await page.close();
      server.kill('SIGTERM');
      if (server.exitCode === null) await once(server, 'exit');
    },
  };
}
