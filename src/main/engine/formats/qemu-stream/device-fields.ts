/** Turns a decoded structure into rows: arrays and elements that a stream describes one by one are gathered, values get their words, and the number of rows is bounded. */
import { counted } from '#shared/counted.ts';
import type { DeviceField, DeviceState } from '#shared/model/device.ts';
import type { VmField, VmStruct } from '../../arch/vmstate.ts';
import type { FieldWords, WordsContext } from './device-words/field-words.ts';
import { fieldWords } from './device-words/known-words.ts';
import { decodeWhatFits } from './vm-description.ts';

/** Most rows of one device's tree. */
export const MAX_ROWS = 20_000;
/** Most bytes of a buffer that are carried, and of all buffers of one tree; the hex view shows the rest. */
const MAX_BUFFER = 4096;
const MAX_BUFFERS = 1024 * 1024;
/** Arrays of bytes from this length on are shown as a buffer. */
const BUFFER_FROM = 16;
const MAX_VALUES = 100_000;

type Surroundings = Omit<WordsContext, 'struct'>;
type Value = VmField['values'][number];
type Row = Omit<DeviceField, 'value'>;

const isStruct = (value: Value): value is VmStruct => typeof value === 'object' && !(value instanceof Uint8Array);
const worded = (words: string | undefined): { words?: string } => (words === undefined ? {} : { words });

export class DeviceFields {
  /** True once rows were left out. */
  cut = false;
  readonly #surroundings: Surroundings;
  #rows = MAX_ROWS;
  #bytes = MAX_BUFFERS;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  ofDevice(struct: VmStruct): Pick<DeviceState, 'fields' | 'subsections'> {
    return { fields: this.#fields(struct), subsections: this.#subsections(struct) };
  }

  /** A row of bytes. `size` is how many there are in the file; `bytes` may be fewer. */
  bytes(name: string, bytes: Uint8Array, offset: number, size = bytes.length, type = 'buffer'): DeviceField {
    this.#take();
    return { name, type, offset, size, value: this.#cutBuffer(bytes), ...worded(textOf(bytes)) };
  }

  #take(): boolean {
    if (this.#rows > 0) {
      this.#rows--;
      return true;
    }
    this.cut = true;
    return false;
  }

  #cutBuffer(bytes: Uint8Array): Uint8Array {
    const kept = bytes.slice(0, Math.min(MAX_BUFFER, Math.max(BUFFER_FROM, this.#bytes)));
    this.#bytes -= kept.length;
    return kept;
  }

  #fields(struct: VmStruct): DeviceField[] {
    const rows: DeviceField[] = [];
    const context = { ...this.#surroundings, struct };
    const gathered = gatherElements(struct.fields);
    const repeated = repeatedNames(gathered);
    for (const parts of gathered) {
      if (!this.#take()) break;
      const known = parts[0]!.name;
      const nth = repeated.get(known);
      if (nth !== undefined) repeated.set(known, nth + 1);
      rows.push(this.#field(parts, nth === undefined ? known : `${known}[${nth}]`, context));
    }
    return rows;
  }

  #subsections(struct: VmStruct): DeviceField[] {
    const rows: DeviceField[] = [];
    for (const subsection of struct.subsections) {
      if (!this.#take()) break;
      const { name, fileOffset, size } = subsection;
      rows.push({ name, type: 'subsection', offset: fileOffset, size, value: null, children: this.#members(subsection) });
    }
    return rows;
  }

  #members(struct: VmStruct): DeviceField[] {
    return [...this.#fields(struct), ...this.#subsections(struct)];
  }

  /** `parts`: the field, or each of its elements. */
  #field(parts: readonly VmField[], name: string, context: WordsContext): DeviceField {
    const field = parts[0]!;
    const { type, fileOffset: offset, size, values } = field;
    const words = fieldWords(context.struct.name, field.name, type);
    if (field.isArray !== true && field.index === undefined) {
      if (values.length === 1 && !isList(field)) return this.#value(values[0]!, { name, type: typeOf(field), offset, size }, words, context, 0);
      // Markers between the elements of a list are counted by the list alone.
      return { name, type, offset, size, value: null, ...this.#elements(parts, words, context) };
    }
    const total = parts.reduce((sum, part) => sum + part.size * part.values.length, 0);
    const count = parts.reduce((sum, part) => sum + part.values.length, 0);
    const row = { name, type: `${typeOf(field)}[${count}]`, offset, size: total };
    const buffer = byteArray(field);
    return buffer ? this.#value(buffer, row, words, context, 0) : { ...row, value: null, ...this.#elements(parts, words, context) };
  }

  #elements(parts: readonly VmField[], words: FieldWords | undefined, context: WordsContext): Pick<DeviceField, 'words' | 'children'> {
    const count = parts.reduce((sum, { values }) => sum + values.length, 0);
    const children: DeviceField[] = [];
    // Half of what is left at most, so that what follows a long array is still seen.
    const least = Math.floor(this.#rows / 2);
    for (const element of elementsOf(parts)) {
      if (this.#rows <= least) this.cut = true;
      if (this.#rows <= least || !this.#take()) break;
      const { value, index } = element;
      const row = { name: `[${index}]`, type: typeOf(parts[0]!), offset: element.offset, size: element.size };
      children.push(this.#value(value, row, words, context, index));
    }
    const numbers = words?.array && parts.flatMap(({ values }) => values.filter((value) => typeof value === 'bigint'));
    const all = numbers && words.array?.(numbers, context);
    return { words: all ?? `${counted(count, 'element')}${children.length < count ? `, ${children.length} shown` : ''}`, children };
  }

  #value(value: Value, row: Row, words: FieldWords | undefined, context: WordsContext, index: number): DeviceField {
    if (typeof value === 'bigint') return { ...row, value, ...worded(words?.value?.(value, context, index) ?? signedWords(value, row.type)) };
    if (value instanceof Uint8Array) return this.#buffer(value, row, words, context);
    const children = this.#members(value);
    // QEMU writes one byte for an element that is not there (put_nullptr), and describes it as a structure without members.
    if (children.length === 0 && row.size > 0) return { ...row, value: null, words: 'empty' };
    return { ...row, value: null, children };
  }

  #buffer(bytes: Uint8Array, row: Row, words: FieldWords | undefined, context: WordsContext): DeviceField {
    const told = worded(words?.bytes?.(bytes, context) ?? textOf(bytes));
    const layout = words?.layout?.(bytes, context);
    if (layout) {
      const { struct, end, mismatch } = decodeWhatFits(bytes, layout, row.offset, MAX_VALUES);
      if (!mismatch && end === bytes.length) return { ...row, value: null, ...told, children: this.#members(struct) };
    }
    const parts = words?.parts?.(bytes, row.offset, context) ?? [];
    if (parts.length > 0 && this.#rows >= parts.length) {
      this.#rows -= parts.length;
      return { ...row, value: null, ...told, children: parts };
    }
    return { ...row, value: this.#cutBuffer(bytes), ...told };
  }
}

/** Fields of one name that are not elements of one array, each with how many have been seen: none. */
function repeatedNames(gathered: readonly (readonly VmField[])[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [first] of gathered) counts.set(first!.name, (counts.get(first!.name) ?? 0) + 1);
  return new Map([...counts].filter(([, count]) => count > 1).map(([name]) => [name, 0]));
}

/** Elements that are described one by one, because they differ, become one field. */
function gatherElements(fields: readonly VmField[]): VmField[][] {
  const gathered: VmField[][] = [];
  for (const field of fields) {
    const before = gathered.at(-1);
    const [first] = before ?? [];
    if (before && first && field.index !== undefined && first.index !== undefined && first.name === field.name) before.push(field);
    else gathered.push([field]);
  }
  return gathered;
}

interface Element {
  value: Value;
  index: number;
  offset: number;
  size: number;
}

function* elementsOf(parts: readonly VmField[]): Generator<Element> {
  for (const part of parts) {
    for (const [at, value] of part.values.entries()) {
      const index = (part.index ?? 0) + at;
      if (isList(part) && isStruct(value)) yield { value, index, offset: value.fileOffset, size: value.size };
      else yield { value, index, offset: part.fileOffset + at * part.size, size: part.size };
    }
  }
}

/** A list takes `size` bytes in all; an array takes as many for each element. */
const isList = ({ type, values }: VmField): boolean => (type === 'qtailq' || type === 'qlist') && values.every(isStruct);

const typeOf = ({ type, values: [first] }: VmField): string =>
  first !== undefined && isStruct(first) && first.name !== '' ? `struct ${first.name}` : type;

/** An array of single bytes as one buffer. */
function byteArray({ size, values, isArray }: VmField): Uint8Array | undefined {
  if (isArray !== true || size !== 1 || values.length < BUFFER_FROM) return undefined;
  return values.every((value) => typeof value === 'bigint') ? Uint8Array.from(values, Number) : undefined;
}

/** Values of signed types are unsigned in the model. */
function signedWords(value: bigint, type: string): string | undefined {
  const bits = Number(/^int(8|16|32|64)\b/.exec(type)?.[1] ?? 0);
  if (bits === 0 || value >> BigInt(bits - 1) === 0n) return undefined;
  return String(BigInt.asIntN(bits, value));
}

/** Bytes that are text, up to the NULs that fill the buffer. */
function textOf(bytes: Uint8Array): string | undefined {
  const text = /^([\x20-\x7e]{2,})\0*$/.exec(new TextDecoder('latin1').decode(bytes.subarray(0, MAX_BUFFER)));
  return text ? JSON.stringify(text[1]) : undefined;
}
