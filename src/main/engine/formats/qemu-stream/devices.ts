/** The device states that the rest of the workbench asks for: decoded on demand, by the stream's description or a built-in one. */
import type { VmDescription, VmStruct } from '../../arch/vmstate.ts';
import type { ByteSource } from '../../memory/byte-source.ts';
import type { DeviceSection } from '../format.ts';
import { DeviceDescriptions } from './device-descriptions.ts';
import type { StreamContents } from './sections.ts';
import { decodeByDescription, findField } from './vm-description.ts';

/** A PCIDevice starts with its version (4 bytes); conventional PCI has 256 bytes of configuration space after it (QEMU hw/pci/pci.c, vmstate_pci_device). */
const PCI_CONFIG_AT = 4;
const PCI_CONFIG_SIZE = 256;

/** The device sections of a stream, and their description where it has one. */
type DevicesOfStream = Pick<StreamContents, 'devices'> & { description?: Pick<NonNullable<StreamContents['description']>, 'devices'> };

export class StreamDevices {
  readonly #source: ByteSource;
  readonly #contents: DevicesOfStream;
  readonly #descriptions: DeviceDescriptions;

  /** `builtIn`: see DeviceDescriptions. */
  constructor(source: ByteSource, contents: DevicesOfStream, builtIn: readonly VmDescription[]) {
    this.#source = source;
    this.#contents = contents;
    this.#descriptions = new DeviceDescriptions(source, contents.description?.devices, builtIn);
  }

  get names(): string[] {
    return this.#contents.devices.map(({ name }) => name);
  }

  sections(name: string): DeviceSection[] {
    return this.#contents.devices.filter((section) => section.name === name);
  }

  /** The decoded state; undefined when nothing describes the section, or its bytes do not fit the description. */
  decode(section: DeviceSection): VmStruct | undefined {
    const description = this.#descriptions.of(section)?.description;
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
