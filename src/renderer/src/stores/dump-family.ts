/** Dumps that belong together: the guests that were opened out of a host's dump, and their host. */
import type { DumpSummary } from '#shared/model/index.ts';

type Member = Pick<DumpSummary, 'dumpId' | 'files' | 'options'>;

/** How a dump was opened, its guest left out: the same text for a host and for all of its guests. */
function familyOf({ files, options }: Member): string {
  const { vm: _vm, ...rest } = options;
  const entries = Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([files, entries]);
}

export const isGuest = ({ options }: Pick<DumpSummary, 'options'>): boolean => options.vm !== undefined;

/** The host of a guest among the open dumps; undefined for a dump that is no guest, and where the host was closed. */
export function hostOf<Dump extends Member>(guest: Dump, open: readonly Dump[]): Dump | undefined {
  if (!isGuest(guest)) return undefined;
  const family = familyOf(guest);
  return open.find((other) => !isGuest(other) && familyOf(other) === family);
}

/** The guest `vm` of a host, where it is open. */
export function guestOf<Dump extends Member>(host: Dump, vm: string, open: readonly Dump[]): Dump | undefined {
  const family = familyOf(host);
  return open.find((other) => other.options.vm === vm && familyOf(other) === family);
}

/** Every dump once, guests right after their hosts: `nested` where the host is open, too. */
export function inFamilies<Dump extends Member>(open: readonly Dump[]): { dump: Dump; nested: boolean }[] {
  const nested = open.filter((dump) => hostOf(dump, open));
  return open
    .filter((dump) => !nested.includes(dump))
    .flatMap((dump) => [
      { dump, nested: false },
      ...nested.filter((guest) => hostOf(guest, open) === dump).map((guest) => ({ dump: guest, nested: true })),
    ]);
}
