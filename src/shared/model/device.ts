/** Device states of a migration stream, as a tree that can be browsed. */

/** What a device is for. `other`: not known. */
export type DeviceGroup = 'cpus' | 'interrupts' | 'clocks' | 'pci' | 'storage' | 'network' | 'input-output' | 'machine' | 'other';

/** One device's saved state, as a row of the list. */
export interface DeviceSummary {
  /** Position in the list; the key for `getDevice`. */
  index: number;
  /** As the stream spells it: `0000:00:01.3/piix4_pm`. */
  name: string;
  instance: number;
  version: number;
  /** File offset and bytes of its payload; of a device that saves in steps, of the first step and of all. */
  offset: number;
  length: number;
  /** Who describes its fields: the stream's own JSON, a built-in layout, or nobody (its bytes can still be looked at). */
  described: 'stream' | 'built-in' | null;
  /** What the device is, in words, where it is known: "Local APIC of CPU 0". */
  title?: string;
  group: DeviceGroup;
}

/** A field, a structure or an array of a device's state. */
export interface DeviceField {
  name: string;
  /** As QEMU names it: `uint64`, `int32 le`, `struct`, `buffer`. */
  type: string;
  /** File offset of the first byte. */
  offset: number;
  /** Bytes in the stream, all elements together. */
  size: number;
  /** Numbers up to 64 bits, unsigned, and buffers; null where there are children. A long buffer is cut to 4096 bytes: `size` is what it was. */
  value: bigint | Uint8Array | null;
  /** The value in words where it is known: "running", "level-triggered". */
  words?: string;
  /** Fields of a structure, elements of an array (named `[0]`, `[1]`, …). */
  children?: DeviceField[];
}

export interface DeviceState extends DeviceSummary {
  fields: DeviceField[];
  /** Each with its fields as children. */
  subsections: DeviceField[];
  /** Why there are no fields, or not all: "the bytes do not fit the description". */
  problem?: string;
  /** True when rows beyond the 20,000th were left out. */
  cut: boolean;
}
