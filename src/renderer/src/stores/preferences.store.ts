/** What the user set up and expects to find again: theme, layout, and how dumps are exported. Kept in localStorage, read defensively: it may be old or edited. */
import { defineStore } from 'pinia';
import { ref, shallowRef, watch } from 'vue';
import type { ThemeChoice } from '#shared/contract.ts';
import { useWorkbench } from '../api/workbench.ts';
import { draftOf, keptChoices, type KeptChoices } from './export-draft.ts';

const KEY = 'vmcore-workbench.preferences';
/** Raised when the default layout changes, so that a remembered layout with other panels is dropped. */
const LAYOUT_VERSION = 1;
const THEMES: readonly ThemeChoice[] = ['system', 'light', 'dark', 'high-contrast'];

interface Kept {
  theme: ThemeChoice;
  layout: unknown;
  exporting: KeptChoices;
}

function load(): Kept {
  const kept: Kept = { theme: 'system', layout: null, exporting: keptChoices(draftOf(null)) };
  try {
    const stored = JSON.parse(localStorage.getItem(KEY) ?? '{}') as {
      theme?: ThemeChoice;
      layoutVersion?: number;
      layout?: unknown;
      exporting?: unknown;
    };
    if (stored.theme && THEMES.includes(stored.theme)) kept.theme = stored.theme;
    if (stored.layoutVersion === LAYOUT_VERSION) kept.layout = stored.layout ?? null;
    kept.exporting = keptChoices(draftOf(stored.exporting));
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
  /** As the last export was chosen to be: what the next dump's starts from. */
  const exporting = shallowRef<KeptChoices>(kept.exporting);

  function save(): void {
    try {
      const stored = { theme: theme.value, layoutVersion: LAYOUT_VERSION, layout: layout.value, exporting: exporting.value };
      localStorage.setItem(KEY, JSON.stringify(stored));
    } catch {
      // No storage (private window, quota): the choice holds for this session.
    }
  }

  watch([theme, layout, exporting], save);
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

  return { theme, layout, exporting };
});
