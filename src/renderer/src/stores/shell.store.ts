/** The window itself: the host it runs in, which dialog is open, what the start page lists, and which panels are on screen. */
import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import type { DumpLocation, HostInfo, RecentFile, SampleInfo } from '#shared/contract.ts';
import { filesOf, locationOf } from '#shared/dump-location.ts';
import type { DumpSummary, OpenOptions } from '#shared/model/index.ts';
import { useWorkbench } from '../api/workbench.ts';
import type { PanelId } from '../panels.ts';
import { asWorkbenchError, useDumpsStore } from './dumps.store.ts';

export type DialogId = 'open' | 'open-as' | 'ram-file' | 'export' | 'palette' | 'shortcuts' | 'about';

export interface OpenAsDraft {
  location: DumpLocation;
  options: OpenOptions;
}

/** A dump, and the RAM block of it for which a file is asked. */
export interface RamDraft extends OpenAsDraft {
  block: string;
}

export const useShellStore = defineStore('shell', () => {
  const dumps = useDumpsStore();
  const host = shallowRef<HostInfo | null>(null);
  const samples = shallowRef<readonly SampleInfo[]>([]);
  const recent = shallowRef<readonly RecentFile[]>([]);
  const dialog = ref<DialogId | null>(null);
  /** Names of files that were dropped where their paths cannot be told; the open dialog looks for them. */
  const soughtNames = shallowRef<readonly string[]>([]);
  /** The open dialog was asked for by Open as…: what is chosen there goes on to that. */
  const thenOpenAs = ref(false);
  /** What Open as… is about, and the choices that it starts with. */
  const openAsDraft = shallowRef<OpenAsDraft | null>(null);
  /** What the question for a RAM block's file is about. */
  const ramDraft = shallowRef<RamDraft | null>(null);
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

  /** Opens a dump and leaves the start page, unless something there has to be read: what did not open. */
  async function openDump(location: DumpLocation, options: OpenOptions = {}): Promise<void> {
    dialog.value = null;
    startShown.value = true;
    await dumps.open(location, options);
    if (dumps.active && !dumps.opening && dumps.failures.length === 0) startShown.value = false;
  }

  /** One file is a dump; several are tried as the parts of one. */
  async function openFiles(files: readonly string[]): Promise<void> {
    const location = locationOf(files);
    if (location) await openDump(location);
  }

  function reopen({ files, options }: RecentFile): void {
    const location = locationOf(files);
    if (location) void openDump(location, options);
  }

  /** Asks how to open it before it is opened. */
  function openAs(location: DumpLocation, options: OpenOptions = {}): void {
    openAsDraft.value = { location, options };
    dialog.value = 'open-as';
  }

  /** File > Open: the system's dialog where there is one, otherwise the page's own. */
  async function chooseAndOpen(): Promise<void> {
    if (!host.value?.nativeDialogs) return browse();
    const location = await useWorkbench().chooseDump();
    if (location) await openDump(location);
  }

  /** File > Open as: the same, and then how. */
  async function chooseAndOpenAs(): Promise<void> {
    if (!host.value?.nativeDialogs) return browse([], true);
    const location = await useWorkbench().chooseDump();
    if (location) openAs(location);
  }

  /** Asks for the file that holds a RAM block which the dump left out, and opens the dump once more with it. */
  async function takeFromFile({ files, options }: Pick<DumpSummary, 'files' | 'options'>, block: string): Promise<void> {
    const location = locationOf(files);
    if (!location) return;
    ramDraft.value = { location, options, block };
    if (!host.value?.nativeDialogs) {
      dialog.value = 'ram-file';
      return;
    }
    const chosen = await useWorkbench().chooseDump();
    const [file, ...more] = chosen ? filesOf(chosen) : [];
    if (more.length > 0) announcement.value = `One file backs ${block}: choose a single one.`;
    else if (file !== undefined) await openWithRam(file);
  }

  async function openWithRam(file: string): Promise<void> {
    if (!ramDraft.value) return;
    const { location, options, block } = ramDraft.value;
    await openDump(location, { ...options, ramFiles: { ...options.ramFiles, [block]: file } });
  }

  /** The page's own open dialog. */
  function browse(sought: readonly string[] = [], as = false): void {
    soughtNames.value = sought;
    thenOpenAs.value = as;
    dialog.value = 'open';
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
    soughtNames,
    thenOpenAs,
    openAsDraft,
    ramDraft,
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
    openFiles,
    openAs,
    reopen,
    browse,
    chooseAndOpen,
    chooseAndOpenAs,
    takeFromFile,
    openWithRam,
  };
});
