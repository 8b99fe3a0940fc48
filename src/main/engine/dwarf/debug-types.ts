/**
 * What the debug information of a program says of its types and variables, by name. Nothing is read at opening; the first question scans units until
 * one answers it, so what is common is found at once and what does not exist costs a whole scan, once.
 *
 * ```
 * const types = DebugTypes.of(new ElfFile(source))
 * types.struct('RAMBlock')?.size
 * types.offsetOf('X86CPU', 'env.cr[3]').offset
 * types.variable('ram_list')?.place
 * ```
 * Reads DWARF 2 to 5: units of types, partial units and the common file of dwz, object files (ET_REL). Not supported: .dwo and .dwp files (-gsplit-dwarf),
 * which are named as such.
 */
import { WorkbenchError } from '#shared/errors.ts';
import type { AltLink } from '../elf-object/debug-links.ts';
import type { ElfFile } from '../elf-object/elf-file.ts';
import { AT } from './constants.ts';
import { DebugFile, isSkeleton, type Unit } from './debug-file.ts';
import { debugSections } from './debug-sections.ts';
import { originsOf, readDie } from './die.ts';
import { placeOf, type FieldPlace } from './member-path.ts';
import { NameSearch, type FoundEntry } from './name-search.ts';
import { KIND } from './skip-programs.ts';
import { resolved, type CType, type EnumType, type StructType } from './type-model.ts';
import { TypeReader } from './type-reader.ts';
import { variablePlace, type VariablePlace } from './variable-place.ts';

/** Which of several definitions is meant. */
export interface Where {
  /** End of the source file's path as the compiler was given it: "softmmu/physmem.c". What that file does not have is looked for elsewhere. */
  unit?: string;
}

export interface DebugVariable {
  type: CType;
  place: VariablePlace;
  /** Source files that define or declare it, as the compiler was given them; the first defines it. Of programs optimised when linked, the linker is that first. */
  units: readonly string[];
  /** Not `static`. */
  external: boolean;
}

/** One of several definitions of a name. */
export interface Definition {
  type: CType;
  unit: string | undefined;
}

/** Units of one source file: it may be compiled once for each CPU that is emulated, and a short ending may fit several. */
const MAX_NAMESAKES = 64;

const STRUCTS = (1 << KIND.struct) | (1 << KIND.union);
const TYPEDEF = 1 << KIND.typedef;
const ENUM = 1 << KIND.enum;
const TYPES = STRUCTS | TYPEDEF | ENUM | (1 << KIND.base);
const VARIABLE = 1 << KIND.variable;

export class DebugTypes {
  readonly #file: DebugFile;
  readonly #searches: NameSearch[];
  readonly #reader = new TypeReader();
  readonly #structs = new Map<string, StructType | null>();
  readonly #missing: AltLink | undefined;
  #unitNames: { unit: Unit; name: string }[] | undefined;

  private constructor(file: DebugFile, missing: AltLink | undefined) {
    this.#file = file;
    this.#missing = missing;
    this.#searches = [file, file.alternate].filter((each) => each !== undefined).map((each) => new NameSearch(each));
  }

  /**
   * Undefined for a file without debug information. `alternate`: the file that `.gnu_debugaltlink` of `file` names; without it what lies there is not
   * found. Throws DumpFormatError for sections outside the file.
   */
  static of(file: ElfFile, alternate?: ElfFile): DebugTypes | undefined {
    const sections = debugSections(file);
    if (!sections) return undefined;
    const debugFile = new DebugFile(sections);
    const shared = alternate && debugSections(alternate);
    // dwz says ET_REL of its file, whose types and variables are those of the linked program.
    if (shared) debugFile.alternate = new DebugFile({ ...shared, relocatable: false });
    return new DebugTypes(debugFile, shared ? undefined : file.altLink);
  }

  /**
   * The struct, union or class of that tag; or the one that a typedef of that name stands for. The first definition with members in the order of the
   * file, so the answer does not depend on what was asked before. Undefined when it is nowhere defined.
   */
  struct(name: string, where: Where = {}): StructType | undefined {
    const key = `${where.unit ?? ''}\0${name}`;
    let found = this.#structs.get(key);
    if (found === undefined) {
      found = this.#findStruct(name, where) ?? null;
      this.#structs.set(key, found);
    }
    return found ?? undefined;
  }

  /** The enum of that tag, or that a typedef of that name stands for. */
  enum(name: string, where: Where = {}): EnumType | undefined {
    const tagged = this.#first(name, ENUM, where);
    if (tagged) return this.#typeOf(tagged) as EnumType;
    const target = this.#typedefTarget(name, where);
    return target?.kind === 'enum' ? target : undefined;
  }

  /** A type by its name as C writes it: "struct RAMBlock", "uint64_t", "unsigned long". Without a keyword typedefs and base types come before tags. */
  type(text: string, where: Where = {}): CType | undefined {
    const [, keyword, name] = /^(?:(struct|union|class|enum)\s+)?(.+)$/.exec(text.trim()) ?? [];
    if (name === undefined) return undefined;
    if (keyword === 'enum') return this.enum(name, where);
    if (keyword) return this.struct(name, where);
    const plain = this.#first(name, TYPEDEF | (1 << KIND.base), where);
    return plain ? this.#typeOf(plain) : (this.struct(name, where) ?? this.enum(name, where));
  }

  /** All definitions of a name that differ in kind, size or line. Scans everything. */
  definitions(name: string): Definition[] {
    return this.#searches.flatMap((search) =>
      search.find(name, TYPES, () => false).map((entry) => ({ type: this.#typeOf(entry), unit: entry.unit.file.rootOf(entry.unit).name })),
    );
  }

  /**
   * Where a member lies: `offsetOf('X86CPU', 'env.cr[3]')`. Anonymous structs and unions are looked through. Throws WorkbenchError `bad-request` for a
   * struct or a member that is not there.
   */
  offsetOf(struct: string, path: string, where: Where = {}): FieldPlace {
    const type = this.struct(struct, where);
    if (!type) {
      const message = `${this.#file.sections.source}: no definition of struct ${struct} in the debug information`;
      throw this.#missing ? this.#needsAlternate(message) : new WorkbenchError('bad-request', message);
    }
    return this.place(type, path);
  }

  /** As `offsetOf`, from any type. */
  place(type: CType, path: string): FieldPlace {
    return placeOf(type, path, (struct) => this.complete(struct));
  }

  /** The definition of a struct that is only declared where it was found; itself when there is none. */
  complete(type: StructType): StructType {
    if (!type.declared || type.name === undefined) return type;
    const whole = this.struct(type.name);
    return whole?.kind === type.kind ? whole : type;
  }

  /** A variable with static storage: global, or static in a file. Undefined when it is only declared, or optimised out. */
  variable(name: string, where: Where = {}): DebugVariable | undefined {
    const { unit } = where;
    if (unit !== undefined) {
      const own = this.#near(name, VARIABLE, unit)[0];
      if (own) return this.#variableOf(own);
      // Link-time optimisation gathers the variables of all files in units of its own, which refer to those of the files.
      const near = this.variables(name).find(({ units }) => units.some((each) => isNamed(each, unit)));
      if (near) return near;
    }
    const entry = this.#first(name, VARIABLE, {}, (found) => this.#isExternal(found));
    return entry && this.#variableOf(entry);
  }

  /** All variables of that name. Scans everything. */
  variables(name: string): DebugVariable[] {
    return this.#searches.flatMap((search) => search.find(name, VARIABLE, () => false).map((entry) => this.#variableOf(entry)));
  }

  /** Names of all structs and unions. Scans everything. */
  *structNames(): Generator<string> {
    for (const search of this.#searches) yield* search.names(STRUCTS);
  }

  /** The file of dwz that was not given though this one needs it: most of its types are there. */
  get missingAlternate(): AltLink | undefined {
    return this.#missing;
  }

  /** What could not be read so far; also when part of the debug information is in other files. Empty for a sound file. */
  get damage(): readonly WorkbenchError[] {
    const problems = this.#searches.flatMap((search) => search.damage);
    const { source } = this.#file.sections;
    if (this.#missing) problems.push(this.#needsAlternate(`${source}: part of its debug information is in another file`));
    const split = this.#splitInto();
    if (split === undefined) return problems;
    const message = `${source}: its debug information was left in ${split} and other files (-gsplit-dwarf), which are not read`;
    return [...problems, new WorkbenchError('unsupported', message, { source, hint: 'Build with -gno-split-dwarf' })];
  }

  #needsAlternate(message: string): WorkbenchError {
    const { name, buildId } = this.#missing!;
    const hint = `Give ${name} too, which dwz made (build id ${buildId})`;
    return new WorkbenchError('bad-request', message, { source: this.#file.sections.source, hint });
  }

  #splitInto(): string | undefined {
    for (const unit of this.#file.units()) {
      if (isSkeleton(unit)) return this.#file.rootOf(unit).splitInto ?? '.dwo files';
    }
    return undefined;
  }

  #findStruct(name: string, where: Where): StructType | undefined {
    const tagged = this.#first(name, STRUCTS, where, ({ size }) => size > 0);
    const type = tagged ? this.#typeOf(tagged) : this.#typedefTarget(name, where);
    if (type?.kind !== 'struct' && type?.kind !== 'union') return undefined;
    // A typedef may stand in a unit that knows no more of the struct than its tag.
    if (type.declared && type.name !== undefined && type.name !== name) return this.struct(type.name, where);
    return type.declared ? undefined : type;
  }

  #typedefTarget(name: string, where: Where): CType | undefined {
    const entry = this.#first(name, TYPEDEF, where);
    return entry && resolved(this.#typeOf(entry));
  }

  /** The first entry that is `best`, else the first of all. */
  #first(name: string, kinds: number, { unit }: Where, best: (entry: FoundEntry) => boolean = () => true): FoundEntry | undefined {
    if (unit !== undefined) {
      const near = this.#near(name, kinds, unit);
      const chosen = near.find(best) ?? near[0];
      if (chosen) return chosen;
    }
    let second: FoundEntry | undefined;
    for (const search of this.#searches) {
      const found = search.find(name, kinds, (entries) => entries.some(best));
      const chosen = found.find(best);
      if (chosen) return chosen;
      second ??= found[0];
    }
    return second;
  }

  /** Entries of the units of a source file and what they import. */
  #near(name: string, kinds: number, unit: string): FoundEntry[] {
    return this.#unitsNamed(unit).flatMap((each) => this.#searches[0]!.findIn(each, name, kinds));
  }

  #unitsNamed(ending: string): Unit[] {
    this.#unitNames ??= Array.from(this.#file.units(), (unit) => ({ unit, name: this.#nameOf(unit) ?? '' }));
    const named = this.#unitNames.filter(({ name }) => isNamed(name, ending));
    return named.slice(0, MAX_NAMESAKES).map(({ unit }) => unit);
  }

  #nameOf(unit: Unit): string | undefined {
    try {
      return unit.file.rootOf(unit).name;
    } catch (error) {
      if (error instanceof WorkbenchError) return undefined;
      throw error;
    }
  }

  #typeOf({ unit, offset }: FoundEntry): CType {
    return this.#reader.at(unit, offset);
  }

  #isExternal({ unit, offset }: FoundEntry): boolean {
    return originsOf(readDie(unit, offset)).some((die) => die.flag(AT.external));
  }

  #variableOf({ unit, offset }: FoundEntry): DebugVariable {
    const origins = originsOf(readDie(unit, offset));
    // gcc gives the definition a type of its own where it knows more than the declaration: the length of an array.
    const typed = origins.find((die) => die.has(AT.type)) ?? origins[0]!;
    const place = variablePlace(origins[0]!);
    const units = [...new Set(origins.flatMap((die) => this.#nameOf(die.unit) ?? []))];
    return { type: this.#reader.typeOf(typed), place, units, external: origins.some((die) => die.flag(AT.external)) };
  }
}

const isNamed = (unit: string, ending: string): boolean => unit === ending || unit.endsWith(`/${ending}`);
