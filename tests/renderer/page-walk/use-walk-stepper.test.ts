import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { effectScope, nextTick, ref } from 'vue';
import { PLAY_INTERVAL, useWalkStepper } from '../../../src/renderer/src/features/page-walk/use-walk-stepper.ts';

const scopes: ReturnType<typeof effectScope>[] = [];
function stepper(stops: number) {
  const count = ref(stops);
  const scope = effectScope();
  scopes.push(scope);
  const made = scope.run(() => useWalkStepper(count));
  if (!made) throw new Error('no scope');
  return { count, scope, ...made };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  for (const scope of scopes.splice(0)) scope.stop();
  vi.useRealTimers();
});

describe('stepping', () => {
  it('stays between the first stop and the last', () => {
    const walk = stepper(3);
    walk.back();
    expect(walk.position.value).toBe(0);
    walk.last();
    walk.forward();
    expect(walk.position.value).toBe(2);
    walk.goTo(-5);
    expect(walk.position.value).toBe(0);
  });
  it('stays at the outcome when the next walk has more or fewer steps', async () => {
    const walk = stepper(5);
    walk.last();
    walk.count.value = 6;
    await nextTick();
    expect(walk.position.value).toBe(5);
    walk.back();
    walk.count.value = 7;
    await nextTick();
    expect(walk.position.value).toBe(4);
  });
  it('follows a walk that becomes shorter', async () => {
    const walk = stepper(6);
    walk.last();
    walk.count.value = 1;
    await nextTick();
    expect(walk.position.value).toBe(0);
  });
});

describe('playing', () => {
  it('goes to the last stop and ends there', () => {
    const walk = stepper(3);
    walk.togglePlay();
    vi.advanceTimersByTime(PLAY_INTERVAL);
    expect([walk.position.value, walk.playing.value]).toEqual([1, true]);
    vi.advanceTimersByTime(PLAY_INTERVAL * 5);
    expect([walk.position.value, walk.playing.value]).toEqual([2, false]);
  });
  it('starts over from the last stop', () => {
    const walk = stepper(3);
    walk.last();
    walk.togglePlay();
    expect([walk.position.value, walk.playing.value]).toEqual([0, true]);
  });
  it('stops when a step is taken by hand', () => {
    const walk = stepper(5);
    walk.togglePlay();
    walk.forward();
    vi.advanceTimersByTime(PLAY_INTERVAL * 5);
    expect([walk.position.value, walk.playing.value]).toEqual([1, false]);
  });
  it('does nothing for a walk of one stop', () => {
    const walk = stepper(1);
    walk.togglePlay();
    expect(walk.playing.value).toBe(false);
  });
  it('ends with its scope', () => {
    const walk = stepper(5);
    walk.togglePlay();
    walk.scope.stop();
    vi.advanceTimersByTime(PLAY_INTERVAL * 5);
    expect(walk.position.value).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
