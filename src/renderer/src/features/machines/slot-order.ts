/** The order of memslots in their table, and what is said of them in words. */
import { formatAddress, formatSize, groupedHex } from '#shared/address-text.ts';
import { counted } from '#shared/counted.ts';
import type { Memslot, VirtualMachine } from '#shared/model/index.ts';
import type { Sorting } from '../../composables/use-sorting.ts';

export type SlotColumn = 'slot' | 'guest' | 'host' | 'pages' | 'flags';

/** A memslot, and how long its pages are: the host's. */
export interface SlotOfMachine extends Memslot {
  pageSize: number;
}

export const slotsOf = ({ memslots, pageSize }: Pick<VirtualMachine, 'memslots' | 'pageSize'>): SlotOfMachine[] =>
  memslots.map((slot) => ({ ...slot, pageSize }));

export const slotKey = ({ addressSpace, id }: Memslot): string => `${addressSpace}.${id}`;
export const slotBytes = ({ npages, pageSize }: SlotOfMachine): number => npages * pageSize;
export const firstGpa = ({ baseGfn, pageSize }: SlotOfMachine): number => baseGfn * pageSize;
export const lastGpa = (slot: SlotOfMachine): number => firstGpa(slot) + slotBytes(slot) - 1;
export const lastHva = (slot: SlotOfMachine): bigint => slot.userspaceAddr + BigInt(slotBytes(slot)) - 1n;

/** KVM_MEM_… as Documentation/virt/kvm/api.rst has them; a flag that is not among these keeps its name. */
const FLAG_WORDS: Readonly<Record<string, string>> = {
  'log-dirty-pages': 'logs dirty pages',
  readonly: 'read-only',
  'guest-memfd': 'private pages in guest_memfd',
};
export const flagWords = ({ flags }: Memslot): string => flags.map((flag) => FLAG_WORDS[flag] ?? flag).join(', ');

/** Address space 1 of x86 is System Management Mode's (arch/x86/include/asm/kvm_host.h, KVM_MAX_NR_ADDRESS_SPACES). */
export const spaceWords = (addressSpace: number): string => (addressSpace === 0 ? '0' : addressSpace === 1 ? '1 (SMM)' : String(addressSpace));

const compareBig = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);
const bySlot = (a: Memslot, b: Memslot): number => a.addressSpace - b.addressSpace || a.id - b.id;

const ORDER: Record<SlotColumn, (a: Memslot, b: Memslot) => number> = {
  slot: bySlot,
  guest: (a, b) => a.addressSpace - b.addressSpace || a.baseGfn - b.baseGfn,
  host: (a, b) => a.addressSpace - b.addressSpace || compareBig(a.userspaceAddr, b.userspaceAddr),
  pages: (a, b) => a.npages - b.npages || bySlot(a, b),
  flags: (a, b) => flagWords(a).localeCompare(flagWords(b), 'en') || bySlot(a, b),
};

export function sortSlots<Slot extends Memslot>(slots: readonly Slot[], { column, descending }: Sorting<SlotColumn>): Slot[] {
  const compare = ORDER[column];
  return [...slots].sort(descending ? (a, b) => compare(b, a) : compare);
}

/** `0 – 9f` */
export const gfnWords = ({ baseGfn, npages }: Memslot): string => `${baseGfn.toString(16)} – ${(baseGfn + npages - 1).toString(16)}`;

/** The memslot in a sentence, for a screen reader and the line below the rulers. */
export function describeSlot(slot: SlotOfMachine): string {
  const flags = flagWords(slot);
  return [
    `memslot ${slot.id}`,
    `guest-physical ${groupedHex(firstGpa(slot), 12)} to ${groupedHex(lastGpa(slot), 12)}`,
    `host-virtual ${groupedHex(slot.userspaceAddr, 12)} to ${groupedHex(lastHva(slot), 12)}`,
    `${formatSize(slotBytes(slot))} in ${counted(slot.npages, 'page')}`,
    ...(flags === '' ? [] : [flags]),
  ].join(', ');
}

/** All of them as lines of text: id, GPA range, HVA range, pages, flags. */
export function slotsText(slots: readonly SlotOfMachine[]): string {
  return slots
    .map((slot) => {
      const { addressSpace, id, userspaceAddr, npages } = slot;
      const range = (first: bigint | number, last: bigint | number): string => `${formatAddress(first)}-${formatAddress(last)}`;
      const words = [
        `${addressSpace}:${id}`,
        range(firstGpa(slot), lastGpa(slot)),
        range(userspaceAddr, lastHva(slot)),
        `${npages} pages`,
        flagWords(slot),
      ];
      return `${words.filter(Boolean).join('  ')}\n`;
    })
    .join('');
}
