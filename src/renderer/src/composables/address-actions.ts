/**
 * What an address chip can do, provided once by the shell and injected by every chip. One hover card and one menu serve all chips, so
 * that a table of thousands of them stays plain buttons.
 */
import { inject, provide } from 'vue';
import type { InjectionKey } from 'vue';
import type { RootChoice } from '#shared/model/index.ts';
import type { AddressSpace } from '#shared/units.ts';
import type { RootedPlace } from '../stores/location.store.ts';

export interface AddressActions {
  /** Moves the shared location there. */
  goTo: (target: RootedPlace) => void;
  /** Shows the menu (Walk it, Show bytes, …) beside the chip, or at the pointer. */
  openMenu: (target: RootedPlace, anchor: HTMLElement) => void;
  /** Shows, after a moment, the one-line translation beside the chip. */
  showHint: (target: RootedPlace, anchor: HTMLElement) => void;
  hideHint: () => void;
  /** The space that an address of the dump is in: every one of a process is host-virtual. */
  spaceOf: (space: AddressSpace) => AddressSpace;
  /** Least digits of an address, so that columns line up: virtual ones of a 32-bit CPU are half as long. */
  digitsOf: (space: AddressSpace) => number;
  /** The space of addresses between two stages of translation, where a chip can do something with them. */
  intermediate?: () => AddressSpace | null;
  /** Where addresses below are of something in the dump (a guest): what can be done with the dump's own. */
  ofDump?: AddressActions;
}

const KEY: InjectionKey<AddressActions> = Symbol('address actions');

export function provideAddressActions(actions: AddressActions): void {
  provide(KEY, actions);
}

/** Addresses below the calling component are those of `root()`: going to one changes the root as well. With null they stay those of the current one. */
export function provideAddressesOf(root: () => RootChoice | null): void {
  const actions = useAddressActions();
  if (!actions) return;
  const rooted = (target: RootedPlace): RootedPlace => {
    const own = root();
    return own && !target.root && target.space === 'gva' ? { ...target, root: own } : target;
  };
  provideAddressActions({
    ...actions,
    goTo: (target) => actions.goTo(rooted(target)),
    openMenu: (target, anchor) => actions.openMenu(rooted(target), anchor),
    showHint: (target, anchor) => actions.showHint(rooted(target), anchor),
  });
}

/** Null outside the shell (a component shown alone, a test): chips then only emit. */
export function useAddressActions(): AddressActions | null {
  return inject(KEY, null);
}
