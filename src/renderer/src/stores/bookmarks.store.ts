/** Addresses that the user marked, by the path of the dump. Kept in localStorage: they are the user's, not the dump's. */
import { defineStore } from 'pinia';
import { computed, shallowRef } from 'vue';
import type { AddressSpace } from '#shared/units.ts';
import { useDumpsStore } from './dumps.store.ts';
import type { Place } from './location.store.ts';

const KEY = 'vmcore-workbench.bookmarks';
const SPACES: readonly AddressSpace[] = ['gva', 'gpa', 'hva', 'hpa', 'file'];
/** Kept per dump. */
const LIMIT = 200;

/** `gva:ffffffff81000000`, as kept. */
type Kept = Record<string, string[]>;

function decode(text: string): Place | undefined {
  const [space, digits] = text.split(':');
  const known = SPACES.find((candidate) => candidate === space);
  return known && digits && /^[0-9a-f]{1,16}$/.test(digits) ? { space: known, address: BigInt(`0x${digits}`) } : undefined;
}

const encode = (place: Place): string => `${place.space}:${place.address.toString(16)}`;

function load(): Kept {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    return stored !== null && typeof stored === 'object' ? (stored as Kept) : {};
  } catch {
    return {};
  }
}

export const useBookmarksStore = defineStore('bookmarks', () => {
  const dumps = useDumpsStore();
  const kept = shallowRef<Kept>(load());
  const texts = computed(() => {
    const list = kept.value[dumps.active?.path ?? ''];
    return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : [];
  });
  const places = computed(() => texts.value.map(decode).filter((place) => place !== undefined));

  const has = (place: Place): boolean => texts.value.includes(encode(place));

  function toggle(place: Place): void {
    const path = dumps.active?.path;
    if (path === undefined) return;
    const text = encode(place);
    const next = has(place) ? texts.value.filter((item) => item !== text) : [text, ...texts.value].slice(0, LIMIT);
    kept.value = { ...kept.value, [path]: next };
    try {
      localStorage.setItem(KEY, JSON.stringify(kept.value));
    } catch {
      // Not kept beyond this session.
    }
  }

  return { places, has, toggle };
});
