/** The last step of opening: what the rest of a dump tells of its CPUs (Architecture.completeCpus). */
import { ARCHITECTURES } from '../arch/index.ts';
import type { ByteSource } from '../memory/byte-source.ts';
import { ExtentTable } from '../memory/extent-table.ts';
import { GuestMemory } from '../memory/guest-memory.ts';
import { PhysicalRegions } from '../memory/physical-regions.ts';
import { decoderOf } from './coding.ts';
import type { OpenedDevices, OpenedDump } from './format.ts';
import { StreamDevices } from './qemu-stream/devices.ts';
import { findField } from './qemu-stream/vm-description.ts';
import { parseVmcoreinfo } from './vmcoreinfo.ts';

/** `source`: what the offsets in the dump's extents lead to. */
export function completeCpus(dump: OpenedDump, source: ByteSource): OpenedDump {
  const architecture = ARCHITECTURES.find(({ id }) => id === dump.architecture);
  if (!architecture?.completeCpus || dump.cpus.length === 0) return dump;
  const { extents, regions, coding, vmcoreinfo, devices } = dump;
  const memory = new GuestMemory(source, new ExtentTable(extents), new PhysicalRegions(regions), coding && decoderOf(coding, source));
  const cpus = architecture.completeCpus(dump.cpus, {
    memory,
    vmcoreinfo: vmcoreinfo && parseVmcoreinfo(vmcoreinfo),
    deviceField: devices && fieldReader(devices, source),
  });
  return { ...dump, cpus };
}

function fieldReader({ sections, description, builtIn }: OpenedDevices, source: ByteSource) {
  const devices = new StreamDevices(source, { devices: sections, description: description && { devices: description } }, builtIn ?? []);
  return (name: string, field: string): bigint | undefined => {
    const [section] = devices.sections(name);
    const state = section && devices.decode(section);
    const value = state && findField(state, field)?.values[0];
    return typeof value === 'bigint' ? value : undefined;
  };
}
