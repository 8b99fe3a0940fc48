/** What is known of the address under the cursor, asked for when the cursor has come to rest. */
import { onScopeDispose, shallowRef, watch, type WatchSource } from 'vue';
import type { AddressDescription } from '#shared/model/index.ts';

/** Milliseconds; holding an arrow key down asks nothing. */
const REST = 80;

export function useDescription(sources: WatchSource[], ask: () => Promise<AddressDescription> | null) {
  const description = shallowRef<AddressDescription>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let serial = 0;
  watch(
    sources,
    () => {
      clearTimeout(timer);
      const mine = ++serial;
      timer = setTimeout(() => {
        const answer = ask();
        if (!answer) return;
        answer.then(
          (known) => mine === serial && (description.value = known),
          () => mine === serial && (description.value = undefined),
        );
      }, REST);
    },
    { immediate: true },
  );
  onScopeDispose(() => {
    clearTimeout(timer);
    serial++;
  });
  return description;
}
