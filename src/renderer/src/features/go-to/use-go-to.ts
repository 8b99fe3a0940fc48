/** Typed text to places: asks the engine as the user types; without text, offers bookmarks and where the user has been. */
import { computed, ref, shallowRef, watch } from 'vue';
import type { ComputedRef, Ref } from 'vue';
import type { GoToTarget } from '#shared/model/index.ts';
import { useWorkbench } from '../../api/workbench.ts';
import { useBookmarksStore } from '../../stores/bookmarks.store.ts';
import { useDumpsStore } from '../../stores/dumps.store.ts';
import { samePlace, useLocationStore } from '../../stores/location.store.ts';
import type { Place } from '../../stores/location.store.ts';

const DELAY = 80;
const REMEMBERED = 8;

export interface GoTo {
  text: Ref<string>;
  suggestions: ComputedRef<readonly GoToTarget[]>;
  /** What to say when the text leads nowhere; empty while it is being looked up. */
  problem: Ref<string>;
  /** Answers for exactly this text now, without waiting for the pause in typing. */
  resolveNow: () => Promise<readonly GoToTarget[]>;
}

export function useGoTo(): GoTo {
  const dumps = useDumpsStore();
  const location = useLocationStore();
  const bookmarks = useBookmarksStore();
  const text = ref('');
  const problem = ref('');
  const found = shallowRef<readonly GoToTarget[]>([]);
  let asked = 0;
  let waiting: ReturnType<typeof setTimeout> | undefined;

  const remembered = computed(() => {
    const visited = [...location.history].reverse().map((entry) => entry.address);
    const places = [...bookmarks.places.map((place) => ({ place, title: 'bookmark' })), ...visited.map((place) => ({ place, title: 'visited' }))];
    const unique: GoToTarget[] = [];
    for (const { place, title } of places) {
      if (place && !unique.some((other) => samePlace(other as Place, place))) unique.push({ ...place, title });
    }
    return unique.slice(0, REMEMBERED);
  });
  const suggestions = computed(() => (text.value.trim() === '' ? remembered.value : found.value));

  async function resolveNow(): Promise<readonly GoToTarget[]> {
    clearTimeout(waiting);
    const wanted = text.value.trim();
    const serial = ++asked;
    if (wanted === '' || !dumps.activeId) return suggestions.value;
    try {
      const targets = await useWorkbench().resolveText({ dumpId: dumps.activeId, text: wanted, root: location.root });
      if (serial !== asked) return targets;
      found.value = targets;
      problem.value = targets.length === 0 ? `“${wanted}” leads nowhere in this dump` : '';
      return targets;
    } catch (error) {
      if (serial === asked) {
        found.value = [];
        problem.value = error instanceof Error ? error.message : String(error);
      }
      return [];
    }
  }

  watch(text, () => {
    problem.value = '';
    if (text.value.trim() === '') found.value = [];
    clearTimeout(waiting);
    waiting = setTimeout(() => void resolveNow(), DELAY);
  });

  return { text, suggestions, problem, resolveNow };
}
