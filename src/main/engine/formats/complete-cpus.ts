/** The last step of opening: what the rest of a dump tells of its CPUs (Architecture.completeCpus). */
import { ARCHITECTURES } from '../arch/index.ts';
import type { VmField, VmStruct } from '../arch/vmstate.ts';
import type { ByteSource } from '../memory/byte-source.ts';
import { memoryOfDump } from './dump-memory.ts';
import type { OpenedDevices, OpenedDump } from './format.ts';
import { StreamDevices } from './qemu-stream/devices.ts';
import { findField } from './qemu-stream/vm-description.ts';
import { parseVmcoreinfo } from './vmcoreinfo.ts';

/** `source`: what the offsets in the dump's extents lead to. */
export function completeCpus(dump: OpenedDump, source: ByteSource): OpenedDump {
  const architecture = ARCHITECTURES.find(({ id }) => id === dump.architecture);
  // A process's registers are complete, and its memory is not the guest's.
  if (!architecture?.completeCpus || dump.cpus.length === 0 || dump.space === 'hva') return dump;
  const { vmcoreinfo, devices } = dump;
  const cpus = architecture.completeCpus(dump.cpus, {
    memory: memoryOfDump(dump, source),
    vmcoreinfo: vmcoreinfo && parseVmcoreinfo(vmcoreinfo),
    ...(devices && deviceReaders(devices, source)),
  });
  return { ...dump, cpus };
}

function deviceReaders({ sections, description, builtIn }: OpenedDevices, source: ByteSource) {
  const devices = new StreamDevices(source, { devices: sections, description: description && { devices: description } }, builtIn ?? []);
  return {
    deviceField: (name: string, field: string): bigint | undefined => {
      const [section] = devices.sections(name);
      const state = section && devices.decode(section);
      const value = state && findInSubsections(state, field)?.values[0];
      return typeof value === 'bigint' ? value : undefined;
    },
    deviceBytes: (name: string): Uint8Array[] => devices.sections(name).map((section) => devices.bytes(section)),
  };
}

function findInSubsections(struct: VmStruct, name: string): VmField | undefined {
  const own = findField(struct, name);
  if (own) return own;
  for (const subsection of struct.subsections) {
    const found = findInSubsections(subsection, name);
    if (found) return found;
  }
  return undefined;
}
