/**
 * A Linux kernel as its memory tells of it, without debug information: VMCOREINFO, its symbol table, its BTF. What one of them lacks is asked of the next; where nobody knows a symbol or a
 * member it is undefined, and whoever needs it says what is missing.
 */
import { WorkbenchError } from '#shared/errors.ts';
import { BtfData } from '../btf/btf-data.ts';
import { BtfTypes } from '../btf/btf-types.ts';
import { findBtf } from './find-btf.ts';
import { findModules } from './find-modules.ts';
import { findInitTask } from './init-task.ts';
import { readKallsyms } from './kallsyms.ts';
import { findKallsyms } from './kallsyms-search.ts';
import type { KallsymsTable } from './kallsyms-table.ts';
import type { KernelSpace } from './kernel-space.ts';
import type { KernelTypes } from './kernel-types.ts';
import { stretchesAround, type KernelStretch } from './kernel-window.ts';
import type { GivenKernel } from './given-kernel.ts';
import { KnownTypes, VMLINUX } from './known-types.ts';
import { listModules, type LinuxModule } from './modules.ts';

/** The kernel's BTF takes some 5 MB; more than this is none. */
const MAX_BTF = 64 * 1024 * 1024;

/** Symbols that can be told by what they hold, each after those that it is looked for by. */
const LOOKS: readonly (readonly [name: string, find: (kernel: LinuxKernel, image: readonly KernelStretch[]) => bigint | undefined])[] = [
  ['init_task', findInitTask],
  ['modules', findModules],
];

/** What is known of a kernel beside its memory. */
export interface KernelKnowledge {
  vmcoreinfo: ReadonlyMap<string, string>;
  /** How the kernel was found, in words. */
  foundBy: string;
  /** An address in its text, where VMCOREINFO gives none. */
  text?: bigint;
  /** As its own read-only data has it, for a kernel without VMCOREINFO. */
  release?: string;
  userSpace: (root: number) => KernelSpace;
  /** What the user gave. */
  given?: GivenKernel;
}

export class LinuxKernel {
  readonly space: KernelSpace;
  /** Lines of VMCOREINFO by key. */
  readonly vmcoreinfo: ReadonlyMap<string, string>;
  /** How the kernel was found: "VMCOREINFO (vmcoreinfo device)". */
  readonly foundBy: string;
  /** "6.1.0-13-amd64"; undefined where neither VMCOREINFO nor its read-only data says. */
  readonly release: string | undefined;
  /** An address in its text; undefined where nobody says. */
  readonly text: bigint | undefined;
  #stretches: KernelStretch[] | undefined;
  #kallsyms: KallsymsTable | null | undefined;
  #btf: BtfData | null | undefined;
  #types: KnownTypes | null | undefined;
  #modules: ReadonlyMap<string, LinuxModule> | undefined;
  readonly #addresses = new Map<string, bigint | undefined>();

  /** Memory of a process, by the GPA of its top page table. */
  readonly userSpace: (root: number) => KernelSpace;

  /** What the user gave: its types come before what memory tells, its symbols after. */
  readonly given: GivenKernel | undefined;

  constructor(space: KernelSpace, { vmcoreinfo, foundBy, text, release, userSpace, given }: KernelKnowledge) {
    this.space = space;
    this.vmcoreinfo = vmcoreinfo;
    this.foundBy = foundBy;
    this.text = text ?? this.#noted('_stext');
    this.release = vmcoreinfo.get('OSRELEASE') ?? release;
    this.userSpace = userSpace;
    this.given = given;
  }

  /** The kernel's own symbol table; undefined where it is not found or not in the dump. */
  get kallsyms(): KallsymsTable | undefined {
    if (this.#kallsyms === undefined)
      this.#kallsyms = readKallsyms(this.space, (name) => this.#noted(name)) ?? findKallsyms(this.space, this.#image()) ?? null;
    return this.#kallsyms ?? undefined;
  }

  /** Types of the kernel's image; undefined for a kernel without BTF of which the user gave none either. */
  get types(): KernelTypes | undefined {
    if (this.#types === undefined) this.#types = this.#findTypes() ?? null;
    return this.#types ?? undefined;
  }

  /** Types of the kernel and of its modules, of which something was asked so far. */
  get askedTypes(): KnownTypes[] {
    return [this.#types, ...Array.from(this.#modules?.values() ?? [], (module) => module.askedTypes)].filter((types) => types instanceof KnownTypes);
  }

  /** Types that the user gave, by the module's name ('vmlinux' for the kernel). */
  typesOfModule(module: string): KernelTypes | undefined {
    return this.given?.typesOf(module, this);
  }

  /** The kernel's own BTF; undefined where it has none, or the dump lacks it. */
  get btf(): BtfData | undefined {
    if (this.#btf === undefined) this.#btf = this.#readBtf() ?? this.given?.btfOf(this) ?? null;
    return this.#btf ?? undefined;
  }

  /** A module by its name; undefined where it is not loaded. Throws WorkbenchError `unsupported` as listModules does. */
  module(name: string): LinuxModule | undefined {
    this.#modules ??= new Map(listModules(this).modules.map((module) => [module.name, module]));
    return this.#modules.get(name);
  }

  /** Address of a symbol; of a variable that VMCOREINFO gives, or the symbol table. */
  address(name: string): bigint | undefined {
    if (!this.#addresses.has(name)) this.lookUp([name]);
    return this.#addresses.get(name);
  }

  /** As `address`. Throws WorkbenchError `unsupported` for a symbol that nobody knows. */
  require(name: string): bigint {
    const address = this.address(name);
    if (address !== undefined) return address;
    const missing = this.kallsyms
      ? `the kernel's symbols have no ${name}: without CONFIG_KALLSYMS_ALL they are functions alone`
      : `${name} is not known: the kernel's symbol table is not found in the dump`;
    throw new WorkbenchError('unsupported', `${missing}; its file with debug information would supply it`);
  }

  /** Looks several symbols up at once, which costs no more than one. */
  lookUp(names: readonly string[]): void {
    const unknown: string[] = [];
    for (const name of names) {
      if (this.#addresses.has(name)) continue;
      const noted = this.#noted(name);
      if (noted === undefined) unknown.push(name);
      else this.#addresses.set(name, noted);
    }
    const found = unknown.length > 0 ? this.kallsyms?.find(unknown) : undefined;
    for (const name of unknown) this.#addresses.set(name, found?.get(name) ?? this.given?.addressOf(name, this));
    // Looking asks for symbols itself.
    for (const [name, find] of LOOKS)
      if (unknown.includes(name) && this.#addresses.get(name) === undefined) this.#addresses.set(name, find(this, this.#image()));
  }

  /** Bytes from the start of a struct to a member, as VMCOREINFO or BTF says. */
  offset(struct: string, member: string): number | undefined {
    return decimal(this.vmcoreinfo.get(`OFFSET(${struct}.${member})`)) ?? this.types?.find(struct, member)?.offset;
  }

  /** Bytes of a struct. */
  size(struct: string): number | undefined {
    return decimal(this.vmcoreinfo.get(`SIZE(${struct})`)) ?? this.types?.struct(struct)?.size;
  }

  /** What is mapped around its text. */
  #image(): readonly KernelStretch[] {
    this.#stretches ??= this.text === undefined ? [] : stretchesAround(this.space, this.text);
    return this.#stretches;
  }

  #noted(name: string): bigint | undefined {
    const value = this.vmcoreinfo.get(`SYMBOL(${name})`);
    return value !== undefined && /^[\da-f]{1,16}$/.test(value) ? BigInt(`0x${value}`) : undefined;
  }

  #findTypes(): KnownTypes | undefined {
    const given = this.typesOfModule(VMLINUX);
    const own = this.btf && new BtfTypes(this.btf, this.space.wordSize);
    const sources = [given, own].filter((types) => types !== undefined);
    return sources.length > 0 ? new KnownTypes({ module: VMLINUX, sources, own: true }) : undefined;
  }

  #readBtf(): BtfData | undefined {
    this.lookUp(['__start_BTF', '__stop_BTF']);
    const start = this.address('__start_BTF');
    const stop = this.address('__stop_BTF');
    const known = start !== undefined && stop !== undefined && stop > start && stop - start <= MAX_BTF;
    const bytes = known ? this.space.bytes(start, Number(stop - start)) : findBtf(this.space, this.#image());
    try {
      return bytes && new BtfData(bytes, "the kernel's BTF");
    } catch (error) {
      // Damaged: as good as none, and what the user gives takes its place.
      if (error instanceof WorkbenchError) return undefined;
      throw error;
    }
  }
}

function decimal(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
