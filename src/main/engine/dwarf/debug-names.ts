/**
 * .debug_names: which units know a name (DWARF 5, section 6.1.1). clang writes one index a unit, lld and gdb-add-index -dwarf-5 one for all.
 *
 * ```
 * header     length, u16 version 5, u16 0, u32 counts of units, type units, foreign type units, buckets, names; u32 size of abbreviations, u32 size of augmentation
 * then       augmentation (padded to 4), offsets of units, offsets of type units, u64 signatures, u32 bucket[], u32 hash[], offset name[], offset entry[],
 *            abbreviations, entries
 * entry      uleb abbreviation, values; 0 ends the entries of a name
 * ```
 */
import type { SectionContents } from '../elf-object/section-contents.ts';
import { cStringEquals } from '../elf-object/strings.ts';
import { ByteCursor } from './byte-cursor.ts';
import { FORM } from './constants.ts';
import { formLength, LENGTH_LEB } from './form-sizes.ts';
import type { UnitsOfName } from './gdb-index.ts';

const IDX_COMPILE_UNIT = 1;
const IDX_TYPE_UNIT = 2;
/** Entries of one name that are looked at. */
const MAX_ENTRIES = 65536;

interface Index {
  offsetSize: 4 | 8;
  units: number;
  unitCount: number;
  typeUnits: number;
  typeUnitCount: number;
  buckets: number;
  bucketCount: number;
  nameCount: number;
  hashes: number;
  names: number;
  entryOffsets: number;
  abbreviations: Map<number, { attribute: number; form: number }[]>;
  entries: number;
}

export class DebugNames implements UnitsOfName {
  readonly #cursor: ByteCursor;
  readonly #indexes: Index[] = [];
  readonly #strings: () => Uint8Array;

  /** `strings`: .debug_str. Throws DumpFormatError when it is no index. */
  constructor(contents: SectionContents, littleEndian: boolean, source: string, strings: () => Uint8Array) {
    this.#cursor = new ByteCursor(contents.all(), littleEndian, { source, section: '.debug_names', base: 0 });
    this.#strings = strings;
    while (this.#cursor.left > 0) this.#indexes.push(readIndex(this.#cursor));
  }

  unitsOf(name: string): number[] {
    const wanted = new TextEncoder().encode(name);
    const units = new Set<number>();
    for (const index of this.#indexes) for (const unit of this.#find(index, wanted)) units.add(unit);
    return [...units].sort((a, b) => a - b);
  }

  *#find(index: Index, wanted: Uint8Array): Generator<number> {
    if (index.bucketCount === 0) return;
    const hash = hashOf(wanted);
    const bucket = hash % index.bucketCount;
    // Names are numbered from 1; those of one bucket stand together.
    for (let name = this.#u32(index.buckets, bucket); name > 0 && name <= index.nameCount; name++) {
      const other = this.#u32(index.hashes, name - 1);
      if (other % index.bucketCount !== bucket) return;
      if (other === hash && cStringEquals(this.#strings(), this.#offset(index, index.names, name - 1), wanted)) {
        yield* this.#units(index, index.entries + this.#offset(index, index.entryOffsets, name - 1));
        return;
      }
    }
  }

  *#units(index: Index, at: number): Generator<number> {
    const cursor = this.#cursor;
    cursor.at = at;
    for (let entries = 0; entries < MAX_ENTRIES; entries++) {
      const code = cursor.count();
      if (code === 0) return;
      const abbreviation = index.abbreviations.get(code);
      if (!abbreviation) throw cursor.problem('abbreviation', 'one of the index’s', String(code));
      let unit: number | undefined = 0;
      let typeUnit: number | undefined;
      for (const { attribute, form } of abbreviation) {
        const length = formLength(form, { version: 5, offsetSize: index.offsetSize, addressSize: 8 });
        if (length < 0 && length !== LENGTH_LEB) throw cursor.problem('form', 'a number', `0x${form.toString(16)}`);
        const value = length === LENGTH_LEB ? cursor.count() : length === 0 ? 1 : cursor.unsigned(length);
        if (attribute === IDX_COMPILE_UNIT) unit = value;
        if (attribute === IDX_TYPE_UNIT) typeUnit = value;
      }
      const next = cursor.at;
      if (typeUnit !== undefined && typeUnit < index.typeUnitCount) yield this.#offset(index, index.typeUnits, typeUnit);
      else if (typeUnit === undefined && unit < index.unitCount) yield this.#offset(index, index.units, unit);
      cursor.at = next;
    }
  }

  #u32(table: number, index: number): number {
    this.#cursor.at = table + index * 4;
    return this.#cursor.u32();
  }

  #offset({ offsetSize }: Index, table: number, index: number): number {
    this.#cursor.at = table + index * offsetSize;
    return this.#cursor.unsigned(offsetSize);
  }
}

/** Leaves the cursor behind the index. */
function readIndex(cursor: ByteCursor): Index {
  const short = cursor.u32();
  const offsetSize = short === 0xffffffff ? 8 : 4;
  const length = offsetSize === 8 ? Number(cursor.u64()) : short;
  const end = cursor.at + length;
  if (length > cursor.left) throw cursor.problem('unit_length', `at most ${cursor.left}`, String(length));
  const version = cursor.u16();
  if (version !== 5) throw cursor.problem('version', '5', String(version));
  cursor.skip(2);
  const [unitCount, typeUnitCount, foreignCount, bucketCount, nameCount, abbreviationSize, augmentation] = Array.from({ length: 7 }, () =>
    cursor.u32(),
  ) as [...[number, number, number, number, number, number, number]];
  cursor.skip(Math.ceil(augmentation / 4) * 4);
  const units = cursor.skip(unitCount * offsetSize);
  const typeUnits = cursor.skip(typeUnitCount * offsetSize);
  cursor.skip(foreignCount * 8);
  const buckets = cursor.skip(bucketCount * 4);
  const hashes = cursor.skip(bucketCount === 0 ? 0 : nameCount * 4);
  const names = cursor.skip(nameCount * offsetSize);
  const entryOffsets = cursor.skip(nameCount * offsetSize);
  const entries = cursor.at + abbreviationSize;
  const abbreviations = readAbbreviations(cursor);
  if (entries > end) throw cursor.problem('abbrev_table_size', `at most ${end - cursor.at}`, String(abbreviationSize));
  cursor.at = end;
  return {
    offsetSize,
    units,
    unitCount,
    typeUnits,
    typeUnitCount,
    buckets,
    bucketCount,
    nameCount,
    hashes,
    names,
    entryOffsets,
    abbreviations,
    entries,
  };
}

function readAbbreviations(cursor: ByteCursor): Index['abbreviations'] {
  const table: Index['abbreviations'] = new Map();
  for (let code = cursor.count(); code !== 0; code = cursor.count()) {
    cursor.count();
    const values: { attribute: number; form: number }[] = [];
    for (;;) {
      const attribute = cursor.count();
      const form = cursor.count();
      if (attribute === 0 && form === 0) break;
      if (form === FORM.implicitConst) cursor.sleb();
      values.push({ attribute, form });
    }
    table.set(code, values);
  }
  return table;
}

/** h * 33 + c from 5381 on, over the name in lower case. */
function hashOf(name: Uint8Array): number {
  let hash = 5381;
  for (const byte of name) hash = (Math.imul(hash, 33) + (byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte)) >>> 0;
  return hash;
}
