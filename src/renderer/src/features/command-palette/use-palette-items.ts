/** What the palette offers: every command, and what can be named: dumps, CPUs, samples, recent files, walkthroughs. */
import { computed } from 'vue';
import type { ComputedRef } from 'vue';
import { useDumpDataStore } from '../../stores/dump-data.store.ts';
import { dumpTitle, titleToOpen } from '../../stores/dump-title.ts';
import { useDumpsStore } from '../../stores/dumps.store.ts';
import { useLocationStore } from '../../stores/location.store.ts';
import { useShellStore } from '../../stores/shell.store.ts';
import type { Command } from '../shell/use-commands.ts';
import { useWalkthroughStore } from '../walkthrough/walkthrough.store.ts';

export interface PaletteItem {
  key: string;
  title: string;
  /** Where it comes from: the menu, "Recent file". */
  kind: string;
  chord?: string;
  run: () => unknown;
}

export function usePaletteItems(commands: readonly Command[]): ComputedRef<PaletteItem[]> {
  const dumps = useDumpsStore();
  const data = useDumpDataStore();
  const location = useLocationStore();
  const shell = useShellStore();
  const walkthroughs = useWalkthroughStore();

  return computed(() => [
    ...commands
      .filter((command) => command.id !== 'command-palette' && command.enabled())
      .map(({ id, title, menu, chords, run }) => ({ key: id, title, kind: menu, chord: chords?.[0], run })),
    ...data.cpus.map((cpu) => ({
      key: `cpu ${cpu.index}`,
      title: `CPU ${cpu.index}: ${cpu.mode}`,
      kind: 'CPU',
      run: () => location.setRoot({ kind: 'cpu', cpu: cpu.index }),
    })),
    ...dumps.dumps
      .filter((dump) => dump.dumpId !== dumps.activeId)
      .map((dump) => ({ key: `dump ${dump.dumpId}`, title: dumpTitle(dump), kind: 'Open dump', run: () => dumps.select(dump.dumpId) })),
    ...shell.samples.map(({ id, title }) => ({ key: `sample ${id}`, title, kind: 'Sample', run: () => shell.openDump({ kind: 'sample', id }) })),
    ...shell.recent
      .filter((file) => file.exists)
      .map((file, at) => ({
        key: `recent ${at}`,
        title: titleToOpen(file.name, file.files, file.options),
        kind: 'Recent file',
        run: () => shell.reopen(file),
      })),
    ...walkthroughs.tours.map(({ id, title }) => ({ key: `tour ${id}`, title, kind: 'Walkthrough', run: () => walkthroughs.start(id) })),
  ]);
}
