/** Steps through a walk: position, play and pause. Holds no walk: it is told how many stops there are. */
import { computed, onScopeDispose, readonly, ref, watch, type Ref } from 'vue';

/** Milliseconds a stop stays while playing: long enough to read its sentence. */
export const PLAY_INTERVAL = 1600;

export interface WalkStepper {
  position: Readonly<Ref<number>>;
  playing: Readonly<Ref<boolean>>;
  atFirst: Readonly<Ref<boolean>>;
  atLast: Readonly<Ref<boolean>>;
  /** Positions outside the walk are moved to its nearest end. Stops playing. */
  goTo(position: number): void;
  back(): void;
  forward(): void;
  first(): void;
  last(): void;
  /** At the last stop it starts over. */
  togglePlay(): void;
}

/** `count` may shrink (another walk): the position follows. Playing ends at the last stop, and with the scope. */
export function useWalkStepper(count: Readonly<Ref<number>>): WalkStepper {
  const position = ref(0);
  const playing = ref(false);
  let timer: ReturnType<typeof setInterval> | undefined;

  const lastPosition = computed(() => Math.max(0, count.value - 1));
  const atFirst = computed(() => position.value === 0);
  const atLast = computed(() => position.value >= lastPosition.value);

  function stop(): void {
    playing.value = false;
    clearInterval(timer);
    timer = undefined;
  }

  function move(to: number): void {
    position.value = Math.max(0, Math.min(to, lastPosition.value));
  }

  function goTo(to: number): void {
    stop();
    move(to);
  }

  function tick(): void {
    move(position.value + 1);
    if (atLast.value) stop();
  }

  function togglePlay(): void {
    if (playing.value) return stop();
    if (count.value < 2) return;
    if (atLast.value) move(0);
    playing.value = true;
    timer = setInterval(tick, PLAY_INTERVAL);
  }

  watch(count, (_, before) => {
    // Whoever looked at the outcome looks at the outcome of the next walk too.
    const wasAtEnd = before > 1 && position.value === before - 1;
    if (wasAtEnd || position.value > lastPosition.value) goTo(lastPosition.value);
  });
  onScopeDispose(stop);

  return {
    position: readonly(position),
    playing: readonly(playing),
    atFirst,
    atLast,
    goTo,
    back: () => goTo(position.value - 1),
    forward: () => goTo(position.value + 1),
    first: () => goTo(0),
    last: () => goTo(lastPosition.value),
    togglePlay,
  };
}
