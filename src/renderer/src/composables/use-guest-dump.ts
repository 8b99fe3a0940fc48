/** From a host's dump to a guest opened as a dump of its own, and back. */
import { locationOf } from '#shared/dump-location.ts';
import type { PanelId } from '../panels.ts';
import { guestOf, hostOf } from '../stores/dump-family.ts';
import { useDumpsStore } from '../stores/dumps.store.ts';
import { useLocationStore, type RootedPlace } from '../stores/location.store.ts';
import { useMachinesStore, type GuestQuestion } from '../stores/machines.store.ts';
import { useShellStore } from '../stores/shell.store.ts';

export interface GuestDump {
  /** Shows guest `vm` of the active host, and in it a place. An opening that fails is on the start page. */
  openGuest: (vm: string, place?: RootedPlace, panel?: PanelId) => Promise<void>;
  /** Shows the host of the active guest, opening it where it was closed, and there its machines; with a question, that address followed. */
  toHost: (question?: Omit<GuestQuestion, 'vm'>) => Promise<void>;
}

export function useGuestDump(): GuestDump {
  const dumps = useDumpsStore();
  const location = useLocationStore();
  const machines = useMachinesStore();
  const shell = useShellStore();

  function show(dumpId: string): void {
    dumps.select(dumpId);
    shell.startShown = false;
  }

  async function openGuest(vm: string, place?: RootedPlace, panel?: PanelId): Promise<void> {
    const host = dumps.active;
    const files = host && locationOf(host.files);
    if (!files) return;
    const open = guestOf(host, vm, dumps.dumps);
    if (open) show(open.dumpId);
    else await shell.openDump(files, { ...host.options, vm });
    if (dumps.active?.options.vm !== vm) return;
    if (place) location.goTo(place, panel ? { panel } : {});
    else location.showPanel('overview');
  }

  async function toHost(question?: Omit<GuestQuestion, 'vm'>): Promise<void> {
    const guest = dumps.active;
    const files = guest && locationOf(guest.files);
    const vm = guest?.options.vm;
    if (!files || vm === undefined) return;
    const host = hostOf(guest, dumps.dumps);
    const { vm: _vm, ...options } = guest.options;
    if (host) show(host.dumpId);
    else await shell.openDump(files, options);
    if (dumps.active === guest || !dumps.active) return;
    if (question) machines.follow({ vm, ...question });
    else machines.choose(vm);
    location.showPanel('machines');
  }

  return { openGuest, toHost };
}
