/**
 * The device states of a stream as a tree for people: one row a device, and on demand its fields with their places in the file, their values, and words where
 * device-words/ knows them.
 *
 * A device that saves in steps (START, PART, END: `spapr/htab`, `dirty-bitmap`) is one device; nothing describes its bytes.
 */
import { counted } from '#shared/counted.ts';
import { WorkbenchError } from '#shared/errors.ts';
import type { DeviceField, DeviceState, DeviceSummary } from '#shared/model/device.ts';
import type { ByteSource } from '../../memory/byte-source.ts';
import type { DeviceSection, OpenedDevices } from '../format.ts';
import { CHIPSET_DEVICES } from './built-in-chipset.ts';
import { DeviceDescriptions } from './device-descriptions.ts';
import { DeviceFields, MAX_ROWS } from './device-fields.ts';
import { deviceTitle } from './device-words/device-titles.ts';
import { Section, SECTION_NAMES } from './layout.ts';
import { decodeWhatFits, findField } from './vm-description.ts';

/** Most devices that are listed; QEMU's machines have fewer than a thousand. */
const MAX_DEVICES = 10_000;
/** Most bytes of one section that are decoded. */
const MAX_DECODED = 32 * 1024 * 1024;
/** Most values that are decoded of one section: enough for every row of the tree, and for the arrays that are cut. */
const MAX_VALUES = 1_000_000;

/** A device with its sections: one, unless it saves in steps. */
interface Device {
  summary: DeviceSummary;
  sections: DeviceSection[];
}

const length = (section: DeviceSection): number => section.end - section.start;

export function listDevices(source: ByteSource, devices: OpenedDevices | undefined): DeviceSummary[] {
  return devices ? gather(devices, describersOf(source, devices)).map(({ summary }) => summary) : [];
}

/** As many as are listed. */
export function countDevices(devices: OpenedDevices | undefined): number {
  const first = (devices?.sections ?? []).filter(({ kind }) => kind === Section.Full || kind === Section.Start);
  return Math.min(first.length, MAX_DEVICES);
}

/** Throws WorkbenchError `bad-request` for a device that is not in the list. */
export function describeDevice(source: ByteSource, devices: OpenedDevices | undefined, index: number): DeviceState {
  const describers = devices && describersOf(source, devices);
  const gathered = devices && describers ? gather(devices, describers) : [];
  const device = gathered[index];
  if (!describers || !device) throw new WorkbenchError('bad-request', `there is no device ${index}`);
  const [section] = device.sections;
  const chosen = device.sections.length === 1 ? describers.of(section!) : undefined;
  const all = gathered.map(({ summary }) => summary);
  const fields = new DeviceFields({
    section: { name: device.summary.name, instance: device.summary.instance },
    now: virtualClock(source, gathered, describers),
    isX86: all.some(({ name }) => name === 'apic'),
  });
  if (!chosen) return { ...device.summary, ...undescribed(source, device, fields) };

  const bytes = readSection(source, section!);
  const { struct, end, mismatch } = decodeWhatFits(bytes, chosen.description, section!.start, MAX_VALUES);
  const tree = fields.ofDevice(struct);
  const problems = mismatch ? [`The bytes do not fit the description: ${mismatch.message}.`] : [];
  const left = length(section!) - end;
  if (left > 0) {
    tree.fields.push(fields.bytes('(not described)', bytes.subarray(end), section!.start + end, left));
    // QEMU before 10.0 describes an array of pointers by its first element, whatever the others are ("migration: Dump correct JSON format for nullptr replacement", in v10.0).
    if (!mismatch) problems.push(`The description ends ${counted(left, 'byte')} before the section does, so values towards the end may be wrong.`);
  }
  return { ...device.summary, ...tree, cut: fields.cut, ...(problems.length > 0 ? { problem: problems.join(' ') } : {}) };
}

const describersOf = (source: ByteSource, { description, builtIn }: OpenedDevices) =>
  new DeviceDescriptions(source, description, [...(builtIn ?? []), ...CHIPSET_DEVICES]);

/** The devices in the stream's order, steps joined. */
function gather({ sections }: OpenedDevices, describers: DeviceDescriptions): Device[] {
  const devices: Device[] = [];
  const inSteps = new Map<number, Device>();
  const cpus = cpusOf(sections);
  for (const section of sections) {
    const started = section.kind === Section.Full ? undefined : inSteps.get(section.id);
    if (started) {
      started.sections.push(section);
      started.summary.length += length(section);
      continue;
    }
    if (devices.length === MAX_DEVICES) continue;
    const { name, instance, version, start } = section;
    const described = section.kind === Section.Full ? (describers.candidates(section)[0]?.by ?? null) : null;
    const device: Device = {
      summary: {
        index: devices.length,
        name,
        instance,
        version,
        offset: start,
        length: length(section),
        described,
        ...deviceTitle(section, cpus.get(section)),
      },
      sections: [section],
    };
    devices.push(device);
    if (section.kind !== Section.Full) inSteps.set(section.id, device);
  }
  return devices;
}

/** Sections that there is one of for each CPU, by the order in which CPUs are made: their instance may be another number (an APIC id). */
function cpusOf(sections: readonly DeviceSection[]): Map<DeviceSection, number> {
  const cpus = sections.filter(({ name }) => name === 'cpu');
  const found = new Map<DeviceSection, number>();
  for (const name of ['apic', 'icp/server', 'xive-tctx']) {
    const parts = sections.filter((section) => section.name === name);
    if (parts.length === cpus.length) parts.forEach((part, at) => found.set(part, cpus[at]!.instance));
  }
  return found;
}

function readSection(source: ByteSource, section: DeviceSection): Uint8Array {
  const bytes = new Uint8Array(Math.min(length(section), MAX_DECODED));
  return bytes.subarray(0, source.read(section.start, bytes));
}

/** QEMU's virtual clock when the guest was saved, from the section `timer`. */
function virtualClock(source: ByteSource, devices: readonly Device[], describers: DeviceDescriptions): bigint | undefined {
  const section = devices.find(({ summary }) => summary.name === 'timer')?.sections[0];
  const chosen = section && describers.of(section);
  if (!chosen) return undefined;
  const { struct } = decodeWhatFits(readSection(source, section), chosen.description, section.start, MAX_VALUES);
  const offset = findField(struct, 'cpu_clock_offset')?.values[0];
  return typeof offset === 'bigint' ? BigInt.asIntN(64, offset) : undefined;
}

/** Bytes only: of the one section, or of each step. */
function undescribed(
  source: ByteSource,
  { sections, summary }: Device,
  fields: DeviceFields,
): Pick<DeviceState, 'fields' | 'subsections' | 'problem' | 'cut'> {
  const inSteps = sections.length > 1 || sections[0]!.kind !== Section.Full;
  const rows: DeviceField[] = sections.slice(0, MAX_ROWS).map((section, step) => {
    const name = inSteps ? `step ${step} (${SECTION_NAMES[section.kind]})` : '(not described)';
    return fields.bytes(name, readSection(source, section), section.start, length(section));
  });
  const problem = inSteps
    ? `The device was saved in ${counted(sections.length, 'step')}, as RAM is; streams describe only what is saved at once.`
    : `Nothing describes version ${summary.version} of this device: the stream has no description of it, and there is no built-in one.`;
  return { fields: rows, subsections: [], problem, cut: sections.length > MAX_ROWS };
}
