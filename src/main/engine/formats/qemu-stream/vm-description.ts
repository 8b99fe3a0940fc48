/**
 * The JSON that describes a stream's device states (VMDESCRIPTION, since QEMU 2.3), and decoding by it.
 *
 * Facts: QEMU migration/vmstate.c (vmstate_save_state_v, vmsd_desc_field_end): `size` is what one element took in this very stream,
 * whatever `type` says; `array_len` stands for that many equal elements; only what was saved is listed.
 */
import type { VmDescription, VmField, VmFieldDescription, VmStruct } from '../../arch/vmstate.ts';
import type { ByteSource } from '../../memory/byte-source.ts';
import type { DeviceDescription } from '../format.ts';
import { MAX_DESCRIPTION, Section } from './layout.ts';
import { latin1 } from './stream-cursor.ts';

export interface StreamDescription {
  /** File offset of the VMDESCRIPTION byte. */
  position: number;
  devices: DeviceDescription[];
}

/** Reads the description at a known place; undefined when there is none, or it is not what QEMU writes. */
export function readDescription(source: ByteSource, position: number): StreamDescription | undefined {
  const head = new Uint8Array(5);
  if (source.read(position, head) < 5 || head[0] !== Section.VmDescription) return undefined;
  const length = new DataView(head.buffer).getUint32(1);
  if (length > MAX_DESCRIPTION || position + 5 + length > source.size) return undefined;
  const text = new Uint8Array(length);
  source.readStreaming(position + 5, text);
  const devices = parseDevices(text);
  return devices && { position, devices };
}

function parseDevices(text: Uint8Array): DeviceDescription[] | undefined {
  try {
    const json = JSON.parse(new TextDecoder().decode(text)) as { devices?: unknown };
    return Array.isArray(json.devices) ? (json.devices as DeviceDescription[]) : undefined;
  } catch {
    return undefined;
  }
}

/** How much of the file's end is looked through for a description, and how many places that look like one are tried. */
const TAIL = 16 * 1024 * 1024;
const MAX_CANDIDATES = 16;

/**
 * Looks for the description from the end of the file back, for streams whose sections cannot be passed without it. A find is a
 * candidate only: whoever uses it checks that decoding by it leads to the end of the stream.
 */
export function findDescription(source: ByteSource): StreamDescription | undefined {
  const start = Math.max(0, source.size - TAIL);
  const tail = new Uint8Array(source.size - start);
  source.readStreaming(start, tail);
  const view = new DataView(tail.buffer);
  const BRACE = 0x7b;
  let candidates = 0;
  for (let at = tail.length - 7; at >= 0 && candidates < MAX_CANDIDATES; at--) {
    if (tail[at] !== Section.VmDescription || tail[at + 5] !== BRACE) continue;
    const end = at + 5 + view.getUint32(at + 1);
    if (end > tail.length || tail[end - 1] !== 0x7d) continue;
    candidates++;
    const found = readDescription(source, start + at);
    if (found) return found;
  }
  return undefined;
}

/** A section's bytes do not fit its description. */
export class DescriptionMismatch extends Error {}

/** Deepest nesting of structures that is followed; QEMU's own is below 10. */
const MAX_DEPTH = 32;
/** Most values decoded of one section; the JSON is untrusted. */
const MAX_VALUES = 4_000_000;

/** Decodes one device's bytes. `end` of the result is the index after the last byte used. Throws DescriptionMismatch. */
export function decodeByDescription(bytes: Uint8Array, description: VmDescription, fileOffset: number): { struct: VmStruct; end: number } {
  const decoder = new Decoder(bytes, fileOffset);
  const struct = decoder.struct(description, 0);
  return { struct, end: decoder.at };
}

class Decoder {
  at = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #fileOffset: number;
  #values = 0;

  constructor(bytes: Uint8Array, fileOffset: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#fileOffset = fileOffset;
  }

  struct(description: VmDescription, depth: number): VmStruct {
    if (depth > MAX_DEPTH) throw new DescriptionMismatch('structures nested too deeply');
    const name = String(description.vmsd_name);
    const fields = listOf<VmFieldDescription>(description.fields).map((field) => this.#field(field, depth));
    return { name, version: Number(description.version), fields, subsections: this.#subsections(description, depth) };
  }

  /** In whatever order they come; a built-in description lists more than a stream holds. */
  #subsections(description: VmDescription, depth: number): VmStruct[] {
    const known = listOf<VmDescription>(description.subsections);
    const found: VmStruct[] = [];
    for (;;) {
      const next = known.find((subsection) => this.#enterSubsection(subsection));
      if (!next || ++this.#values > MAX_VALUES) return found;
      found.push(this.struct(next, depth + 1));
    }
  }

  /** A subsection starts with its own name: 05, u8 length, name, u32 version. Without it, it was not saved. */
  #enterSubsection(subsection: VmDescription): boolean {
    const name = String(subsection.vmsd_name);
    if (this.#bytes[this.at] !== Section.Subsection || this.#bytes[this.at + 1] !== name.length) return false;
    const start = this.at + 2;
    if (start + name.length + 4 > this.#bytes.length || latin1(this.#bytes.subarray(start, start + name.length)) !== name) return false;
    this.at = start + name.length + 4;
    return true;
  }

  #field(field: VmFieldDescription & Partial<VmDescription>, depth: number): VmField {
    const size = field.size;
    const count = field.array_len ?? 1;
    if (!Number.isInteger(size) || size < 0 || !Number.isInteger(count) || count < 0) throw new DescriptionMismatch(`field ${field.name}`);
    const fileOffset = this.#fileOffset + this.at;
    // "tmp" fields carry their structure's members in themselves.
    const nested = field.struct ?? (field.fields ? (field as VmDescription) : undefined);
    const values: VmField['values'] = [];
    for (let element = 0; element < count && size > 0; element++) {
      if (++this.#values > MAX_VALUES) throw new DescriptionMismatch('too many values');
      const end = this.at + size;
      if (end > this.#bytes.length) throw new DescriptionMismatch(`field ${field.name} ends beyond its section`);
      if (nested) {
        values.push(this.struct(nested, depth + 1));
        if (this.at > end) throw new DescriptionMismatch(`field ${field.name} is larger than its size`);
      } else values.push(this.#value(field.type, size));
      this.at = end;
    }
    return { name: field.name, type: field.type, fileOffset, size, values };
  }

  #value(type: string, size: number): bigint | Uint8Array {
    const { at } = this;
    if (type !== 'buffer' && type !== 'unused_buffer') {
      if (size === 1) return BigInt(this.#view.getUint8(at));
      if (size === 2) return BigInt(this.#view.getUint16(at));
      if (size === 4) return BigInt(this.#view.getUint32(at));
      if (size === 8) return this.#view.getBigUint64(at);
    }
    return this.#bytes.slice(at, at + size);
  }
}

function listOf<T>(list: T[] | undefined): T[] {
  return Array.isArray(list) ? list : [];
}

/** The first value of a field of a structure or of those nested in its first elements' `parent_obj`-like members; undefined when absent. */
export function findField(struct: VmStruct, name: string): VmField | undefined {
  for (const field of struct.fields) {
    if (field.name === name) return field;
    const first = field.values[0];
    if (first && typeof first === 'object' && !(first instanceof Uint8Array)) {
      const inner = findField(first, name);
      if (inner) return inner;
    }
  }
  return undefined;
}
