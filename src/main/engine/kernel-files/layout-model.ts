/**
 * Layouts of a kernel's types as a JSON file keeps them, so that a dump of the same build needs no debug files again.
 *
 * ```
 * { "format": "vmcore-workbench kernel layout", "version": 1, "release": "5.10.0-46-amd64", "buildId": "9bcf…", "wordSize": 8,
 *   "modules": { "vmlinux": { "structs": { "list_head": { "kind": "struct", "size": 16, "members": [{ "name": "next", "offset": 0, "type": "pointer" }, …] } },
 *                             "enums": { "pid_type": { "size": 4, "values": { "PIDTYPE_PID": 0, … } } } },
 *                "kvm": … } }
 * ```
 * A type: "pointer", "void", "function"; "s32", "u8", "b8" (bool), "c8" (char), "f64", "e32" (enum) with their bits; "struct NAME" and "union NAME" of the same module or the kernel;
 * { "count": 4 or null, "of": type }; { "kind": "struct", "size": 8, "members": […] } for one without a tag. A bit field has "bits": [from the start of its struct, how many].
 */
import { WorkbenchError } from '#shared/errors.ts';

export const LAYOUT_FORMAT = 'vmcore-workbench kernel layout';
export const LAYOUT_VERSION = 1;

export type TypeText = string | ArrayText | StructText;

export interface ArrayText {
  count: number | null;
  of: TypeText;
}

export interface StructText {
  kind: 'struct' | 'union';
  size: number;
  members: MemberText[];
}

export interface MemberText {
  /** Left out for an anonymous struct or union. */
  name?: string;
  offset: number;
  type: TypeText;
  bits?: [number, number];
}

export interface EnumText {
  size: number;
  /** Beyond 2^53 as text. */
  values: Record<string, number | string>;
}

export interface ModuleText {
  structs: Record<string, StructText>;
  enums: Record<string, EnumText>;
}

export interface LayoutText {
  format: typeof LAYOUT_FORMAT;
  version: typeof LAYOUT_VERSION;
  release?: string;
  buildId?: string;
  wordSize: 4 | 8;
  modules: Record<string, ModuleText>;
}

/** Structs without a tag in each other; the deepest of Linux are some six. */
const MAX_DEPTH = 32;
const BASE = /^(?:pointer|void|function|[subcef]\d{1,4}|(?:struct|union) [A-Za-z_]\w{0,255})$/;

/** Throws WorkbenchError `bad-format`, with the place in the file. */
export function parseLayout(source: string, text: string): LayoutText {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new WorkbenchError('bad-format', `${source}: no JSON: ${(error as Error).message}`, { source });
  }
  const check = new LayoutCheck(source);
  return check.layout(value);
}

class LayoutCheck {
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
  }

  layout(value: unknown): LayoutText {
    const { format, version, release, buildId, wordSize, modules } = this.#object(value, '(top)');
    if (format !== LAYOUT_FORMAT) throw this.#problem('format', JSON.stringify(LAYOUT_FORMAT), format);
    if (version !== LAYOUT_VERSION) throw this.#problem('version', `${LAYOUT_VERSION}`, version);
    if (wordSize !== 4 && wordSize !== 8) throw this.#problem('wordSize', '4 or 8', wordSize);
    for (const [at, text] of Object.entries({ release, buildId }))
      if (text !== undefined && typeof text !== 'string') throw this.#problem(at, 'a text', text);
    for (const [name, module] of Object.entries(this.#object(modules, 'modules'))) this.#module(module, `modules.${name}`);
    return value as LayoutText;
  }

  #module(value: unknown, at: string): void {
    const { structs, enums } = this.#object(value, at);
    for (const [name, struct] of Object.entries(this.#object(structs, `${at}.structs`))) this.#struct(struct, `${at}.structs.${name}`, 0);
    for (const [name, one] of Object.entries(this.#object(enums, `${at}.enums`))) this.#enum(one, `${at}.enums.${name}`);
  }

  #struct(value: unknown, at: string, depth: number): void {
    const { kind, size, members } = this.#object(value, at);
    if (kind !== 'struct' && kind !== 'union') throw this.#problem(`${at}.kind`, '"struct" or "union"', kind);
    this.#count(size, `${at}.size`);
    if (!Array.isArray(members)) throw this.#problem(`${at}.members`, 'a list', members);
    for (const [index, member] of members.entries()) {
      const place = `${at}.members[${index}]`;
      const { name, offset, type, bits } = this.#object(member, place);
      if (name !== undefined && typeof name !== 'string') throw this.#problem(`${place}.name`, 'a text', name);
      this.#count(offset, `${place}.offset`);
      this.#type(type, `${place}.type`, depth + 1);
      if (bits === undefined) continue;
      if (!Array.isArray(bits) || bits.length !== 2) throw this.#problem(`${place}.bits`, 'two numbers', bits);
      for (const each of bits) this.#count(each, `${place}.bits`);
    }
  }

  #type(value: unknown, at: string, depth: number): void {
    if (typeof value === 'string' && BASE.test(value)) return;
    if (typeof value === 'string' || depth > MAX_DEPTH) throw this.#problem(at, 'a type', value);
    const type = this.#object(value, at);
    if ('kind' in type) {
      this.#struct(type, at, depth);
      return;
    }
    if (type['count'] !== null) this.#count(type['count'], `${at}.count`);
    this.#type(type['of'], `${at}.of`, depth + 1);
  }

  #enum(value: unknown, at: string): void {
    const { size, values } = this.#object(value, at);
    this.#count(size, `${at}.size`);
    for (const [name, one] of Object.entries(this.#object(values, `${at}.values`))) {
      const good = typeof one === 'number' ? Number.isSafeInteger(one) : typeof one === 'string' && /^-?\d{1,20}$/.test(one);
      if (!good) throw this.#problem(`${at}.values.${name}`, 'a whole number', one);
    }
  }

  #object(value: unknown, at: string): Record<string, unknown> {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.#problem(at, 'an object', value);
    return value as Record<string, unknown>;
  }

  /** Bytes, bits and elements, far beyond any that a kernel has. */
  #count(value: unknown, at: string): void {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 2 ** 40) throw this.#problem(at, 'a whole number', value);
  }

  #problem(field: string, expected: string, value: unknown): WorkbenchError {
    const found = describe(value);
    return new WorkbenchError('bad-format', `${this.#source}: layout ${field}: expected ${expected}, found ${found}`, {
      source: this.#source,
      field,
      expected,
      found,
    });
  }
}

/** What stands there; of what may be large or deep, only its kind. */
function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'an object' : JSON.stringify(value).slice(0, 60);
}
