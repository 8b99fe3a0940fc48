/** Every command of the workbench, once: the menus, the palette, the keyboard and the desktop's native menu all run these. */
import { formatAddress } from '#shared/address-text.ts';
import type { ThemeChoice, WorkbenchCommand } from '#shared/contract.ts';
import { PANELS } from '../../panels.ts';
import { useBookmarksStore } from '../../stores/bookmarks.store.ts';
import { useDumpDataStore } from '../../stores/dump-data.store.ts';
import { useDumpsStore } from '../../stores/dumps.store.ts';
import { useLocationStore } from '../../stores/location.store.ts';
import { usePreferencesStore } from '../../stores/preferences.store.ts';
import { useShellStore } from '../../stores/shell.store.ts';

export type CommandId = WorkbenchCommand | 'start-page' | 'undo-correction' | 'redo-correction' | 'copy-address' | 'bookmark-address';
export type MenuName = 'File' | 'Edit' | 'View' | 'Go' | 'Tools' | 'Help';

export interface Command {
  id: CommandId;
  title: string;
  menu: MenuName;
  /** `Ctrl+Shift+P`; the first is shown, all work. */
  chords?: readonly string[];
  /** A line above it in the menu. */
  separated?: boolean;
  enabled: () => boolean;
  /** For items that are choices. */
  checked?: () => boolean;
  run: () => unknown;
}

const always = (): boolean => true;
const THEMES: readonly [ThemeChoice, string][] = [
  ['system', 'Theme: as the system'],
  ['light', 'Theme: light'],
  ['dark', 'Theme: dark'],
  ['high-contrast', 'Theme: high contrast'],
];

export function useCommands(): Command[] {
  const dumps = useDumpsStore();
  const data = useDumpDataStore();
  const location = useLocationStore();
  const preferences = usePreferencesStore();
  const shell = useShellStore();
  const bookmarks = useBookmarksStore();
  const withDump = (): boolean => dumps.active !== undefined;

  function nextCpu(): void {
    const current = location.root.kind === 'cpu' ? data.cpus.findIndex((cpu) => location.root.kind === 'cpu' && cpu.index === location.root.cpu) : -1;
    const next = data.cpus[(current + 1) % data.cpus.length];
    if (next) location.setRoot({ kind: 'cpu', cpu: next.index });
  }

  function leaveStart(run: () => unknown): () => void {
    return () => {
      shell.startShown = false;
      run();
    };
  }

  return [
    { id: 'open', title: 'Open…', menu: 'File', chords: ['Ctrl+O'], enabled: always, run: () => shell.chooseAndOpen() },
    { id: 'open-as', title: 'Open as…', menu: 'File', chords: ['Ctrl+Shift+O'], enabled: always, run: () => shell.chooseAndOpenAs() },
    { id: 'start-page', title: 'Start page', menu: 'File', enabled: always, run: () => (shell.startShown = true) },
    { id: 'open-recent', title: 'Open recent…', menu: 'File', enabled: always, run: () => (shell.startShown = true) },
    {
      id: 'export',
      title: 'Export…',
      menu: 'File',
      chords: ['Ctrl+E'],
      separated: true,
      enabled: withDump,
      run: () => (shell.dialog = 'export'),
    },
    {
      id: 'close-dump',
      title: 'Close dump',
      menu: 'File',
      chords: ['Alt+W', 'Ctrl+W'],
      enabled: withDump,
      run: () => dumps.activeId && dumps.close(dumps.activeId),
    },
    { id: 'undo-correction', title: 'Undo correction', menu: 'Edit', chords: ['Ctrl+Z'], enabled: () => data.canUndo, run: () => data.undo() },
    {
      id: 'redo-correction',
      title: 'Redo correction',
      menu: 'Edit',
      chords: ['Ctrl+Shift+Z', 'Ctrl+Y'],
      enabled: () => data.canRedo,
      run: () => data.redo(),
    },
    {
      id: 'copy-address',
      title: 'Copy current address',
      menu: 'Edit',
      separated: true,
      enabled: () => location.address !== null,
      run: () => location.address && navigator.clipboard.writeText(formatAddress(location.address.address)),
    },
    {
      id: 'bookmark-address',
      title: 'Bookmark current address',
      menu: 'Edit',
      chords: ['Ctrl+D'],
      enabled: () => location.address !== null,
      checked: () => location.address !== null && bookmarks.has(location.address),
      run: () => location.address && bookmarks.toggle(location.address),
    },
    ...PANELS.map((panel, at): Command => ({
      id: panel.command as CommandId,
      title: panel.title,
      menu: 'View',
      chords: [`Alt+${at + 1}`, `Ctrl+${at + 1}`],
      enabled: withDump,
      run: leaveStart(() => location.showPanel(panel.id, true)),
    })),
    { id: 'reset-layout', title: 'Reset layout', menu: 'View', separated: true, enabled: withDump, run: leaveStart(() => shell.layoutResets++) },
    ...THEMES.map(([theme, title], at): Command => ({
      id: `theme-${theme}`,
      title,
      menu: 'View',
      separated: at === 0,
      enabled: always,
      checked: () => preferences.theme === theme,
      run: () => (preferences.theme = theme),
    })),
    { id: 'go-to', title: 'Go to…', menu: 'Go', chords: ['Ctrl+G'], enabled: withDump, run: leaveStart(() => shell.goToRequests++) },
    { id: 'back', title: 'Back', menu: 'Go', chords: ['Alt+Left', 'Ctrl+['], separated: true, enabled: () => location.canBack, run: location.back },
    { id: 'forward', title: 'Forward', menu: 'Go', chords: ['Alt+Right', 'Ctrl+]'], enabled: () => location.canForward, run: location.forward },
    { id: 'next-cpu', title: 'Next CPU', menu: 'Go', chords: ['Alt+C'], separated: true, enabled: () => data.cpus.length > 1, run: nextCpu },
    {
      id: 'command-palette',
      title: 'Command palette…',
      menu: 'Tools',
      chords: ['Ctrl+Shift+P', 'Ctrl+K'],
      enabled: always,
      run: () => (shell.dialog = 'palette'),
    },
    { id: 'keyboard-shortcuts', title: 'Keyboard shortcuts', menu: 'Help', chords: ['F1'], enabled: always, run: () => (shell.dialog = 'shortcuts') },
    { id: 'about', title: 'About', menu: 'Help', enabled: always, run: () => (shell.dialog = 'about') },
  ];
}
