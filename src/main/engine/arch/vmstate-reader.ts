/** Registers out of decoded vmstate structures, each with its source: what the families' `cpuFromVmstate` share. */
import { formatAddress } from '#shared/address-text.ts';
import type { RegisterValue } from './cpu-state.ts';
import type { VmField, VmStruct } from './vmstate.ts';

export type VmValue = VmField['values'][number];

/** An element of an array, or a field that is none. */
export interface VmElement {
  value: VmValue;
  field: VmField;
  /** Undefined for a field that is no array. */
  index: number | undefined;
}

export const isStruct = (value: VmValue | undefined): value is VmStruct => typeof value === 'object' && !(value instanceof Uint8Array);

/** All elements of a field; the JSON may list an array element by element, under one name. */
export function elementsOf(struct: VmStruct, name: string): VmElement[] {
  return struct.fields
    .filter((field) => field.name === name)
    .flatMap((field) => field.values.map((value, index) => ({ value, field, index: field.values.length > 1 ? index : undefined })));
}

export function numberIn(struct: VmStruct, name: string): bigint | undefined {
  const value = struct.fields.find((field) => field.name === name)?.values[0];
  return typeof value === 'bigint' ? value : undefined;
}

/** The subsection of that name, at any depth. */
export function subsectionOf(struct: VmStruct, name: string): VmStruct | undefined {
  for (const subsection of struct.subsections) {
    const found = subsection.name === name ? subsection : subsectionOf(subsection, name);
    if (found) return found;
  }
  return undefined;
}

export class RegisterReader {
  readonly registers: Record<string, RegisterValue> = {};
  readonly #where: string;

  /** `where` begins each source: "section cpu (instance 0)". */
  constructor(where: string) {
    this.#where = where;
  }

  /** Bits. An undefined value sets nothing. */
  set(register: string, value: bigint | undefined, width: number, field: VmField, index?: number): void {
    if (value === undefined) return;
    this.registers[register] = { value, width, source: this.source(field, index) };
  }

  source(field: VmField, index?: number): string {
    const element = index === undefined ? '' : `[${index}]`;
    return `${this.#where}, field ${field.name}${element}, at ${formatAddress(field.fileOffset + (index ?? 0) * field.size)}`;
  }

  /** One register for each integer element; undefined leaves an element out. */
  numbers(struct: VmStruct, field: string, nameOf: (n: number) => string | undefined): void {
    for (const [n, element] of elementsOf(struct, field).entries()) {
      const name = nameOf(n);
      if (name !== undefined && typeof element.value === 'bigint')
        this.set(name, element.value, element.field.size * 8, element.field, element.index);
    }
  }
}
