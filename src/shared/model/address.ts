/** What is known of an address, and where typed text leads. */
import type { AddressSpace } from '../units.ts';
import type { MemoryState } from './memory.ts';
import type { HostPlace } from './walk.ts';

/** The one-line translation that an address chip shows. */
export interface AddressDescription {
  space: AddressSpace;
  address: bigint;
  /** `pc.ram + 0x3f2000`, `not in the dump`. */
  label: string;
  /** "→ GPA 0100 0000 by a 2 MiB page" or the reason why not; undefined for physical addresses. */
  translation?: string;
  physical: number | null;
  /** Of a guest's byte, where the dump knows it: where it lay in the process that ran the guest. */
  host?: HostPlace;
  fileOffset: number | null;
  state: MemoryState;
}

/** A place that typed text can mean. */
export interface GoToTarget {
  space: AddressSpace;
  address: bigint;
  /** "CR3 of CPU 0", "guest-physical address", "page frame 0x1234". */
  title: string;
}
