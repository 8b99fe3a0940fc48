/** The guided tour that is being taken: which step, and whether what it asked for has been done. */
import { defineStore } from 'pinia';
import { computed, ref, watch } from 'vue';
import { useWorkbench } from '../../api/workbench.ts';
import { useDumpDataStore } from '../../stores/dump-data.store.ts';
import { useDumpsStore } from '../../stores/dumps.store.ts';
import { useLocationStore } from '../../stores/location.store.ts';
import type { Place } from '../../stores/location.store.ts';
import { useShellStore } from '../../stores/shell.store.ts';
import type { Tour, TourStep } from './tour-schema.ts';
import { TOURS } from './tours.ts';

export const useWalkthroughStore = defineStore('walkthrough', () => {
  const dumps = useDumpsStore();
  const data = useDumpDataStore();
  const location = useLocationStore();
  const shell = useShellStore();

  const tour = ref<Tour | null>(null);
  const index = ref(0);
  /** What the step asked for has happened at least once since it was shown. */
  const fulfilled = ref(false);
  /** The place that an `address` step waits for. */
  const wanted = ref<Place | null>(null);
  const problem = ref('');

  const steps = computed<readonly TourStep[]>(() => (tour.value?.steps ?? []).filter((step) => step.when !== 'several-cpus' || data.cpus.length > 1));
  const step = computed<TourStep | null>(() => steps.value[index.value] ?? null);

  async function resolve(text: string): Promise<Place | null> {
    if (!dumps.activeId) return null;
    const [first] = await useWorkbench().resolveText({ dumpId: dumps.activeId, text, root: location.root });
    return first ? { space: first.space, address: first.address } : null;
  }

  function isDone(): boolean {
    const expect = step.value?.expect;
    if (!expect || expect.kind === 'read') return true;
    if (expect.kind === 'cpu') return location.root.kind === 'cpu' && location.root.cpu === expect.cpu;
    if (expect.kind === 'panel') return shell.activePanel === expect.panel;
    if (expect.kind === 'dialog') return shell.dialog === expect.dialog;
    const { address } = location;
    return wanted.value !== null && address?.space === wanted.value.space && address.address === wanted.value.address;
  }

  /** The step that is being entered: what is done before that has ended is done from there. */
  let entered = Promise.resolve();

  /** Puts the workbench where the step begins. */
  function enter(): Promise<void> {
    entered = prepare();
    return entered;
  }

  async function prepare(): Promise<void> {
    const current = step.value;
    if (!current) return;
    fulfilled.value = false;
    wanted.value = null;
    problem.value = '';
    shell.startShown = false;
    if (current.expect.kind !== 'panel') location.showPanel(current.panel);
    if (current.state?.cpu !== undefined) location.setRoot({ kind: 'cpu', cpu: current.state.cpu });
    try {
      const place = current.state?.goTo === undefined ? null : await resolve(current.state.goTo);
      if (place) location.goTo(place);
      if (current.expect.kind === 'address') wanted.value = await resolve(current.expect.text);
      if (current.expect.kind === 'address' && !wanted.value) problem.value = `“${current.expect.text}” leads nowhere in this dump; go on with Next.`;
    } catch (error) {
      problem.value = error instanceof Error ? error.message : String(error);
    }
    if (step.value === current && isDone()) fulfilled.value = true;
  }

  /** Without a dump, opens the first sample. */
  async function start(id: string): Promise<void> {
    if (!dumps.active) {
      // A quick click comes before the start page has its list.
      const [sample] = shell.samples.length > 0 ? shell.samples : await useWorkbench().listSamples();
      if (sample) await shell.openDump({ kind: 'sample', id: sample.id });
    }
    if (!dumps.active) {
      shell.announcement = 'Open a dump first: a walkthrough needs one';
      return;
    }
    tour.value = TOURS.find((candidate) => candidate.id === id) ?? null;
    index.value = 0;
    await enter();
  }

  async function move(by: 1 | -1): Promise<void> {
    const next = index.value + by;
    if (next < 0) return;
    if (next >= steps.value.length) {
      stop();
      return;
    }
    index.value = next;
    await enter();
  }

  function stop(): void {
    tour.value = null;
    index.value = 0;
  }

  /** Does what the step asks for. */
  async function doIt(): Promise<void> {
    await entered;
    const expect = step.value?.expect;
    if (expect?.kind === 'address' && wanted.value) location.goTo(wanted.value, step.value ? { panel: step.value.panel } : {});
    else if (expect?.kind === 'cpu') location.setRoot({ kind: 'cpu', cpu: expect.cpu });
    else if (expect?.kind === 'panel') location.showPanel(expect.panel);
    else if (expect?.kind === 'dialog') shell.dialog = expect.dialog;
  }

  watch([() => location.address, () => location.root, () => shell.activePanel, () => shell.dialog, wanted], () => {
    if (isDone()) fulfilled.value = true;
  });
  watch(
    () => dumps.active,
    (dump) => !dump && stop(),
  );

  return { tours: TOURS, tour, steps, index, step, fulfilled, problem, start, move, stop, doIt };
});
