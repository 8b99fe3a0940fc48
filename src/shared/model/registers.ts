/** CPU registers as the user sees them: named values with their bits unfolded, each with its source. */

/** A bit, or a run of bits, of a register or a table entry. */
export interface BitField {
  /** The manual's short name: `PG`, `NX`, `IOPL`. */
  name: string;
  /** Lowest bit. */
  bit: number;
  width: number;
  value: bigint;
  /** The manual's long name: "Paging". */
  title: string;
  /** What this value means here, as a short sentence: "paging is on". */
  meaning: string;
  /** True for bits that must not have this value. */
  reserved?: boolean;
}

export type RegisterGroup = 'general' | 'control' | 'debug' | 'system' | 'floating-point' | 'vector' | 'timer' | 'other';

export interface Register {
  /** Lower case, as gdb spells it: `rax`, `cr3`, `efer`. */
  name: string;
  value: bigint;
  /** Width in bits. */
  width: number;
  group: RegisterGroup;
  /** Where the value comes from: a section and field, a note and offset, or the inference. */
  source: string;
  /** True when the dump does not hold it and it was worked out. */
  inferred?: boolean;
  /** Where only some bits could be worked out: those bits. The others are unknown. */
  knownBits?: bigint;
  /** `gva`/`gpa` where the value is an address; shown as an address chip. */
  addressSpace?: 'gva' | 'gpa';
  fields: BitField[];
}

export interface SegmentRegister {
  /** cs ss ds es fs gs ldt tr gdt idt */
  name: string;
  selector: number;
  base: bigint;
  limit: number;
  /** As the descriptor's second word holds them, bits 8 to 23. */
  flags: number;
  source: string;
  /** "64-bit code, DPL 0, accessed" */
  meaning: string;
  fields: BitField[];
}

/** Page tables that a CPU has loaded, and the virtual addresses that they translate. */
export interface PagingTable {
  /** The register that holds the root, as the manual writes it: `CR3`, `TTBR1_EL1`. */
  register: string;
  /** Id of a paging mode, `off` when paging is off. */
  mode: PagingModeId;
  title: string;
  /** GPA of the top table; null where the dump does not hold the register that says so. */
  root: number | null;
  /** Virtual addresses, `last` inclusive. */
  first: bigint;
  last: bigint;
}

/** A translation regime of a CPU: the tables that translate its virtual addresses, or those of one of its privilege levels. */
export interface CpuPaging extends Pick<PagingTable, 'register' | 'mode' | 'title' | 'root'> {
  /** Unique on this CPU: `cr3`, `el1`, `home`. */
  id: string;
  /** Ascending and disjoint, one or two. The kernel's, the last one, is also the regime's own `register`, `mode` and `root`. */
  tables: PagingTable[];
  /** Why this mode: "CR0.PG, CR4.PAE, EFER.LMA; CR4.LA57 is clear". */
  reason: string;
  /** With two stages of translation: the second, which the addresses in these tables and those that they lead to go through. */
  below?: CpuPaging;
}

/** `x86-64-4level`; an id of Architecture.pagingMode, which knows more of them than `rootModes` lists. `off` in every family. */
export type PagingModeId = string;

export interface CpuView {
  index: number;
  /** One line: "64-bit kernel, halted". */
  mode: string;
  /** The regime that translates what the CPU executes. */
  paging: CpuPaging;
  /** All regimes whose tables it has loaded, `paging` first. */
  regimes: CpuPaging[];
  /** Names of the registers that hold the next instruction's address and the stack's: `rip`, `rsp`. */
  pointers: { instruction: string; stack: string };
  registers: Register[];
  segments: SegmentRegister[];
}
