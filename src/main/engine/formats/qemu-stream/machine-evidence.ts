/** What a stream and its surroundings tell the machine's rules: blocks, device states, the memory itself, libvirt's XML. */
import type { VmStruct } from '../../arch/vmstate.ts';
import { domainOf } from '../../libvirt/domain.ts';
import type { MachineEvidence } from '../../machine/machine-evidence.ts';
import type { GuestMemory } from '../../memory/guest-memory.ts';
import type { OpenContext } from '../format.ts';
import type { StreamDevices } from './devices.ts';
import type { StreamBlock } from './ram-blocks.ts';
import { findField } from './vm-description.ts';

/** The states that rules read are at most 100 KiB long. */
const MAX_PAYLOAD = 256 * 1024;

export interface StreamEvidence {
  machine: string | undefined;
  blocks: readonly StreamBlock[];
  devices: StreamDevices;
  /** The dump's RAM space as memory; asked for only where a rule reads it. */
  ram: () => GuestMemory;
  context: OpenContext;
}

export function machineEvidence({ machine, blocks, devices, ram, context }: StreamEvidence): MachineEvidence {
  const domain = domainOf(context.documents);
  const states = new Map<string, VmStruct | undefined>();
  const state = (name: string) => {
    const section = devices.sections(name)[0];
    if (section && !states.has(name)) states.set(name, devices.decode(section));
    return states.get(name);
  };
  return {
    // A stream without a configuration section does not say; libvirt does.
    machine: machine ?? domain?.machine,
    blocks,
    devices: devices.names,
    domain,
    pciConfig: (section) => devices.pciConfig(section),
    payload: (name) => {
      const section = devices.sections(name)[0];
      return section && section.end - section.start <= MAX_PAYLOAD ? devices.bytes(section) : undefined;
    },
    field: (name, field) => {
      const struct = state(name);
      return struct && findField(struct, field);
    },
    read: (index, offset, length) => {
      const block = blocks[index];
      if (!block || offset + length > block.length) return undefined;
      const bytes = new Uint8Array(length);
      return ram()
        .read(block.ram + offset, bytes)
        .every(({ state }) => state === 'present' || state === 'zero')
        ? bytes
        : undefined;
    },
  };
}
