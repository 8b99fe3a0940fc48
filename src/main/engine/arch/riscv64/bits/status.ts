/**
 * mstatus, vsstatus, hstatus, misa, fcsr and the environment registers.
 *
 * Source: RISC-V Privileged Architecture (20240411), "Machine Status (mstatus and mstatush) Registers", "Machine ISA (misa) Register", "Machine Environment Configuration (menvcfg) Register", "Hypervisor Status (hstatus)
 * Register"; Unprivileged ISA, "Floating-Point Control and Status Register".
 */
import { field, flag, type BitRow, type BitTable } from '../../bit-table.ts';

const PRIVILEGE = ['user mode', 'supervisor mode', 'reserved', 'machine mode'];
const STATE = ['off: its instructions are illegal', 'initial', 'clean: as it was last saved', 'dirty: must be saved'];
const XLEN = ['not set', '32 bits', '64 bits', '128 bits'];

const BOTH: readonly BitRow[] = [
  flag(1, 'SIE', 'Supervisor interrupts enabled', 'no interrupts in supervisor mode', 'interrupts in supervisor mode'),
  flag(5, 'SPIE', 'SIE before the trap', 'interrupts were off', 'interrupts were on'),
  flag(6, 'UBE', 'Byte order of user mode', 'little-endian', 'big-endian'),
  flag(8, 'SPP', 'Mode before the trap', 'user mode', 'supervisor mode'),
  field(9, 2, 'VS', 'Vector registers', STATE),
  field(13, 2, 'FS', 'Floating-point registers', STATE),
  field(15, 2, 'XS', 'Registers of other extensions', STATE),
  flag(18, 'SUM', "Supervisor may access user mode's pages", 'such an access faults', 'permitted'),
  flag(19, 'MXR', 'Executable pages may be read', 'only those with R', 'those with X, too'),
  flag(23, 'SPELP', 'Landing pad expected before the trap to supervisor mode', 'none was', 'one was'),
  flag(24, 'SDT', 'Double trap in supervisor mode', 'a trap may be taken', 'a further trap would be a double trap'),
];

const SD_64 = flag(63, 'SD', 'FS, VS or XS is dirty', 'none', 'at least one');
const SD_32 = flag(31, 'SD', 'FS, VS or XS is dirty', 'none', 'at least one');
const UXL = field(32, 2, 'UXL', "User mode's width", XLEN);

/** vsstatus; sstatus has the same form. */
export const SSTATUS_BITS: BitTable = { unlisted: 'reserved', rows: [...BOTH, UXL, SD_64] };

const MACHINE: readonly BitRow[] = [
  flag(3, 'MIE', 'Machine interrupts enabled', 'no interrupts in machine mode', 'interrupts in machine mode'),
  flag(7, 'MPIE', 'MIE before the trap', 'interrupts were off', 'interrupts were on'),
  field(11, 2, 'MPP', 'Mode before the trap to machine mode', PRIVILEGE),
  flag(17, 'MPRV', 'Loads and stores as in mode MPP', 'as in the current mode', 'translated and checked as in the mode in MPP'),
  flag(20, 'TVM', 'Trap virtual memory', 'supervisor mode may change satp', 'satp and SFENCE.VMA are illegal in supervisor mode'),
  flag(21, 'TW', 'Timeout of WFI', 'WFI waits', 'WFI is illegal below machine mode'),
  flag(22, 'TSR', 'Trap SRET', 'SRET is legal', 'SRET is illegal in supervisor mode'),
  field(34, 2, 'SXL', "Supervisor mode's width", XLEN),
  flag(36, 'SBE', 'Byte order of supervisor mode', 'little-endian', 'big-endian'),
  flag(37, 'MBE', 'Byte order of machine mode', 'little-endian', 'big-endian'),
  flag(38, 'GVA', 'mtval holds a guest virtual address', 'no', 'yes'),
  flag(39, 'MPV', 'Virtualization before the trap to machine mode', 'none', 'a virtual machine ran'),
  flag(41, 'MPELP', 'Landing pad expected before the trap to machine mode', 'none was', 'one was'),
  flag(42, 'MDT', 'Double trap in machine mode', 'a trap may be taken', 'a further trap would be a double trap'),
];

export const MSTATUS_BITS: BitTable = { unlisted: 'reserved', rows: [...BOTH, ...MACHINE, UXL, SD_64] };
/** With mstatush on top of it, as QEMU saves it of 32-bit CPUs. */
export const MSTATUS_32_BITS: BitTable = { unlisted: 'reserved', rows: [...BOTH, ...MACHINE.filter(({ name }) => name !== 'SXL'), SD_32] };

export const HSTATUS_BITS: BitTable = {
  unlisted: 'reserved',
  rows: [
    flag(5, 'VSBE', 'Byte order of VS-mode', 'little-endian', 'big-endian'),
    flag(6, 'GVA', 'stval holds a guest virtual address', 'no', 'yes'),
    flag(7, 'SPV', 'Virtualization before the trap', 'none', 'a virtual machine ran'),
    flag(8, 'SPVP', "The virtual machine's mode before the trap", 'user mode (VU)', 'supervisor mode (VS)'),
    flag(9, 'HU', 'Hypervisor loads and stores in user mode', 'illegal', 'permitted'),
    field(12, 6, 'VGEIN', 'External interrupt source of the virtual machine', (value) => (value === 0n ? 'none' : `source ${value}`)),
    flag(20, 'VTVM', 'Trap virtual memory', 'VS-mode may change satp', 'satp and SFENCE.VMA trap in VS-mode'),
    flag(21, 'VTW', 'Timeout of WFI', 'WFI waits', 'WFI traps in VS-mode'),
    flag(22, 'VTSR', 'Trap SRET', 'SRET is legal', 'SRET traps in VS-mode'),
    field(32, 2, 'VSXL', "VS-mode's width", XLEN),
    field(48, 2, 'HUPMM', 'Pointer masking of hypervisor loads in user mode', ['off', 'reserved', '7 bits', '16 bits']),
  ],
};

const LETTERS: Record<string, string> = {
  A: 'Atomic instructions',
  B: 'Bit manipulation',
  C: 'Compressed instructions',
  D: 'Double-precision floating point',
  E: '16 general registers only',
  F: 'Single-precision floating point',
  G: 'Reserved (once a sum of others)',
  H: 'Hypervisor',
  I: 'Base integer instructions',
  J: 'Dynamically translated languages',
  M: 'Multiplication and division',
  N: 'User-level interrupts',
  P: 'Packed SIMD',
  Q: 'Quad-precision floating point',
  S: 'Supervisor mode',
  U: 'User mode',
  V: 'Vector',
  X: 'Non-standard extensions',
};
const LETTER_ROWS = Object.entries(LETTERS).map(([letter, title]) => flag(letter.charCodeAt(0) - 65, letter, title, 'not there', 'there'));
export const MISA_BITS: BitTable = { unlisted: 'reserved', rows: [...LETTER_ROWS, field(62, 2, 'MXL', "Machine mode's width", XLEN)] };
export const MISA_32_BITS: BitTable = { unlisted: 'reserved', rows: [...LETTER_ROWS, field(30, 2, 'MXL', "Machine mode's width", XLEN)] };

const CBIE = ['illegal', 'a flush is done instead', 'reserved', 'an invalidation is done'];
const MASKING = ['off', 'reserved', '7 bits', '16 bits'];
export const ENVCFG_BITS: BitTable = {
  unlisted: 'reserved',
  rows: [
    flag(0, 'FIOM', 'Fence of I/O implies memory', 'no', 'fences of device accesses order memory, too'),
    flag(2, 'LPE', 'Landing pads', 'off', 'on'),
    flag(3, 'SSE', 'Shadow stack', 'off', 'on'),
    field(4, 2, 'CBIE', 'Cache block invalidation', CBIE),
    flag(6, 'CBCFE', 'Cache block clean and flush', 'illegal', 'permitted'),
    flag(7, 'CBZE', 'Cache block zero', 'illegal', 'permitted'),
    field(32, 2, 'PMM', 'Pointer masking', MASKING),
    flag(59, 'DTE', 'Double traps', 'off', 'on'),
    flag(60, 'CDE', 'Counter delegation', 'off', 'on'),
    flag(61, 'ADUE', 'Accessed and dirty bits', 'a page without them faults', 'the CPU sets them'),
    flag(62, 'PBMTE', 'Memory types of pages (Svpbmt)', 'off: entries must have PBMT clear', 'on'),
    flag(63, 'STCE', 'stimecmp (Sstc)', 'off', 'on'),
  ],
};

export const FRM_BITS: BitTable = {
  unlisted: 'reserved',
  rows: [
    field(0, 3, 'RM', 'Rounding', [
      'to nearest, ties to even',
      'towards zero',
      'down',
      'up',
      'to nearest, ties away',
      'reserved',
      'reserved',
      'dynamic: reserved here',
    ]),
  ],
};

export const PRIVILEGE_BITS: BitTable = { unlisted: 'other', rows: [field(0, 2, 'PRV', 'Mode', PRIVILEGE)] };
export const VIRT_BITS: BitTable = {
  unlisted: 'other',
  rows: [flag(0, 'V', 'Virtualization', 'no virtual machine runs', 'a virtual machine runs: satp, stvec and the like are its own')],
};

export const PMPCFG_BITS: BitTable = {
  unlisted: 'reserved',
  rows: [
    flag(0, 'R', 'Read', 'no', 'permitted'),
    flag(1, 'W', 'Write', 'no', 'permitted'),
    flag(2, 'X', 'Execute', 'no', 'permitted'),
    field(3, 2, 'A', 'Addresses', [
      'off',
      'from the rule before up to the address (TOR)',
      'four bytes (NA4)',
      'a power of two, as the address says (NAPOT)',
    ]),
    flag(7, 'L', 'Locked', 'may be changed; not for machine mode', 'until reset; for machine mode, too'),
  ],
};
