/**
 * An abbreviation table (DWARF 5, section 7.5.3): what the entries of a unit look like. Typed arrays instead of objects: vmlinux has a table a unit, of
 * 200 abbreviations, and a scan by name reads each once.
 *
 * ```
 * table          abbreviation…, 0
 * abbreviation   uleb code, uleb tag, u8 has children, (uleb attribute, uleb form, [sleb value of DW_FORM_implicit_const])…, 0, 0
 * ```
 */
import { FORM } from './constants.ts';
import { ByteCursor } from './byte-cursor.ts';

/** Compilers number from 1 on; the largest tables (LTO) have some thousands. */
const MAX_CODE = 2 ** 20;

export class Abbreviations {
  /** Abbreviation number by code; -1 for none. */
  codes = new Int32Array(256).fill(-1);
  count = 0;
  /** Code by abbreviation number. */
  numbers = new Int32Array(256);
  /** Bytes of the table that was loaded last. */
  size = 0;
  tags = new Int32Array(256);
  hasChildren = new Uint8Array(256);
  /** Where an abbreviation's attributes begin; those of `index` end where those of `index + 1` begin. */
  starts = new Int32Array(257);
  attributes = new Int32Array(2048);
  forms = new Int32Array(2048);
  /** Values of DW_FORM_implicit_const; above 2^53 rounded. */
  constants = new Float64Array(2048);

  /** Reads the table at `offset`. Throws DumpFormatError. May be called again for another table. */
  load(bytes: Uint8Array, offset: number, source: string): this {
    const cursor = new ByteCursor(bytes, true, { source, section: '.debug_abbrev', base: 0 }, offset);
    for (let index = 0; index < this.count; index++) this.codes[this.numbers[index]!] = -1;
    this.count = 0;
    let specs = 0;
    for (;;) {
      const code = cursor.count();
      if (code === 0) break;
      if (code >= MAX_CODE) throw cursor.problem('code', `less than ${MAX_CODE}`, String(code));
      if (this.count + 1 >= this.tags.length) this.#growTable();
      while (code >= this.codes.length) this.codes = grown(this.codes, -1);
      const index = this.count++;
      this.codes[code] = index;
      this.numbers[index] = code;
      this.tags[index] = cursor.count();
      this.hasChildren[index] = cursor.u8();
      this.starts[index] = specs;
      for (;;) {
        const attribute = cursor.count();
        const form = cursor.count();
        if (attribute === 0 && form === 0) break;
        if (specs === this.forms.length) this.#growSpecs();
        this.attributes[specs] = attribute;
        this.forms[specs] = form;
        this.constants[specs] = form === FORM.implicitConst ? Number(cursor.sleb()) : 0;
        specs++;
      }
      this.starts[index + 1] = specs;
    }
    this.size = cursor.at - offset;
    return this;
  }

  #growTable(): void {
    this.tags = grown(this.tags);
    this.numbers = grown(this.numbers);
    const children = new Uint8Array(this.hasChildren.length * 2);
    children.set(this.hasChildren);
    this.hasChildren = children;
    this.starts = grown(this.starts);
  }

  #growSpecs(): void {
    this.attributes = grown(this.attributes);
    this.forms = grown(this.forms);
    const constants = new Float64Array(this.constants.length * 2);
    constants.set(this.constants);
    this.constants = constants;
  }
}

export function grown(array: Int32Array<ArrayBuffer>, fill = 0): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  if (fill !== 0) larger.fill(fill, array.length);
  larger.set(array);
  return larger;
}
