/** What the user set up and expects to find again: theme and layout. Kept in localStorage, read defensively: it may be old or edited. */
import { defineStore } from 'pinia';
import { ref, shallowRef, watch } from 'vue';
import type { ThemeChoice } from '#shared/contract.ts';
import { useWorkbench } from '../api/workbench.ts';

const KEY = 'vmcore-workbench.preferences';
/** Raised when the default layout changes, so that a remembered layout with other panels is dropped. */
const LAYOUT_VERSION = 1;
const THEMES: readonly ThemeChoice[] = ['system', 'light', 'dark', 'high-contrast'];

interface Kept {
  theme: ThemeChoice;
  layout: unknown;
}

function load(): Kept {
  const kept: Kept = { theme: 'system', layout: null };
  try {
    const stored = JSON.parse(localStorage.getItem(KEY) ?? '{}') as { theme?: ThemeChoice; layoutVersion?: number; layout?: unknown };
    if (stored.theme && THEMES.includes(stored.theme)) kept.theme = stored.theme;
    if (stored.layoutVersion === LAYOUT_VERSION) kept.layout = stored.layout ?? null;
  } catch {
    // Unreadable preferences are as good as none.
  }
  return kept;
}

export const usePreferencesStore = defineStore('preferences', () => {
  const kept = load();
  const theme = ref<ThemeChoice>(kept.theme);
  /** The docking library's own JSON; null means the default layout. */
  const layout = shallowRef<unknown>(kept.layout);

  function save(): void {
    try {
      localStorage.setItem(KEY, JSON.stringify({ theme: theme.value, layoutVersion: LAYOUT_VERSION, layout: layout.value }));
    } catch {
      // No storage (private window, quota): the choice holds for this session.
    }
  }

  watch([theme, layout], save);
  watch(
    theme,
    (choice) => {
      document.documentElement.dataset['theme'] = choice;
      // The desktop's own parts (title bar, dialogs) follow; elsewhere there are none.
      useWorkbench()
        .setTheme({ theme: choice })
        .catch(() => undefined);
    },
    { immediate: true },
  );

  return { theme, layout };
});
