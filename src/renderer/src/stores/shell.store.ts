/** The window itself: the host it runs in, which dialog is open, what the start page lists, and which panels are on screen. */
import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import type { DumpLocation, HostInfo, RecentFile, SampleInfo } from '#shared/contract.ts';
import { useWorkbench } from '../api/workbench.ts';
import type { PanelId } from '../panels.ts';
import { asWorkbenchError, useDumpsStore } from './dumps.store.ts';

export type DialogId = 'open' | 'export' | 'palette' | 'shortcuts' | 'about';

export const useShellStore = defineStore('shell', () => {
  const dumps = useDumpsStore();
  const host = shallowRef<HostInfo | null>(null);
  const samples = shallowRef<readonly SampleInfo[]>([]);
  const recent = shallowRef<readonly RecentFile[]>([]);
  const dialog = ref<DialogId | null>(null);
  /** Name of a file that was dropped where its path cannot be told; the open dialog looks for it. */
  const soughtName = ref<string | null>(null);
  /** The start page over an open dump. */
  const startShown = ref(false);
  const atStart = computed(() => startShown.value || !dumps.active);
  const visiblePanels = shallowRef<ReadonlySet<PanelId>>(new Set());
  const activePanel = ref<PanelId | null>(null);
  /** Raised to ask the dock for its default layout. */
  const layoutResets = ref(0);
  /** Raised to ask the go-to field for the focus. */
  const goToRequests = ref(0);
  /** One line for the status bar: what just happened. */
  const announcement = ref('');

  async function refreshRecent(): Promise<void> {
    recent.value = await useWorkbench().listRecent();
  }

  /** Rejects when the host does not answer. The lists may fail (an unreadable settings file): opening a dump needs neither. */
  async function load(): Promise<void> {
    host.value = await useWorkbench().getHost();
    const lists = await Promise.allSettled([useWorkbench().listSamples(), useWorkbench().listRecent()]);
    const [listed, opened] = lists;
    if (listed.status === 'fulfilled') samples.value = listed.value;
    if (opened.status === 'fulfilled') recent.value = opened.value;
    const failure = lists.find((list) => list.status === 'rejected');
    if (failure) announcement.value = asWorkbenchError(failure.reason).message;
  }

  /** Opens a dump and leaves the start page when that worked. */
  async function openDump(location: DumpLocation): Promise<void> {
    dialog.value = null;
    startShown.value = true;
    if (await dumps.open(location)) startShown.value = false;
    else if (!dumps.opening && dumps.active) startShown.value = false;
  }

  /** File > Open: the system's dialog where there is one, otherwise the page's own. */
  async function chooseAndOpen(): Promise<void> {
    if (!host.value?.nativeDialogs) {
      soughtName.value = null;
      dialog.value = 'open';
      return;
    }
    const location = await useWorkbench().chooseDump();
    if (location) await openDump(location);
  }

  async function clearRecent(): Promise<void> {
    await useWorkbench().clearRecent();
    await refreshRecent();
  }

  return {
    host,
    samples,
    recent,
    dialog,
    soughtName,
    startShown,
    atStart,
    visiblePanels,
    activePanel,
    layoutResets,
    goToRequests,
    announcement,
    load,
    refreshRecent,
    clearRecent,
    openDump,
    chooseAndOpen,
  };
});
