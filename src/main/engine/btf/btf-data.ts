/** BTF checked and indexed: where each type lies, and its strings. Types are decoded by btf-types.ts when they are asked for. */
import { DumpFormatError } from '#shared/errors.ts';
import { BTF_MAGIC, BTF_VERSION, EXTRA, HEADER_SIZE, TYPE_SIZE } from './layout.ts';
import { BtfNames, hashOf } from './name-index.ts';

/** More types than that no kernel has; a bound for hostile data. */
const MAX_TYPES = 4_000_000;
/** Longer names than that C compilers do not take; a bound for strings without an end. */
const MAX_STRING = 4096;

export class BtfData {
  readonly view: DataView;
  readonly littleEndian: boolean;
  /** Of the kernel, for a module's: its types and strings are numbered on from there. */
  readonly base: BtfData | undefined;
  /** Offset of each type's first word in `view`, from the first own type on. */
  readonly #offsets: Uint32Array;
  /** The number of the first own type. */
  readonly firstId: number;
  readonly #strings: Uint8Array;
  readonly #firstString: number;
  #names: BtfNames | undefined;

  /** `bytes` from the header on. Throws DumpFormatError. `source` names it in errors: "BTF of kvm". */
  constructor(bytes: Uint8Array, source: string, base?: BtfData) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const problem = (field: string, fileOffset: number, expected: string, found: string) =>
      new DumpFormatError({ format: 'BTF', source, fileOffset, field, expected, found });
    if (bytes.length < HEADER_SIZE) throw problem('header', 0, `${HEADER_SIZE} bytes`, `${bytes.length}`);
    const littleEndian = view.getUint16(0, true) === BTF_MAGIC;
    const magic = view.getUint16(0, littleEndian);
    if (magic !== BTF_MAGIC) throw problem('magic', 0, `0x${BTF_MAGIC.toString(16)}`, `0x${magic.toString(16)}`);
    if (bytes[2] !== BTF_VERSION) throw problem('version', 2, `${BTF_VERSION}`, `${bytes[2]}`);
    const word = (at: number) => view.getUint32(at, littleEndian);
    const headerLength = word(4);
    const section = (field: string, at: number) => {
      const start = headerLength + word(at);
      const length = word(at + 4);
      if (start + length > bytes.length)
        throw problem(field, at, `at most ${bytes.length} bytes`, `0x${start.toString(16)} + 0x${length.toString(16)}`);
      return { start, end: start + length };
    };
    const types = section('type_off, type_len', 8);
    const strings = section('str_off, str_len', 16);
    this.view = view;
    this.littleEndian = littleEndian;
    this.base = base;
    // Type 0 is void and has no place.
    this.firstId = base ? base.endId : 1;
    this.#firstString = base ? base.#firstString + base.#strings.length : 0;
    this.#strings = bytes.subarray(strings.start, strings.end);

    const offsets: number[] = [];
    for (let at = types.start; at < types.end;) {
      if (at + TYPE_SIZE > types.end || offsets.length >= MAX_TYPES) throw problem('type_len', at, 'a whole type', `${types.end - at} bytes`);
      const info = word(at + 4);
      const extra = EXTRA[(info >>> 24) & 0x1f];
      if (!extra) throw problem(`kind of type ${this.firstId + offsets.length}`, at + 4, `1 to ${EXTRA.length - 1}`, `${(info >>> 24) & 0x1f}`);
      offsets.push(at);
      at += TYPE_SIZE + extra.fixed + (info & 0xffff) * extra.each;
      if (at > types.end) throw problem('type_len', at, 'a whole type', 'one that goes on behind the section');
    }
    this.#offsets = Uint32Array.from(offsets);
  }

  /** One past the number of the last own type. */
  get endId(): number {
    return this.firstId + this.#offsets.length;
  }

  /** The data that holds a type, and where in its view; undefined for void and for numbers that no type has. */
  find(id: number): { data: BtfData; offset: number } | undefined {
    if (id < this.firstId) return this.base?.find(id);
    const offset = this.#offsets[id - this.firstId];
    return offset === undefined ? undefined : { data: this, offset };
  }

  /** Empty for offset 0 and for one outside of the strings. */
  string(offset: number): string {
    if (offset < this.#firstString) return this.base?.string(offset) ?? '';
    const start = offset - this.#firstString;
    const bytes = this.#strings.subarray(start, start + MAX_STRING);
    const end = bytes.indexOf(0);
    return end < 0 ? '' : String.fromCharCode(...bytes.subarray(0, end));
  }

  /** Of a string, for an index of names. */
  hashOfString(offset: number): number {
    if (offset < this.#firstString) return this.base?.hashOfString(offset) ?? 0;
    return hashOf(this.#strings, offset - this.#firstString);
  }

  /** Names of its own types. */
  get names(): BtfNames {
    this.#names ??= new BtfNames(this);
    return this.#names;
  }

  /** KIND of the type whose first word lies at an offset in `view`. */
  kindAt(offset: number): number {
    return (this.word(offset + 4) >>> 24) & 0x1f;
  }

  /** Whether a string begins there, and not in the middle of one: a module's BTF behind another base leads there. */
  startsString(offset: number): boolean {
    if (offset < this.#firstString) return this.base?.startsString(offset) ?? false;
    const start = offset - this.#firstString;
    return start < this.#strings.length && (start === 0 || this.#strings[start - 1] === 0);
  }

  word(at: number): number {
    return this.view.getUint32(at, this.littleEndian);
  }
}
