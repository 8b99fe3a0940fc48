/** The second walk of a comparison: its own address and root, which start out as what most people want to compare. */
import { computed, ref, shallowRef, type ComputedRef, type Ref } from 'vue';
import type { CpuView, RootChoice } from '#shared/model/index.ts';
import { regimeOf } from '../../composables/root-words.ts';
import type { WalkQuery } from './use-page-walk.ts';

export interface ComparedWalk {
  on: Readonly<Ref<boolean>>;
  query: ComputedRef<WalkQuery | null>;
  toggle: () => void;
  setAddress: (address: bigint) => void;
  setRoot: (root: RootChoice) => void;
}

/** Another CPU's tables where there are any that differ; otherwise the same root, for a second address. */
export function otherRoot(root: RootChoice, cpus: readonly CpuView[]): RootChoice {
  const own = root.kind === 'cpu' ? regimeOf(root, cpus)?.root : root.root;
  const other = cpus.find(({ index, paging }) => paging.root !== own && !(root.kind === 'cpu' && root.cpu === index));
  return other ? { kind: 'cpu', cpu: other.index } : root;
}

export function useComparedWalk(first: Readonly<Ref<WalkQuery | null>>, cpus: Readonly<Ref<readonly CpuView[]>>): ComparedWalk {
  const on = ref(false);
  const own = shallowRef<{ dumpId: string; address: bigint; root: RootChoice } | null>(null);
  // Another dump ends the comparison's own place: its addresses mean nothing there.
  const query = computed(() => {
    if (!on.value || !first.value) return null;
    return own.value?.dumpId === first.value.dumpId ? own.value : { ...first.value, root: otherRoot(first.value.root, cpus.value) };
  });

  function toggle(): void {
    own.value = on.value || !first.value ? null : { ...first.value, root: otherRoot(first.value.root, cpus.value) };
    on.value = !on.value;
  }

  function change(part: Partial<WalkQuery>): void {
    if (query.value) own.value = { ...query.value, ...part };
  }

  return { on, query, toggle, setAddress: (address) => change({ address }), setRoot: (root) => change({ root }) };
}
