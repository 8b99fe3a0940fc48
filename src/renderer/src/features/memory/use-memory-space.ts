/** Which space the panel shows. It follows the place it is given; switching by hand keeps the byte where the other space has it. */
import { ref, watch } from 'vue';
import type { RootChoice } from '#shared/model/index.ts';
import type { WorkbenchApi } from '#shared/contract.ts';
import type { Place } from '../../stores/location.store.ts';
import type { MemorySpace } from './space-knowledge.ts';

export interface SpaceSwitch {
  space: MemorySpace;
  /** Undefined when the byte has no place there. */
  address: bigint | undefined;
  /** Why not, for the status line. */
  message: string;
}

const NAMES: Readonly<Record<MemorySpace, string>> = {
  gva: 'virtual address',
  gpa: 'physical address',
  hva: 'address in the process',
  file: 'place in the file',
};

/** Undefined for a space that is not shown here. */
export function shownSpace(place: Place | null): MemorySpace | undefined {
  return place && (place.space === 'gva' || place.space === 'gpa' || place.space === 'hva' || place.space === 'file') ? place.space : undefined;
}

/**
 * Where the byte at `from` lies in `to`. `virtualOf` answers from the mappings that are known; `remembered` is the virtual address that the
 * user came from, tried first so that going there and back leads back.
 */
export async function findInSpace(
  api: Pick<WorkbenchApi, 'describeAddress'>,
  at: { dumpId: string; root: RootChoice },
  from: { space: MemorySpace; address: bigint },
  to: MemorySpace,
  virtualOf: (physical: number) => bigint | undefined,
  remembered?: bigint,
): Promise<SpaceSwitch> {
  const describe = (space: MemorySpace, address: bigint) => api.describeAddress({ ...at, space, address });
  const nowhere = (why?: string): SpaceSwitch => ({
    space: to,
    address: undefined,
    message: `That byte has no ${NAMES[to]}${why ? `: ${why}` : '.'}`,
  });
  const found = (address: bigint): SpaceSwitch => ({ space: to, address, message: '' });
  try {
    const here = await describe(from.space, from.address);
    if (to === 'file') return here.fileOffset === null ? nowhere(here.label) : found(BigInt(here.fileOffset));
    if (to === 'hva') return here.host ? found(here.host.address) : nowhere(here.translation ?? here.label);
    if (here.physical === null) return nowhere(here.translation ?? here.label);
    if (to === 'gpa') return found(BigInt(here.physical));
    if (remembered !== undefined && (await describe('gva', remembered)).physical === here.physical) return found(remembered);
    const virtual = virtualOf(here.physical);
    return virtual === undefined ? nowhere('no mapping of this root leads to it.') : found(virtual);
  } catch (error) {
    return nowhere(error instanceof Error ? error.message : String(error));
  }
}

/** `arrive` is called with every place that the panel is sent to, after `space` has changed. */
export function useMemorySpace(place: () => Place | null, arrive: (address: bigint) => void) {
  const space = ref<MemorySpace>(shownSpace(place()) ?? 'gpa');
  watch(
    place,
    (next) => {
      const shown = shownSpace(next);
      if (!next || !shown) return;
      space.value = shown;
      arrive(next.address);
    },
    { flush: 'post' },
  );
  return space;
}
