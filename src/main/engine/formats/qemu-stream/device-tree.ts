/** The device states of a stream as a tree for people. */
import type { DeviceState, DeviceSummary } from '#shared/model/device.ts';
import { WorkbenchError } from '#shared/errors.ts';
import type { ByteSource } from '../../memory/byte-source.ts';
import type { OpenedDevices } from '../format.ts';

export function listDevices(devices: OpenedDevices | undefined): DeviceSummary[] {
  return (devices?.sections ?? []).map(({ name, instance, version, start, end }, index) => ({
    index,
    name,
    instance,
    version,
    offset: start,
    length: end - start,
    described: null,
  }));
}

/** Throws WorkbenchError `bad-request` for a device that is not in the list. */
export function describeDevice(_source: ByteSource, devices: OpenedDevices | undefined, index: number): DeviceState {
  const summary = listDevices(devices)[index];
  if (!summary) throw new WorkbenchError('bad-request', `there is no device ${index}`);
  return { ...summary, fields: [], subsections: [], cut: false };
}
