/** The virtual machines of a host's dump, found once per dump when they are first asked for; which one is looked at, and which of its addresses is followed. */
import { defineStore } from 'pinia';
import { computed, shallowReactive, watch } from 'vue';
import type { WorkbenchError } from '#shared/errors.ts';
import type { GuestOwner, GuestWalk, VirtualMachine, VirtualMachineList } from '#shared/model/index.ts';
import { useWorkbench } from '../api/workbench.ts';
import { asWorkbenchError, useDumpsStore } from './dumps.store.ts';

export type MachineTab = 'memslots' | 'vcpus' | 'follow';

/** An address of a guest that is to be followed through all spaces. */
export interface GuestQuestion {
  vm: string;
  /** Whose tables translate a GVA; null takes the first vCPU. */
  vcpu: number | null;
  /** GPA of the top table that translates a GVA, instead of the vCPU's own. */
  root?: number;
  space: 'gva' | 'gpa' | 'hva';
  address: bigint;
}

/** Which guests hold a page of the host. */
export interface OwnerSearch {
  /** HPA. */
  physical: number;
  /** Null while it is being looked for. */
  owners: GuestOwner[] | null;
  /** What keeps others from being found, in sentences. */
  problems: readonly string[];
  error: WorkbenchError | null;
}

interface HostMachines {
  list: VirtualMachineList | null;
  loading: boolean;
  error: WorkbenchError | null;
  chosen: string | null;
  tab: MachineTab;
  question: GuestQuestion | null;
  /** Of `question`; the last one stays while the next is on its way. */
  walk: GuestWalk | null;
  walkError: WorkbenchError | null;
  owners: OwnerSearch | null;
}

const NONE: HostMachines = {
  list: null,
  loading: false,
  error: null,
  chosen: null,
  tab: 'memslots',
  question: null,
  walk: null,
  walkError: null,
  owners: null,
};

/** Whose tables are meant, as the calls take it. */
export function tablesOf({ vcpu, root }: Pick<GuestQuestion, 'vcpu' | 'root'>): { vcpu?: number; root?: number } {
  return { ...(vcpu === null ? {} : { vcpu }), ...(root === undefined ? {} : { root }) };
}

export const useMachinesStore = defineStore('machines', () => {
  const dumps = useDumpsStore();
  const byDump = shallowReactive(new Map<string, HostMachines>());
  const state = computed(() => byDump.get(dumps.activeId ?? '') ?? NONE);
  const vms = computed<readonly VirtualMachine[]>(() => state.value.list?.vms ?? []);
  const chosen = computed(() => vms.value.find(({ id }) => id === state.value.chosen) ?? vms.value[0]);

  function change(dumpId: string, part: Partial<HostMachines>): void {
    byDump.set(dumpId, { ...(byDump.get(dumpId) ?? NONE), ...part });
  }

  function changeActive(part: Partial<HostMachines>): void {
    if (dumps.activeId !== null) change(dumps.activeId, part);
  }

  async function load(dumpId: string): Promise<void> {
    change(dumpId, { loading: true, error: null });
    try {
      change(dumpId, { list: await useWorkbench().listVms({ dumpId }), loading: false });
    } catch (thrown) {
      change(dumpId, { error: asWorkbenchError(thrown), loading: false });
    }
  }

  /** Finds the machines of the active dump, unless that was done before. */
  async function ensure(): Promise<void> {
    const dumpId = dumps.activeId;
    if (dumpId === null) return;
    const { list, loading, error } = byDump.get(dumpId) ?? NONE;
    if (!list && !loading && !error) await load(dumpId);
  }

  function choose(vm: string, tab: MachineTab = state.value.tab): void {
    changeActive({ chosen: vm, tab });
  }

  async function follow(question: GuestQuestion): Promise<void> {
    const dumpId = dumps.activeId;
    if (dumpId === null) return;
    const { vm, vcpu, root, space, address } = question;
    const before = byDump.get(dumpId)?.walk;
    change(dumpId, { chosen: vm, tab: 'follow', question, walk: before?.vm === vm ? before : null, walkError: null });
    const answer = (part: Pick<HostMachines, 'walk'> | Pick<HostMachines, 'walkError'>): void => {
      if (byDump.get(dumpId)?.question === question) change(dumpId, part);
    };
    try {
      answer({ walk: await useWorkbench().walkGuest({ dumpId, vm, space, address, ...tablesOf({ vcpu, root }) }) });
    } catch (thrown) {
      answer({ walkError: asWorkbenchError(thrown) });
    }
  }

  /** `physical`: an address of the host, in the active dump. */
  async function findOwners(physical: number): Promise<void> {
    const dumpId = dumps.activeId;
    if (dumpId === null) return;
    const answer = (part: Partial<OwnerSearch>): void => {
      // Another search, or the closed card, has overtaken this one.
      if (byDump.get(dumpId)?.owners?.physical === physical)
        change(dumpId, { owners: { physical, owners: null, problems: [], error: null, ...part } });
    };
    change(dumpId, { owners: { physical, owners: null, problems: [], error: null } });
    try {
      answer(await useWorkbench().findGuestOwners({ dumpId, physical }));
    } catch (thrown) {
      answer({ error: asWorkbenchError(thrown) });
    }
  }

  watch(
    () => dumps.dumps.map(({ dumpId }) => dumpId),
    (open) => {
      for (const dumpId of byDump.keys()) if (!open.includes(dumpId)) byDump.delete(dumpId);
    },
  );

  return {
    list: computed(() => state.value.list),
    loading: computed(() => state.value.loading),
    error: computed(() => state.value.error),
    tab: computed({ get: () => state.value.tab, set: (tab: MachineTab) => changeActive({ tab }) }),
    question: computed(() => state.value.question),
    walk: computed(() => state.value.walk),
    walkError: computed(() => state.value.walkError),
    owners: computed(() => state.value.owners),
    vms,
    chosen,
    load,
    ensure,
    choose,
    follow,
    findOwners,
    forgetOwners: () => changeActive({ owners: null }),
  };
});
