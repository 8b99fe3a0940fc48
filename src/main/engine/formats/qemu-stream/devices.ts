/** The device states that the rest of the workbench asks for: decoded on demand, by the stream's description or a built-in one. */
import type { VmDescription, VmStruct } from '../../arch/vmstate.ts';
import type { ByteSource } from '../../memory/byte-source.ts';
import type { DeviceSection } from '../format.ts';
import type { StreamContents } from './sections.ts';
import { decodeByDescription, findField } from './vm-description.ts';

/** A PCIDevice starts with its version (4 bytes); conventional PCI has 256 bytes of configuration space after it (QEMU hw/pci/pci.c, vmstate_pci_device). */
const PCI_CONFIG_AT = 4;
const PCI_CONFIG_SIZE = 256;

/** Devices that streams without a description are still decoded for. Facts: QEMU hw/core/cpu-common.c, hw/misc/vmcoreinfo.c, migration/global_state.c. */
const BUILT_IN: VmDescription[] = [
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

export class StreamDevices {
  readonly #source: ByteSource;
  readonly #contents: StreamContents;
  readonly #builtIn: readonly VmDescription[];

  /** `builtIn` are descriptions for sections that the stream does not describe, tried by name and version before this file's own. */
  constructor(source: ByteSource, contents: StreamContents, builtIn: readonly VmDescription[]) {
    this.#source = source;
    this.#contents = contents;
    this.#builtIn = [...builtIn, ...BUILT_IN];
  }

  get names(): string[] {
    return this.#contents.devices.map(({ name }) => name);
  }

  sections(name: string): DeviceSection[] {
    return this.#contents.devices.filter((section) => section.name === name);
  }

  /** The decoded state; undefined when nothing describes the section, or its bytes do not fit the description. */
  decode(section: DeviceSection): VmStruct | undefined {
    const described = this.#contents.description?.devices.find((device) => device.name === section.name && device.instance_id === section.instance);
    const builtIn = this.#builtIn.find((description) => description.vmsd_name === section.name && description.version === section.version);
    const description = described ?? builtIn;
    if (!description) return undefined;
    try {
      return decodeByDescription(this.bytes(section), description, section.start).struct;
    } catch {
      return undefined;
    }
  }

  bytes(section: DeviceSection): Uint8Array {
    const bytes = new Uint8Array(section.end - section.start);
    this.#source.read(section.start, bytes);
    return bytes;
  }

  pciConfig(name: string): Uint8Array | undefined {
    const section = this.sections(name)[0];
    if (!section || section.end - section.start < PCI_CONFIG_AT + PCI_CONFIG_SIZE) return undefined;
    return this.bytes(section).subarray(PCI_CONFIG_AT, PCI_CONFIG_AT + PCI_CONFIG_SIZE);
  }
}

/** A number field of a decoded state. */
export function numberField(struct: VmStruct, name: string): number | undefined {
  const value = findField(struct, name)?.values[0];
  return typeof value === 'bigint' ? Number(value) : undefined;
}

/** A text field, up to its first NUL. */
export function textField(struct: VmStruct, name: string): string | undefined {
  const value = findField(struct, name)?.values[0];
  return value instanceof Uint8Array ? /^[^\0]*/.exec(new TextDecoder().decode(value))?.[0] : undefined;
}
