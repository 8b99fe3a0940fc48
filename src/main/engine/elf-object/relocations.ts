/**
 * Relocation of the debug sections of object files and kernel modules (ET_REL), where every reference to a string, a line or another section is still
 * to be filled in. Only the kinds that assemblers use in data are known: absolute values and, where the linker may shorten code (RISC-V, LoongArch),
 * additions and subtractions. Numbers: each CPU's psABI, as in binutils' include/elf/CPU.h.
 */
import { WorkbenchError } from '#shared/errors.ts';
import type { ElfFile } from './elf-file.ts';
import { address, SHN_ABS, SHN_LORESERVE, SHT_REL, SHT_RELA, SHT_SYMTAB, word } from './layout.ts';
import { HeldContents, sectionContents, type SectionContents } from './section-contents.ts';
import type { ElfSection } from './sections.ts';
import type { SymbolTable } from './symbol-table.ts';

/** What a relocation does with the place: its width in bytes, and the operation on it. */
interface Operation {
  width: 1 | 2 | 4 | 8;
  kind: 'set' | 'add' | 'subtract' | 'set-6' | 'subtract-6' | 'relative' | 'none';
}

const set = (width: Operation['width']): Operation => ({ width, kind: 'set' });
const add = (width: Operation['width']): Operation => ({ width, kind: 'add' });
const subtract = (width: Operation['width']): Operation => ({ width, kind: 'subtract' });
const relative = (width: Operation['width']): Operation => ({ width, kind: 'relative' });
const NONE: Operation = { width: 1, kind: 'none' };
const SET_4 = set(4);

/** e_machine → relocation type → operation. */
const OPERATIONS: Readonly<Record<number, Readonly<Record<number, Operation>>>> = {
  // EM_386: R_386_32, _PC32, _TLS_LDO_32
  3: { 0: NONE, 1: SET_4, 2: relative(4), 32: SET_4 },
  // EM_MIPS: R_MIPS_32, _64
  8: { 0: NONE, 2: SET_4, 18: set(8) },
  // EM_PPC: R_PPC_ADDR32, _REL32
  20: { 0: NONE, 1: SET_4, 26: relative(4) },
  // EM_PPC64: R_PPC64_ADDR32, _REL32, _ADDR64, _REL64, _DTPREL64
  21: { 0: NONE, 1: SET_4, 26: relative(4), 38: set(8), 44: relative(8), 78: set(8) },
  // EM_S390: R_390_8, _16, _32, _PC32, _64, _PC64, _TLS_LDO32, _TLS_LDO64
  22: { 0: NONE, 1: set(1), 3: set(2), 4: SET_4, 5: relative(4), 22: set(8), 23: relative(8), 52: SET_4, 53: set(8) },
  // EM_ARM: R_ARM_ABS32, _REL32, _TLS_LDO32
  40: { 0: NONE, 2: SET_4, 3: relative(4), 106: SET_4 },
  // EM_X86_64: R_X86_64_64, _PC32, _32, _32S, _16, _8, _DTPOFF64, _DTPOFF32, _PC64
  62: { 0: NONE, 1: set(8), 2: relative(4), 10: SET_4, 11: SET_4, 12: set(2), 14: set(1), 17: set(8), 21: SET_4, 24: relative(8) },
  // EM_AARCH64: R_AARCH64_ABS64, _ABS32, _ABS16, _PREL64, _PREL32, _TLS_DTPREL64
  183: { 0: NONE, 256: NONE, 257: set(8), 258: SET_4, 259: set(2), 260: relative(8), 261: relative(4), 1029: set(8) },
  // EM_RISCV: R_RISCV_32, _64, _TLS_DTPREL32, _TLS_DTPREL64; _ADD8 to _ADD64, _SUB8 to _SUB64; _RELAX; _SUB6, _SET6, _SET8 to _SET32, _32_PCREL
  243: {
    ...{ 0: NONE, 1: SET_4, 2: set(8), 8: SET_4, 9: set(8) },
    ...{ 33: add(1), 34: add(2), 35: add(4), 36: add(8), 37: subtract(1), 38: subtract(2), 39: subtract(4), 40: subtract(8) },
    ...{ 51: NONE, 52: { width: 1, kind: 'subtract-6' }, 53: { width: 1, kind: 'set-6' }, 54: set(1), 55: set(2), 56: SET_4, 57: relative(4) },
  },
  // EM_LOONGARCH: R_LARCH_32, _64, _TLS_DTPREL32, _TLS_DTPREL64; _ADD8, _ADD16, _ADD32, _ADD64, _SUB8, _SUB16, _SUB32, _SUB64; _32_PCREL, _RELAX
  258: {
    ...{ 0: NONE, 1: SET_4, 2: set(8), 8: SET_4, 9: set(8) },
    ...{ 47: add(1), 48: add(2), 50: add(4), 51: add(8), 52: subtract(1), 53: subtract(2), 55: subtract(4), 56: subtract(8) },
    ...{ 99: relative(4), 100: NONE },
  },
};

/** Relocations read at a time. */
const PIECE = 65536;

/** The relocation sections that apply to `section`. */
export function relocationsFor(file: ElfFile, section: ElfSection): ElfSection[] {
  return file.sections.filter(({ type, info, size }) => (type === SHT_RELA || type === SHT_REL) && info === section.index && size > 0);
}

/** Contents with their relocations applied, all at the first read. */
export class RelocatedContents implements SectionContents {
  readonly size: number;
  readonly #file: ElfFile;
  readonly #plain: SectionContents;
  readonly #relocations: readonly ElfSection[];
  #held: HeldContents | undefined;

  constructor(file: ElfFile, plain: SectionContents, relocations: readonly ElfSection[]) {
    this.size = plain.size;
    this.#file = file;
    this.#plain = plain;
    this.#relocations = relocations;
  }

  read(offset: number, length: number): Uint8Array {
    return this.#relocated().read(offset, length);
  }

  all(): Uint8Array {
    return this.#relocated().all();
  }

  #relocated(): HeldContents {
    if (!this.#held) {
      const bytes = this.#plain.all();
      for (const section of this.#relocations) applyRelocations(this.#file, bytes, section);
      this.#held = new HeldContents(bytes, this.#file.source.name, 'a relocated section');
    }
    return this.#held;
  }
}

/** Throws WorkbenchError `unsupported` for a kind of relocation that is not known, DumpFormatError for a section outside the file. */
function applyRelocations(file: ElfFile, target: Uint8Array, relocations: ElfSection): void {
  const { kind, machine } = file;
  const operations = OPERATIONS[machine];
  if (!operations)
    throw new WorkbenchError('unsupported', `${file.source.name}: relocations of e_machine ${machine} are not known; link the file first`);
  const symbolSection = file.sections[relocations.link];
  const values = new SymbolValues(file, symbolSection?.type === SHT_SYMTAB ? file.symbolTable(symbolSection) : undefined);
  const withAddend = relocations.type === SHT_RELA;
  const half = kind.class.bits / 8;
  const entry = withAddend ? half * 3 : half * 2;
  const contents = sectionContents(file.source, relocations, kind);
  const count = Math.floor(contents.size / entry);
  /** Where the lower 32 bits of an addend lie. */
  const lowHalf = half === 8 && !kind.littleEndian ? 4 : 0;
  const view = new DataView(target.buffer, target.byteOffset, target.length);

  for (let done = 0; done < count; done += PIECE) {
    const piece = contents.read(done * entry, Math.min(PIECE, count - done) * entry);
    const table = new DataView(piece.buffer, piece.byteOffset, piece.length);
    for (let at = 0; at < piece.length; at += entry) {
      const { type, symbol } = relocationInfo(table, at + half, file);
      const operation = operations[type];
      if (!operation)
        throw new WorkbenchError(
          'unsupported',
          `${file.source.name}: relocation type ${type} of e_machine ${machine} is not known in ${relocations.name}`,
        );
      const place = word(table, at, kind);
      if (operation.kind === 'none' || place + operation.width > target.length) continue;
      if (operation === SET_4) {
        // Nearly all of them: references to strings, of which half a million are no work for bigint.
        const added = withAddend ? table.getUint32(at + half * 2 + lowHalf, kind.littleEndian) : view.getUint32(place, kind.littleEndian);
        view.setUint32(place, values.low(symbol) + added, kind.littleEndian);
        continue;
      }
      const addend = withAddend ? address(table, at + half * 2, kind) : readWidth(view, place, operation.width, kind.littleEndian);
      apply(view, place, operation, values.of(symbol) + addend, kind.littleEndian);
    }
  }
}

/** r_info. MIPS with 64 bits has a form of its own: u32 symbol, then four bytes of which the last is the type. */
function relocationInfo(table: DataView, at: number, { kind, machine }: ElfFile): { type: number; symbol: number } {
  const { littleEndian } = kind;
  if (kind.class.bits === 32) {
    const info = table.getUint32(at, littleEndian);
    return { type: info & 0xff, symbol: info >>> 8 };
  }
  if (machine === 8 && littleEndian) return { type: table.getUint8(at + 7), symbol: table.getUint32(at, true) };
  return { type: table.getUint32(at + (littleEndian ? 0 : 4), littleEndian), symbol: table.getUint32(at + (littleEndian ? 4 : 0), littleEndian) };
}

/** Values of symbols, kept: most relocations are against a handful of sections. */
class SymbolValues {
  readonly #file: ElfFile;
  readonly #table: SymbolTable | undefined;
  readonly #known = new Map<number, bigint>();
  readonly #low = new Map<number, number>();

  constructor(file: ElfFile, table: SymbolTable | undefined) {
    this.#file = file;
    this.#table = table;
  }

  /** The lower 32 bits. */
  low(symbol: number): number {
    let value = this.#low.get(symbol);
    if (value === undefined) this.#low.set(symbol, (value = Number(BigInt.asUintN(32, this.of(symbol)))));
    return value;
  }

  /** 0 for one that is not there or undefined: what it refers to is in another file. */
  of(symbol: number): bigint {
    if (!this.#table || symbol >= this.#table.count) return 0n;
    let value = this.#known.get(symbol);
    if (value === undefined) {
      const section = this.#table.sectionOf(symbol);
      const base = section < SHN_LORESERVE || section > SHN_ABS ? (this.#file.loadAddress(section) ?? 0n) : 0n;
      value = this.#table.valueOf(symbol) + base;
      this.#known.set(symbol, value);
    }
    return value;
  }
}

function readWidth(view: DataView, at: number, width: Operation['width'], littleEndian: boolean): bigint {
  switch (width) {
    case 1:
      return BigInt(view.getUint8(at));
    case 2:
      return BigInt(view.getUint16(at, littleEndian));
    case 4:
      return BigInt(view.getUint32(at, littleEndian));
    default:
      return view.getBigUint64(at, littleEndian);
  }
}

function apply(view: DataView, at: number, { width, kind }: Operation, value: bigint, littleEndian: boolean): void {
  const result = combine(kind, kind === 'set' ? 0n : readWidth(view, at, width, littleEndian), value, at);
  if (width === 8) view.setBigUint64(at, BigInt.asUintN(64, result), littleEndian);
  else if (width === 4) view.setUint32(at, Number(BigInt.asUintN(32, result)), littleEndian);
  else if (width === 2) view.setUint16(at, Number(BigInt.asUintN(16, result)), littleEndian);
  else view.setUint8(at, Number(BigInt.asUintN(8, result)));
}

function combine(kind: Operation['kind'], old: bigint, value: bigint, at: number): bigint {
  switch (kind) {
    case 'set':
      return value;
    case 'add':
      return old + value;
    case 'subtract':
      return old - value;
    case 'set-6':
      return (old & 0xc0n) | (value & 0x3fn);
    case 'subtract-6':
      return (old & 0xc0n) | ((old - value) & 0x3fn);
    case 'relative':
      // Counted from the place itself, which in the section's own numbering is its offset.
      return value - BigInt(at);
    case 'none':
      return old;
  }
}
