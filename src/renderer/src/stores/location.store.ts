/**
 * Where you are, as one state per dump: the translation root and the current address. Every panel follows it unless pinned, and
 * back and forward walk its history as in a browser.
 */
import { defineStore } from 'pinia';
import { computed, shallowReactive, shallowRef } from 'vue';
import type { RootChoice } from '#shared/model/index.ts';
import type { AddressSpace } from '#shared/units.ts';
import type { PanelId } from '../panels.ts';
import { useDumpsStore } from './dumps.store.ts';

export interface Place {
  space: AddressSpace;
  address: bigint;
}

/** A place, and through whose page tables it is read where that is not the current root: an address of another process. */
export interface RootedPlace extends Place {
  root?: RootChoice;
}

export interface HistoryEntry {
  root: RootChoice;
  address: Place | null;
  /** The panel that was asked for, so that going back shows it again. */
  panel?: PanelId;
}

interface DumpLocationState {
  entries: readonly HistoryEntry[];
  index: number;
}

/** Entries kept per dump; older ones are forgotten. */
export const HISTORY_LIMIT = 200;
const START: HistoryEntry = { root: { kind: 'cpu', cpu: 0 }, address: null };

export function sameRoot(a: RootChoice, b: RootChoice): boolean {
  if (a.kind === 'cpu') return b.kind === 'cpu' && a.cpu === b.cpu && a.regime === b.regime;
  return b.kind === 'root' && a.root === b.root && a.mode === b.mode;
}

export function samePlace(a: Place | null, b: Place | null): boolean {
  return a?.space === b?.space && a?.address === b?.address;
}

export const useLocationStore = defineStore('location', () => {
  const dumps = useDumpsStore();
  const byDump = shallowReactive(new Map<string, DumpLocationState>());
  /** A panel that something asked for, and whether the keyboard goes there, too. The shell watches it, and takes it away when it has shown the panel. */
  const wantedPanel = shallowRef<{ panel: PanelId; focus: boolean } | null>(null);

  const state = computed<DumpLocationState>(() => byDump.get(dumps.activeId ?? '') ?? { entries: [START], index: 0 });
  const current = computed<HistoryEntry>(() => state.value.entries[state.value.index] ?? START);
  const root = computed<RootChoice>(() => current.value.root);
  const address = computed<Place | null>(() => current.value.address);
  const history = computed(() => state.value.entries);
  const canBack = computed(() => state.value.index > 0);
  const canForward = computed(() => state.value.index < state.value.entries.length - 1);

  function showPanel(panel: PanelId, focus = false): void {
    wantedPanel.value = { panel, focus };
  }

  function push(entry: HistoryEntry): void {
    if (!dumps.activeId) return;
    const { entries, index } = state.value;
    const now = current.value;
    const moved = !sameRoot(now.root, entry.root) || !samePlace(now.address, entry.address);
    const kept = moved ? [...entries.slice(0, index + 1), entry].slice(-HISTORY_LIMIT) : entries;
    if (moved) byDump.set(dumps.activeId, { entries: kept, index: kept.length - 1 });
    if (entry.panel) showPanel(entry.panel);
  }

  /** All addresses of a process are the host's: what its threads' registers hold, and what its map shows. */
  function spaceOf(space: AddressSpace): AddressSpace {
    return dumps.active?.space === 'hva' && (space === 'gva' || space === 'gpa') ? 'hva' : space;
  }

  function goTo(target: RootedPlace, options: { panel?: PanelId } = {}): void {
    push({ root: target.root ?? root.value, address: { space: spaceOf(target.space), address: target.address }, ...options });
  }

  function setRoot(next: RootChoice): void {
    push({ root: next, address: address.value });
  }

  function travel(step: -1 | 1): void {
    const target = state.value.entries[state.value.index + step];
    if (!dumps.activeId || !target) return;
    byDump.set(dumps.activeId, { entries: state.value.entries, index: state.value.index + step });
    if (target.panel) showPanel(target.panel);
  }

  const back = (): void => travel(-1);
  const forward = (): void => travel(1);

  return { root, address, history, canBack, canForward, wantedPanel, spaceOf, goTo, setRoot, back, forward, showPanel };
});
