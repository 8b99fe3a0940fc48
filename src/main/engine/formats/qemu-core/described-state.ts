/**
 * A device's state, read where it lies in the process by QEMU's own description of it: VMStateDescription and VMStateField (QEMU include/migration/vmstate.h), on 64-bit hosts.
 *
 * ```
 * VMStateDescription   name … fields, subsections: which words they are differs, so fields is the one that leads to fields
 * VMStateField, up to 10.x (104 bytes)   0 name  16 offset  24 size  40 num (int)  64 info  72 flags (u32)  80 vmsd
 * VMStateField, as of 11.1 (96 bytes)    0 name   8 offset  16 size  48 num (int)  56 info  64 flags (u32)  72 vmsd
 * VMStateField, up to 2.11 (96 bytes)    0 name   8 offset  16 size  32 num (int)  56 info  64 flags (u32)  72 vmsd
 * ```
 * Names are constants of the executable, which cores leave out. What a field is then follows from its place: fields of a stream keep their order, or old streams would not
 * load, so the fields in memory are aligned with those of a known description by size, count and kind; what only some versions save falls out.
 */
import type { VmDescription, VmField, VmFieldDescription, VmStruct } from '../../arch/vmstate.ts';
import type { ProcessMemory } from '../process-core/process-memory.ts';
import { OBJECT_SIZE } from './objects.ts';

/** A state, and where in the process its fields lie, by name. */
export interface ReadState {
  state: VmStruct;
  addresses: ReadonlyMap<string, number>;
}

interface FieldForm {
  size: number;
  columns: { offset: number; size: number; num: number; info: number; flags: number; vmsd: number };
}

const FORMS: readonly FieldForm[] = [
  { size: 104, columns: { offset: 16, size: 24, num: 40, info: 64, flags: 72, vmsd: 80 } },
  { size: 96, columns: { offset: 8, size: 16, num: 48, info: 56, flags: 64, vmsd: 72 } },
  { size: 96, columns: { offset: 8, size: 16, num: 32, info: 56, flags: 64, vmsd: 72 } },
];

const VMS_ARRAY = 0x4;
const VMS_STRUCT = 0x8;
/** Pointers, lists of varying length, buffers whose length a variable holds: not read. */
const VMS_OTHER = 0x2 | 0x10 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x800 | 0x2000 | 0x8000;
/** Every flag that QEMU has. */
const VMS_ALL = 0x1ffff;
const MAX_FIELDS = 512;
/** No state structure is larger: X86CPU of 5.2, with its TLB, has 40 KiB, of ARM 100 KiB. */
const MAX_OFFSET = 2 ** 24;
const MAX_DEPTH = 6;
const MAX_ELEMENTS = 4096;
const MAX_SUBSECTIONS = 256;
/** Words of a VMStateDescription in which its fields may stand. */
const FIELDS_FROM = 40;
const FIELDS_TO = 160;

interface FieldInMemory {
  offset: number;
  size: number;
  /** Elements; undefined for what is no array. */
  count: number | undefined;
  /** Its VMStateDescription, for a structure. */
  struct: number;
  readable: boolean;
}

/** Where a description in memory keeps its fields, and in which form they are. */
interface Place {
  word: number;
  form: FieldForm;
}

export class DescribedState {
  readonly #memory: ProcessMemory;

  constructor(memory: ProcessMemory) {
    this.#memory = memory;
  }

  /**
   * What lies at `object`, decoded as one of the `layouts`: the one that most of the fields fit. Undefined when less than nine in ten fields of the best are found. Fields that no layout
   * knows are left out, and so are subsections of which it cannot be told which they are.
   */
  read(description: number, object: number, layouts: readonly VmDescription[]): ReadState | undefined {
    let best: { layout: VmDescription; place: Place; fields: FieldInMemory[]; matched: number } | undefined;
    for (const place of this.#places(description)) {
      const fields = this.#fields(description, place);
      for (const layout of layouts) {
        const matched = align(fields, layout.fields ?? []).length;
        if (matched * 10 >= (layout.fields?.length ?? 0) * 9 && matched > (best?.matched ?? 0)) best = { layout, place, fields, matched };
      }
    }
    if (!best) return undefined;
    const addresses = new Map(align(best.fields, best.layout.fields ?? []).map(([field, { name }]) => [name, object + field.offset] as const));
    const state = this.#struct(best.fields, object, best.layout, best.place, 0);
    return { state: { ...state, subsections: this.#subsections(description, object, best.layout, best.place) }, addresses };
  }

  /** Offset in its structure of field number `index`; undefined when there are no fields. */
  offsetOf(description: number, index: number): number | undefined {
    for (const place of this.#places(description)) {
      const field = this.#fields(description, place)[index];
      if (field) return field.offset;
    }
    return undefined;
  }

  *#places(description: number): Generator<Place> {
    for (let word = FIELDS_FROM; word < FIELDS_TO; word += 8) {
      const first = this.#memory.pointer(description + word);
      if (!first || first % 8 !== 0) continue;
      for (const form of FORMS) if (this.#field(first, form)) yield { word, form };
    }
  }

  #fields(description: number, { word, form }: Place): FieldInMemory[] {
    const fields: FieldInMemory[] = [];
    const first = this.#memory.pointer(description + word);
    for (let at = first ?? 0; at && fields.length < MAX_FIELDS; at += form.size) {
      const field = this.#field(at, form);
      if (!field) break;
      fields.push(field);
    }
    return fields;
  }

  #field(at: number, { columns, size: formSize }: FieldForm): FieldInMemory | undefined {
    const memory = this.#memory;
    if (!memory.bytes(at, formSize)) return undefined;
    const name = memory.pointer(at);
    const [offset, size] = [memory.number64(at + columns.offset), memory.number64(at + columns.size)];
    const [num, flags] = [memory.i32(at + columns.num) ?? -1, memory.u32(at + columns.flags) ?? 0];
    const struct = memory.pointer(at + columns.vmsd);
    const info = memory.pointer(at + columns.info);
    if (!name || offset === undefined || size === undefined || struct === undefined || info === undefined) return undefined;
    if (offset > MAX_OFFSET || size > MAX_OFFSET || num < 0 || flags > VMS_ALL || flags === 0) return undefined;
    const isStruct = (flags & VMS_STRUCT) !== 0;
    if (isStruct ? struct === 0 : info === 0) return undefined;
    const readable = (flags & VMS_OTHER) === 0 && num <= MAX_ELEMENTS;
    return { offset, size, count: flags & VMS_ARRAY ? num : undefined, struct: isStruct ? struct : 0, readable };
  }

  #struct(fields: readonly FieldInMemory[], object: number, layout: VmDescription, place: Place, depth: number): VmStruct {
    const { vmsd_name: name, version } = layout;
    const found: VmField[] = [];
    for (const [field, described] of align(fields, layout.fields ?? [])) {
      const at = object + field.offset;
      // QEMU fills in what has no place of its own (offset 0 is the object's header) only while it saves.
      const isThere = field.readable && (depth > 0 || field.offset >= OBJECT_SIZE);
      const values = isThere ? this.#values(field, at, described, place, depth) : undefined;
      if (!values) continue;
      const { name: fieldName, type, size, array_len: count } = described;
      found.push({
        name: fieldName,
        type,
        size,
        values,
        fileOffset: this.#memory.fileOffset(at) ?? 0,
        ...(count === undefined ? {} : { isArray: true }),
      });
    }
    return { name, version, fileOffset: this.#memory.fileOffset(object) ?? 0, size: 0, fields: found, subsections: [] };
  }

  #value(at: number, size: number, type: string): bigint | Uint8Array | undefined {
    if (NUMBERS.test(type)) return this.#memory.unsigned(at, size);
    return BUFFERS.test(type) ? this.#memory.bytes(at, size) : undefined;
  }

  /** Told by their names, where the core has them, or by a form that only one of them has. Whether QEMU would save one is not asked: what it holds is there. */
  #subsections(description: number, object: number, { subsections = [] }: VmDescription, place: Place): VmStruct[] {
    const list = this.#memory.pointer(description + place.word + 8) ?? 0;
    const found: number[] = [];
    for (let at = list; at !== 0 && found.length < MAX_SUBSECTIONS; at += 8) {
      const subsection = this.#memory.pointer(at);
      if (!subsection) break;
      found.push(subsection);
    }
    const whole = (fields: readonly FieldInMemory[], { fields: described = [] }: VmDescription) =>
      fields.length === described.length && align(fields, described).length === fields.length;
    const forms = found.map((subsection) => ({ name: this.#memory.textAt(subsection), fields: this.#fields(subsection, place) }));
    return subsections.flatMap((described) => {
      const named = forms.filter(({ name }) => name === described.vmsd_name);
      const fitting = forms.filter(({ name, fields }) => name === undefined && whole(fields, described));
      const isOnly = fitting.length === 1 && subsections.filter((other) => whole(fitting[0]!.fields, other)).length === 1;
      const [chosen] = named.length > 0 ? named : isOnly ? fitting : [];
      return chosen ? [this.#struct(chosen.fields, object, described, place, 0)] : [];
    });
  }

  /** Undefined when any of them is not in the core. */
  #values(field: FieldInMemory, at: number, described: VmFieldDescription, place: Place, depth: number): VmField['values'] | undefined {
    const values: VmField['values'] = [];
    const nested = field.struct && described.struct && depth < MAX_DEPTH ? this.#fields(field.struct, place) : undefined;
    for (let index = 0; index < (field.count ?? 1); index++) {
      const element = at + index * field.size;
      if (nested && described.struct) {
        values.push(this.#struct(nested, element, described.struct, place, depth + 1));
        continue;
      }
      const value = field.struct ? undefined : this.#value(element, field.size, described.type);
      if (value === undefined) return undefined;
      values.push(value);
    }
    return values;
  }
}

/** What a stream has as it is in memory, but for its byte order. Other types are translated when they are saved. */
const NUMBERS = /^(u?int(8|16|32|64)|bool)\b/;
const BUFFERS = /buffer$/;

function fits(field: FieldInMemory, { size, array_len: count, struct, type }: VmFieldDescription): boolean {
  if ((field.count ?? 1) !== (count ?? 1)) return false;
  const isStruct = struct !== undefined || type === 'struct';
  // The size of a structure in a stream is not the one in memory.
  return isStruct ? field.struct !== 0 : field.struct === 0 && field.size === size;
}

/** The longest common subsequence: which fields in memory are which of the description's. */
function align(fields: readonly FieldInMemory[], described: readonly VmFieldDescription[]): [FieldInMemory, VmFieldDescription][] {
  const width = described.length + 1;
  const longest = new Uint16Array((fields.length + 1) * width);
  for (let i = fields.length - 1; i >= 0; i--) {
    for (let j = described.length - 1; j >= 0; j--) {
      const skip = Math.max(longest[(i + 1) * width + j]!, longest[i * width + j + 1]!);
      longest[i * width + j] = fits(fields[i]!, described[j]!) ? Math.max(skip, 1 + longest[(i + 1) * width + j + 1]!) : skip;
    }
  }
  const pairs: [FieldInMemory, VmFieldDescription][] = [];
  for (let i = 0, j = 0; i < fields.length && j < described.length;) {
    if (fits(fields[i]!, described[j]!) && longest[i * width + j] === 1 + longest[(i + 1) * width + j + 1]!) {
      pairs.push([fields[i++]!, described[j++]!]);
    } else if (longest[(i + 1) * width + j]! >= longest[i * width + j + 1]!) i++;
    else j++;
  }
  return pairs;
}
