/** Which description a device section is decoded by: the stream's own JSON first, then a built-in layout. The one place that chooses. */
import type { VmDescription } from '../../arch/vmstate.ts';
import type { ByteSource } from '../../memory/byte-source.ts';
import type { DeviceDescription, DeviceSection } from '../format.ts';
import { BUILT_IN_DEVICES } from './built-in-devices.ts';
import { Section } from './layout.ts';
import { decodeByDescription } from './vm-description.ts';

export interface ChosenDescription {
  by: 'stream' | 'built-in';
  description: VmDescription;
}

type SectionName = Pick<DeviceSection, 'name' | 'instance' | 'version'>;

export class DeviceDescriptions {
  readonly #source: ByteSource;
  readonly #ofStream = new Map<string, DeviceDescription>();
  readonly #builtIn: readonly VmDescription[];

  /** `builtIn` are descriptions for sections that the stream does not describe, tried by name and version before BUILT_IN_DEVICES. */
  constructor(source: ByteSource, ofStream: readonly DeviceDescription[] | undefined, builtIn: readonly VmDescription[]) {
    this.#source = source;
    for (const device of ofStream ?? []) {
      const key = keyOf(device.name, device.instance_id);
      if (!this.#ofStream.has(key)) this.#ofStream.set(key, device);
    }
    this.#builtIn = [...builtIn, ...BUILT_IN_DEVICES];
  }

  /** All that may describe a section of this name and version, in the order to try. */
  candidates({ name, instance, version }: SectionName): ChosenDescription[] {
    const described = this.#ofStream.get(keyOf(name, instance));
    if (described) return [{ by: 'stream', description: described }];
    const builtIn = this.#builtIn.filter((description) => description.vmsd_name === name && description.version === version);
    return builtIn.map((description) => ({ by: 'built-in', description }));
  }

  /** Undefined when nothing describes the section. Of several layouts of one version it is the one that takes the section's bytes to the last. */
  of(section: DeviceSection): ChosenDescription | undefined {
    const candidates = this.candidates(section);
    if (candidates.length < 2) return candidates[0];
    const bytes = new Uint8Array(section.end - section.start);
    this.#source.read(section.start, bytes);
    const left = candidates.map(({ description }) => bytesLeft(bytes, description));
    const exact = left.findIndex((rest) => rest?.length === 0);
    // A subsection that no layout knows ends the decoding, but what is before it is sure.
    return candidates[exact >= 0 ? exact : left.findIndex((rest) => rest?.[0] === Section.Subsection)];
  }
}

const keyOf = (name: string, instance: number) => `${instance} ${name}`;

/** What a description leaves of the bytes; undefined when it does not fit. */
function bytesLeft(bytes: Uint8Array, description: VmDescription): Uint8Array | undefined {
  try {
    return bytes.subarray(decodeByDescription(bytes, description, 0).end);
  } catch {
    return undefined;
  }
}
