/** `Menu`: kept as its template; a test clicks items by id, and a key that the page left alone finds its accelerator. */
import { answerTo } from './app-link.ts';

interface MenuItem {
  id?: string;
  label?: string;
  role?: string;
  accelerator?: string;
  enabled?: boolean;
  submenu?: MenuItem[];
  click?: () => void;
}

let applicationMenu: MenuItem[] = [];

export const Menu = {
  buildFromTemplate: (template: MenuItem[]): MenuItem[] => template,
  setApplicationMenu(menu: MenuItem[]): void {
    applicationMenu = menu;
  },
};

function* items(menu: MenuItem[] = applicationMenu): Generator<MenuItem> {
  for (const item of menu) {
    yield item;
    if (item.submenu) yield* items(item.submenu);
  }
}

/** `CmdOrCtrl+Shift+P` and `Ctrl+Shift+P` are the same here: the tests run as on Linux. */
const normalized = (accelerator: string): string => accelerator.replace('CmdOrCtrl', 'Ctrl').toLowerCase().split('+').sort().join('+');

answerTo('click-menu', ({ id }) => {
  const item = [...items()].find((candidate) => candidate.id === id || candidate.label === id);
  if (!item?.click) throw new Error(`no menu item ${id}`);
  if (item.enabled === false) throw new Error(`menu item ${id} is disabled`);
  item.click();
  return null;
});
answerTo('menu-labels', () => [...items()].map(({ label, role }) => label ?? role ?? '-'));
answerTo('key', ({ accelerator }) => {
  const wanted = normalized(accelerator);
  const item = [...items()].find((candidate) => candidate.accelerator !== undefined && normalized(candidate.accelerator) === wanted);
  if (!item?.click || item.enabled === false) return false;
  item.click();
  return true;
});
