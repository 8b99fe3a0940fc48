/**
 * Which description a device section is decoded by: the stream's own JSON first, then a built-in layout. The one place that chooses.
 *
 * Built-in layouts that do not depend on the CPU family: QEMU hw/core/cpu-common.c, hw/misc/vmcoreinfo.c, migration/global_state.c, softmmu/cpu-timers.c (v7.2).
 */
import type { VmDescription } from '../../arch/vmstate.ts';
import type { DeviceDescription, DeviceSection } from '../format.ts';

const BUILT_IN: readonly VmDescription[] = [
  {
    vmsd_name: 'timer',
    version: 2,
    fields: [
      { name: 'cpu_ticks_offset', type: 'int64', size: 8 },
      { name: 'unused', type: 'unused_buffer', size: 8 },
      { name: 'cpu_clock_offset', type: 'int64', size: 8 },
    ],
  },
  {
    vmsd_name: 'cpu_common',
    version: 1,
    fields: [
      { name: 'halted', type: 'uint32', size: 4 },
      { name: 'interrupt_request', type: 'uint32', size: 4 },
    ],
  },
  {
    vmsd_name: 'vmcoreinfo',
    version: 1,
    fields: [
      { name: 'has_vmcoreinfo', type: 'bool', size: 1 },
      { name: 'vmcoreinfo.host_format', type: 'uint16', size: 2 },
      { name: 'vmcoreinfo.guest_format', type: 'uint16', size: 2 },
      { name: 'vmcoreinfo.size', type: 'uint32', size: 4 },
      { name: 'vmcoreinfo.paddr', type: 'uint64', size: 8 },
    ],
  },
  {
    vmsd_name: 'globalstate',
    version: 1,
    fields: [
      { name: 'size', type: 'uint32', size: 4 },
      { name: 'runstate', type: 'buffer', size: 100 },
    ],
  },
];

export interface ChosenDescription {
  by: 'stream' | 'built-in';
  description: VmDescription;
}

export class DeviceDescriptions {
  readonly #ofStream = new Map<string, DeviceDescription>();
  readonly #builtIn: readonly VmDescription[];

  /** `builtIn` are descriptions for sections that the stream does not describe, tried by name and version before this file's own. */
  constructor(ofStream: readonly DeviceDescription[] | undefined, builtIn: readonly VmDescription[]) {
    for (const device of ofStream ?? []) {
      const key = keyOf(device.name, device.instance_id);
      if (!this.#ofStream.has(key)) this.#ofStream.set(key, device);
    }
    this.#builtIn = [...builtIn, ...BUILT_IN];
  }

  /** Undefined when nothing describes the section. */
  of({ name, instance, version }: Pick<DeviceSection, 'name' | 'instance' | 'version'>): ChosenDescription | undefined {
    const described = this.#ofStream.get(keyOf(name, instance));
    if (described) return { by: 'stream', description: described };
    const builtIn = this.#builtIn.find((description) => description.vmsd_name === name && description.version === version);
    return builtIn && { by: 'built-in', description: builtIn };
  }
}

const keyOf = (name: string, instance: number) => `${instance} ${name}`;
