/** Reading device trees in tests: the opened stream's devices, a field by its path, every leaf; and the stream's JSON, found here again so that the reader is not its own judge. */
import type { DeviceField, DeviceState } from '#shared/model/device.ts';
import type { OpenedDevices } from '#engine/formats/format.ts';
import { describeDevice, listDevices } from '#engine/formats/qemu-stream/device-tree.ts';
import type { ByteSource } from '#engine/memory/byte-source.ts';
import { ArraySource } from '../../memory/array-source.ts';
import { fixtureBytes, openBytes } from '../open-bytes.ts';

export interface Stream {
  source: ByteSource;
  devices: OpenedDevices;
  bytes: Uint8Array;
}

export function openStream(name: string): Stream {
  const bytes = fixtureBytes(name);
  const { dump, source } = openBytes(bytes);
  if (!dump.devices) throw new Error(`${name} has no devices`);
  return { source, devices: dump.devices, bytes };
}

/** A section of its own, described as given. */
export function openSection(bytes: Uint8Array, description: object, name = 'device'): Stream {
  const sections = [{ id: 1, name, instance: 0, version: 1, kind: 4, start: 0, end: bytes.length }];
  const described = { name, instance_id: 0, vmsd_name: name, version: 1, ...description };
  return { source: new ArraySource(bytes), devices: { sections, description: [described] }, bytes };
}

export function deviceNamed({ source, devices }: Stream, name: string, instance = 0): DeviceState {
  const found = listDevices(source, devices).find((device) => device.name === name && device.instance === instance);
  if (!found) throw new Error(`no device ${name} ${instance}`);
  return describeDevice(source, devices, found.index);
}

/** The field at `a/b/c`. */
export function fieldAt(device: DeviceState, path: string): DeviceField {
  let rows: readonly DeviceField[] = [...device.fields, ...device.subsections];
  let found: DeviceField | undefined;
  const names = path.split(' / ');
  for (const name of names) {
    found = rows.find((row) => row.name === name);
    if (!found) throw new Error(`${path}: no ${name} among ${rows.map((row) => row.name).join(', ')}`);
    rows = found.children ?? [];
  }
  return found!;
}

export function allRows(rows: readonly DeviceField[]): DeviceField[] {
  return rows.flatMap((row) => [row, ...allRows(row.children ?? [])]);
}

export interface JsonDevice {
  name: string;
  instance_id: number;
}

/** The devices of the JSON after the stream's end; undefined without one. */
export function jsonDevices(bytes: Uint8Array): JsonDevice[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = bytes.lastIndexOf(0x06); at > 0; at = bytes.lastIndexOf(0x06, at - 1)) {
    if (at + 5 > bytes.length || at + 5 + view.getUint32(at + 1) !== bytes.length) continue;
    return (JSON.parse(new TextDecoder().decode(bytes.subarray(at + 5))) as { devices: JsonDevice[] }).devices;
  }
  return undefined;
}
