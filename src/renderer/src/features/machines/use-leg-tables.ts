/** What a walk of a leg is drawn with besides itself: the tables that it goes through, and the bytes at its end. */
import { shallowRef, watch, type Ref, type ShallowRef } from 'vue';
import type { WorkbenchApi } from '#shared/contract.ts';
import type { GuestWalk, MemoryChunk, PageTableView, RootChoice, WalkStep } from '#shared/model/index.ts';
import { BYTES_SHOWN, type LoadedWalk } from '../page-walk/use-page-walk.ts';
import type { Leg } from './guest-legs.ts';

type Api = Pick<WorkbenchApi, 'readPageTable' | 'readMemory'>;

/** Where page tables of a leg can be read: the host's own in its dump, the guest's in the guest's, where that is open. */
export interface LegDumps {
  hostId: string;
  guestId: string | null;
}

const readable = ({ conclusion }: WalkStep): boolean => !['table-missing', 'outside-table', 'below-fault'].includes(conclusion.kind);

/** A table that cannot be shown among its neighbours is absent: its entry still is in the walk. */
async function tablesOf(api: Api, { id, walk }: Leg, { hostId, guestId }: LegDumps): Promise<Map<number, PageTableView>> {
  const dumpId = id === 'guest' ? guestId : id === 'all' ? null : hostId;
  if (dumpId === null || walk.root === null) return new Map();
  const root: RootChoice = { kind: 'root', root: walk.root, mode: walk.mode.id };
  const views = await Promise.allSettled(
    walk.steps.filter(readable).map(({ table, level }) => api.readPageTable({ dumpId, table, level, virtual: walk.address, root })),
  );
  return new Map(views.flatMap((view) => (view.status === 'fulfilled' ? [[view.value.level, view.value] as const] : [])));
}

async function bytesAt(api: Api, hpa: number | null, { hostId }: LegDumps): Promise<MemoryChunk | null> {
  if (hpa === null) return null;
  return api.readMemory({ dumpId: hostId, space: 'gpa', address: BigInt(hpa), length: BYTES_SHOWN, root: { kind: 'cpu', cpu: 0 } });
}

/** Null until it is there. The bytes are those at the way's end, whichever leg is looked at. */
export function useLegTables(
  api: () => Api,
  leg: Readonly<Ref<Leg | undefined>>,
  walk: Readonly<Ref<GuestWalk>>,
  dumps: Readonly<Ref<LegDumps | null>>,
): ShallowRef<LoadedWalk | null> {
  const loaded = shallowRef<LoadedWalk | null>(null);
  let serial = 0;
  watch(
    [leg, walk, dumps],
    async ([now, whole, where]) => {
      const asked = ++serial;
      if (!now || !where) {
        loaded.value = null;
        return;
      }
      const query = { dumpId: where.hostId, address: now.walk.address, root: { kind: 'cpu', cpu: 0 } as const };
      loaded.value = { query, walk: now.walk, tables: new Map(), bytes: null };
      const [tables, bytes] = await Promise.all([tablesOf(api(), now, where), bytesAt(api(), whole.hpa, where).catch(() => null)]);
      if (asked !== serial) return;
      const { result } = now.walk;
      // The same bytes, by the addresses that the leg ends in.
      const address = result.kind === 'page' ? BigInt(result.physical) : undefined;
      loaded.value = { query, walk: now.walk, tables, bytes: bytes && address !== undefined ? { ...bytes, address } : bytes };
    },
    { immediate: true },
  );
  return loaded;
}
