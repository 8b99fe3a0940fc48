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
    return Array.isArray(json.devices) ? (json.devices as unknown[]).filter(isObject<DeviceDescription>) : undefined;
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
  const { struct, end, mismatch } = decodeWhatFits(bytes, description, fileOffset, MAX_VALUES);
  if (mismatch) throw mismatch;
  return { struct, end };
}

/** As decodeByDescription, but what was decoded before a mismatch is kept, up to the field that did not fit. */
export function decodeWhatFits(
  bytes: Uint8Array,
  description: VmDescription,
  fileOffset: number,
  maxValues: number,
): { struct: VmStruct; end: number; mismatch?: DescriptionMismatch } {
  const decoder = new Decoder(bytes, fileOffset, maxValues);
  const found: VmStruct[] = [];
  try {
    decoder.struct(description, 0, found);
    return { struct: found[0]!, end: decoder.at };
  } catch (error) {
    if (!(error instanceof DescriptionMismatch)) throw error;
    const struct = found[0] ?? { name: '', version: 0, fileOffset, size: 0, fields: [], subsections: [] };
    return { struct, end: decoder.at, mismatch: error };
  }
}

/** Lists: a 01 byte before each element, 00 at the end (QEMU migration/vmstate-types.c, put_qtailq and put_qlist). */
const LISTS = new Set(['qtailq', 'qlist']);

/** Where finished and unfinished structures are put. */
interface Siblings {
  push(struct: VmStruct): unknown;
}

class Decoder {
  at = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #fileOffset: number;
  readonly #maxValues: number;
  #values = 0;

  constructor(bytes: Uint8Array, fileOffset: number, maxValues: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#fileOffset = fileOffset;
    this.#maxValues = maxValues;
  }

  /** Joins `siblings` before its fields are decoded, so that a mismatch leaves what came before it. */
  struct(description: VmDescription, depth: number, siblings: Siblings, start = this.at): void {
    if (depth > MAX_DEPTH) throw new DescriptionMismatch('structures nested too deeply');
    const { vmsd_name: name, version } = description;
    const struct: VmStruct = {
      name: typeof name === 'string' ? name : '',
      version: Number(version),
      fileOffset: this.#fileOffset + start,
      size: 0,
      fields: [],
      subsections: [],
    };
    siblings.push(struct);
    try {
      for (const field of listOf(description.fields)) this.#field(field, depth, struct.fields);
      this.#subsections(description, depth, struct.subsections);
    } finally {
      struct.size = this.at - start;
    }
  }

  /** In whatever order they come; a built-in description lists more than a stream holds. */
  #subsections(description: VmDescription, depth: number, found: VmStruct[]): void {
    const known = listOf(description.subsections);
    for (;;) {
      const start = this.at;
      const next = known.find((subsection) => this.#enterSubsection(subsection));
      if (!next) return;
      this.#count();
      this.struct(next, depth + 1, found, start);
    }
  }

  /** A subsection starts with its own name: 05, u8 length, name, u32 version. Without it, it was not saved. */
  #enterSubsection(subsection: VmDescription): boolean {
    const name = subsection.vmsd_name;
    if (typeof name !== 'string' || this.#bytes[this.at] !== Section.Subsection || this.#bytes[this.at + 1] !== name.length) return false;
    const start = this.at + 2;
    if (start + name.length + 4 > this.#bytes.length || latin1(this.#bytes.subarray(start, start + name.length)) !== name) return false;
    this.at = start + name.length + 4;
    return true;
  }

  #field(field: VmFieldDescription & Partial<VmDescription>, depth: number, siblings: VmField[]): void {
    const { name, type, size, index } = field;
    const count = field.array_len_field === undefined ? (field.array_len ?? 1) : lengthIn(siblings, field.array_len_field);
    const isCount = (value: number) => Number.isInteger(value) && value >= 0;
    if (typeof name !== 'string' || typeof type !== 'string' || !isCount(size) || !isCount(count)) {
      throw new DescriptionMismatch(`field ${String(JSON.stringify(name))}: a description without a name, a type or a size`);
    }
    // A "tmp" field carries its structure's members in itself, and so does a list those of its last element.
    const nested = field.struct ?? (type === 'tmp' && field.fields ? (field as VmDescription) : undefined);
    const values: VmField['values'] = [];
    const isArray = field.array_len !== undefined || field.array_len_field !== undefined;
    const decoded = { name, type, fileOffset: this.#fileOffset + this.at, size, values };
    siblings.push({ ...decoded, ...(isArray ? { isArray } : {}), ...(typeof index === 'number' ? { index } : {}) });
    for (let element = 0; element < count && size > 0; element++) {
      this.#count();
      const end = this.at + size;
      if (end > this.#bytes.length) throw new DescriptionMismatch(`field ${name} ends beyond its section`);
      if (nested) {
        this.struct(nested, depth + 1, values);
        if (this.at > end) throw new DescriptionMismatch(`field ${name} is larger than its size`);
      } else if (!(LISTS.has(type) && field.fields && this.#list(field as VmDescription, end, depth, values))) values.push(this.#value(type, size));
      this.at = end;
    }
  }

  /** False, with nothing decoded, when the elements do not look like the one that is described: their subsections may differ. */
  #list(description: VmDescription, end: number, depth: number, values: VmField['values']): boolean {
    const start = this.at;
    try {
      while (this.#bytes[this.at] === 1 && this.at < end) {
        this.#count();
        this.at++;
        this.struct(description, depth + 1, values);
      }
      if (this.at === end - 1 && this.#bytes[this.at] === 0) return true;
    } catch (error) {
      if (!(error instanceof DescriptionMismatch)) throw error;
    }
    this.at = start;
    values.length = 0;
    return false;
  }

  #count(): void {
    if (++this.#values > this.#maxValues) throw new DescriptionMismatch(`more than ${this.#maxValues} values`);
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

/** A length out of the fields before; -1, which is none, where it is missing. */
function lengthIn(fields: readonly VmField[], name: string): number {
  const value = fields.find((field) => field.name === name)?.values[0];
  return typeof value === 'bigint' ? Number(value) : -1;
}

function isObject<T>(value: unknown): value is T {
  return typeof value === 'object' && value !== null;
}

/** The JSON is untrusted: what is not a list, or not an object in it, is left out. */
function listOf<T>(list: T[] | undefined): T[] {
  return Array.isArray(list) ? list.filter((item) => isObject<T>(item)) : [];
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
