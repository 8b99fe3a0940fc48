/**
 * An ELF executable or library as the dynamic linker left it in a process's memory: header, segments, dynamic symbols, build id. The file itself is
 * not needed, only what a core keeps of its first pages and its data.
 */
import { WorkbenchError } from '#shared/errors.ts';
import {
  DT_GNU_HASH,
  DT_HASH,
  DT_SONAME,
  DT_STRSZ,
  DT_STRTAB,
  DT_SYMTAB,
  DynamicSymbols,
  parseDynamic,
  type AddressedBytes,
  type DynamicTables,
} from './dynamic-symbols.ts';
import { decodeHeader, ELF_MAGIC, elfKind, ET_DYN, ET_EXEC, PT_DYNAMIC, PT_LOAD, PT_NOTE, SHN_ABS, type ElfKind } from './layout.ts';
import { buildIdOf, notesOf } from './notes.ts';
import { decodeSegments, type ElfSegment } from './segments.ts';
import { cString } from './strings.ts';
import { STT_TLS, type ElfSymbol } from './symbol-table.ts';

const MAX_SEGMENTS = 1024;
const MAX_DYNAMIC = 65536;
const MAX_NOTES = 65536;
const MAX_STRINGS = 2 ** 26;

export class MappedImage {
  /** Where the image's lowest page lies. */
  readonly base: bigint;
  /** What is added to the file's addresses (l_addr of the link map). 0 for an executable that is not position-independent. */
  readonly bias: bigint;
  readonly kind: ElfKind;
  /** e_machine and e_type. */
  readonly machine: number;
  readonly type: number;
  /** Addresses as in the file: add `bias`. */
  readonly segments: readonly ElfSegment[];
  /** d_tag → d_val as it is in memory; empty without PT_DYNAMIC. */
  readonly dynamic: ReadonlyMap<number, bigint>;
  readonly #memory: AddressedBytes;
  #symbols: DynamicSymbols | undefined | null = null;

  private constructor(memory: AddressedBytes, base: bigint, kind: ElfKind, header: { machine: number; type: number }, segments: ElfSegment[]) {
    const loads = segments.filter(({ type }) => type === PT_LOAD);
    const lowest = loads.reduce((least, { address }) => (address < least ? address : least), loads[0]?.address ?? 0n);
    const first = loads.find(({ offset }) => offset === 0);
    this.base = base;
    // The header is the file's first byte: the segment that maps it says which address that byte was linked at.
    this.bias = base - (first?.address ?? lowest);
    this.kind = kind;
    this.machine = header.machine;
    this.type = header.type;
    this.segments = segments;
    this.#memory = memory;
    this.dynamic = this.#readDynamic();
  }

  /**
   * The image whose ELF header lies at `base`. Throws WorkbenchError `hole` when the header or the program headers are not in `memory`, `bad-format`
   * when there is no ELF executable or library.
   */
  static at(memory: AddressedBytes, base: bigint): MappedImage {
    const where = `0x${base.toString(16)}`;
    const ident = read(memory, base, 16, `ELF header at ${where}`);
    const kind = elfKind(ident[4], ident[5]);
    if (new DataView(ident.buffer, ident.byteOffset).getUint32(0, true) !== ELF_MAGIC || !kind) throw refuse(`No ELF header at ${where}`);
    const { headerSize, programHeaderSize } = kind.class;
    const bytes = read(memory, base, headerSize, `ELF header at ${where}`);
    const header = decodeHeader(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), kind);
    if (header.type !== ET_DYN && header.type !== ET_EXEC)
      throw refuse(`The ELF image at ${where} is neither a program nor a library: e_type ${header.type}`);
    if (header.programEntrySize !== programHeaderSize || header.programCount === 0 || header.programCount > MAX_SEGMENTS)
      throw refuse(`The ELF image at ${where} has no program headers that make sense`);
    const at = base + BigInt(header.programOffset);
    const programs = read(memory, at, header.programCount * programHeaderSize, `program headers at 0x${at.toString(16)}`);
    return new MappedImage(memory, base, kind, header, decodeSegments(programs, kind));
  }

  /** One byte beyond the image's last. */
  get end(): bigint {
    const ends = this.segments.filter(({ type }) => type === PT_LOAD).map(({ address, memorySize }) => address + BigInt(memorySize));
    return this.bias + ends.reduce((most, end) => (end > most ? end : most), 0n);
  }

  /** DT_SONAME; undefined when it has none or it is not in memory. */
  get soname(): string | undefined {
    const offset = this.dynamic.get(DT_SONAME);
    const strings = this.dynamic.get(DT_STRTAB);
    if (offset === undefined || strings === undefined) return undefined;
    const bytes = this.#memory.read(this.#rebased(strings) + offset, 256) ?? this.#memory.read(this.#rebased(strings) + offset, 32);
    return bytes && cString(bytes, 0);
  }

  /** NT_GNU_BUILD_ID as hex; undefined when there is none or it is not in memory. */
  get buildId(): string | undefined {
    for (const { type, address, fileSize, alignment } of this.segments) {
      if (type !== PT_NOTE || fileSize > MAX_NOTES) continue;
      const bytes = this.#memory.read(this.bias + address, fileSize);
      const found = bytes && buildIdOf(notesOf(bytes, this.kind.littleEndian, alignment));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Dynamic symbols, with addresses as in the file; undefined when the image has none. */
  get symbols(): DynamicSymbols | undefined {
    if (this.#symbols === null) {
      const tables = dynamicTables(this.dynamic, (value) => this.#rebased(value));
      this.#symbols = tables && new DynamicSymbols(this.#memory, tables, this.kind, this.machine);
    }
    return this.#symbols;
  }

  /** The exported symbol of that name, its `value` an address of the process. Undefined for none, and for variables of threads (STT_TLS). */
  find(name: string): ElfSymbol | undefined {
    const symbol = this.symbols?.find(name);
    if (!symbol || symbol.type === STT_TLS) return undefined;
    return symbol.section === SHN_ABS ? symbol : { ...symbol, value: this.#wrapped(symbol.value + this.bias) };
  }

  #readDynamic(): Map<number, bigint> {
    const segment = this.segments.find(({ type }) => type === PT_DYNAMIC);
    if (!segment) return new Map();
    const bytes = this.#memory.read(this.bias + segment.address, Math.min(segment.memorySize, MAX_DYNAMIC));
    return bytes ? parseDynamic(bytes, this.kind) : new Map();
  }

  /** glibc adds the bias to pointers in the dynamic section as it loads it, but not in the vDSO and where the section is read-only (MIPS, RISC-V; elf/get-dynamic-info.h, 2.36); musl never. */
  #rebased(value: bigint): bigint {
    return value >= this.base && value < this.end ? value : this.#wrapped(value + this.bias);
  }

  #wrapped(value: bigint): bigint {
    return BigInt.asUintN(this.kind.class.bits, value);
  }
}

/** Undefined when there is no symbol table or no hash table. `place` turns a value of the dynamic section into an address to read at. */
export function dynamicTables(dynamic: ReadonlyMap<number, bigint>, place: (value: bigint) => bigint): DynamicTables | undefined {
  const [symbols, strings, hash, gnuHash] = [DT_SYMTAB, DT_STRTAB, DT_HASH, DT_GNU_HASH].map((tag) => {
    const value = dynamic.get(tag);
    return value === undefined ? undefined : place(value);
  });
  if (symbols === undefined || strings === undefined || (hash === undefined && gnuHash === undefined)) return undefined;
  const size = Number(dynamic.get(DT_STRSZ) ?? 0n);
  return { symbols, strings, stringsSize: size > 0 && size <= MAX_STRINGS ? size : undefined, hash, gnuHash };
}

function read(memory: AddressedBytes, at: bigint, length: number, what: string): Uint8Array {
  const bytes = memory.read(at, length);
  if (!bytes) throw new WorkbenchError('hole', `The ${what} is not in the core`);
  return bytes;
}

const refuse = (message: string): WorkbenchError => new WorkbenchError('bad-format', message);
