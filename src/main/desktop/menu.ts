/**
 * The application menu. Every item of ours is a WorkbenchCommand, which the page carries out as if it came from its command palette; the page handles
 * the same keys itself where there is no menu (a browser), and calls preventDefault when it has.
 */
import { Menu, type MenuItemConstructorOptions } from 'electron';
import type { RecentFile, ThemeChoice, WorkbenchCommand } from '#shared/contract.ts';
import { openedWords } from '#shared/open-choices.ts';

export interface MenuActions {
  command(command: WorkbenchCommand): void;
  openRecent(recent: RecentFile): void;
  clearRecent(): void;
}

export interface MenuState {
  recent: RecentFile[];
  theme: ThemeChoice;
  isMac: boolean;
  /** Reload and developer tools, for `npm run dev`. */
  isDevelopment: boolean;
}

const SEPARATOR: MenuItemConstructorOptions = { type: 'separator' };

function recentItems({ recent }: MenuState, actions: MenuActions): MenuItemConstructorOptions[] {
  if (recent.length === 0) return [{ label: 'No recent files', enabled: false }];
  const files = recent.map((file) => {
    const label = [file.path, ...openedWords(file.files, file.options)].join(' · ').replaceAll('&', '&&');
    return { label, enabled: file.exists, click: () => actions.openRecent(file) };
  });
  return [...files, SEPARATOR, { label: 'Clear Recent Files', click: () => actions.clearRecent() }];
}

export function menuTemplate(state: MenuState, actions: MenuActions): MenuItemConstructorOptions[] {
  const item = (label: string, command: WorkbenchCommand, accelerator?: string): MenuItemConstructorOptions => ({
    id: command,
    label,
    accelerator,
    click: () => actions.command(command),
  });
  const theme = (label: string, choice: ThemeChoice): MenuItemConstructorOptions => ({
    ...item(label, `theme-${choice}`),
    type: 'radio',
    checked: state.theme === choice,
  });

  return [
    ...(state.isMac ? [{ role: 'appMenu' as const }] : []),
    {
      label: '&File',
      submenu: [
        item('&Open…', 'open', 'CmdOrCtrl+O'),
        item('Open &as…', 'open-as', 'CmdOrCtrl+Shift+O'),
        { label: 'Open &Recent', submenu: recentItems(state, actions) },
        SEPARATOR,
        item('&Export…', 'export', 'CmdOrCtrl+E'),
        SEPARATOR,
        item('&Close Dump', 'close-dump', 'CmdOrCtrl+W'),
        ...(state.isMac ? [] : [SEPARATOR, { role: 'quit' as const }]),
      ],
    },
    { role: 'editMenu' },
    {
      label: '&View',
      submenu: [
        item('&Overview', 'show-overview', 'CmdOrCtrl+1'),
        item('&Registers', 'show-registers', 'CmdOrCtrl+2'),
        item('&Memory Map', 'show-memory-map', 'CmdOrCtrl+3'),
        item('&Page Walk', 'show-page-walk', 'CmdOrCtrl+4'),
        item('Me&mory', 'show-memory', 'CmdOrCtrl+5'),
        item('&Devices', 'show-devices', 'CmdOrCtrl+6'),
        item('Li&nux', 'show-linux', 'CmdOrCtrl+7'),
        item('Mac&hines', 'show-machines', 'CmdOrCtrl+8'),
        SEPARATOR,
        {
          label: '&Theme',
          submenu: [theme('&System', 'system'), theme('&Light', 'light'), theme('&Dark', 'dark'), theme('&High Contrast', 'high-contrast')],
        },
        item('Reset &Layout', 'reset-layout'),
        SEPARATOR,
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { role: 'togglefullscreen' },
        ...(state.isDevelopment ? [SEPARATOR, { role: 'reload' as const }, { role: 'toggleDevTools' as const }] : []),
      ],
    },
    {
      label: '&Go',
      submenu: [
        item('&Go to…', 'go-to', 'CmdOrCtrl+G'),
        SEPARATOR,
        item('&Back', 'back', state.isMac ? 'Cmd+[' : 'Alt+Left'),
        item('&Forward', 'forward', state.isMac ? 'Cmd+]' : 'Alt+Right'),
        SEPARATOR,
        item('Next &CPU', 'next-cpu'),
      ],
    },
    { label: '&Tools', submenu: [item('&Command Palette…', 'command-palette', 'CmdOrCtrl+Shift+P')] },
    ...(state.isMac ? [{ role: 'windowMenu' as const }] : []),
    { role: 'help', label: '&Help', submenu: [item('&Keyboard Shortcuts', 'keyboard-shortcuts'), item('&About vmcore-workbench', 'about')] },
  ];
}

export function showMenu(state: MenuState, actions: MenuActions): void {
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(state, actions)));
}
