/**
 * The CPU families whose dumps open, decoded or not: ids as everywhere, titles for people, and the e_machine of their ELF files (System V gABI,
 * "Machine Information", and the registry that it refers to). Those of ARCHITECTURES are decoded.
 */
export interface CpuFamily {
  /** As in Architecture.id and OpenedDump.architecture. */
  id: string;
  title: string;
  elfMachine: number;
  /** Where two families share an e_machine: the one of ELFCLASS32 or ELFCLASS64 files. */
  elfBits?: 32 | 64;
  /** True for families of 32-bit words. */
  short?: true;
  /** True for families whose guests are big-endian, or most of which are. */
  bigEndian?: true;
}

export const CPU_FAMILIES: readonly CpuFamily[] = [
  { id: 'x86-64', title: 'x86-64', elfMachine: 62 },
  { id: 'i386', title: 'i386 (32-bit x86)', elfMachine: 3, short: true },
  { id: 'arm64', title: 'AArch64', elfMachine: 183 },
  { id: 'arm', title: 'ARM (32-bit)', elfMachine: 40, short: true },
  { id: 'riscv64', title: 'RISC-V (64-bit)', elfMachine: 243, elfBits: 64 },
  { id: 'riscv32', title: 'RISC-V (32-bit)', elfMachine: 243, elfBits: 32, short: true },
  { id: 's390x', title: 's390x', elfMachine: 22, bigEndian: true },
  { id: 'ppc64', title: 'POWER (64-bit)', elfMachine: 21 },
  { id: 'ppc', title: 'PowerPC (32-bit)', elfMachine: 20, short: true, bigEndian: true },
  { id: 'loongarch64', title: 'LoongArch (64-bit)', elfMachine: 258 },
  { id: 'mips', title: 'MIPS', elfMachine: 8, short: true, bigEndian: true },
];

export function findFamily(id: string | undefined): CpuFamily | undefined {
  return CPU_FAMILIES.find((family) => family.id === id);
}

/** The family of an ELF file; undefined for a machine that is none of them. */
export function findFamilyOfElf(elfMachine: number, elfBits: 32 | 64): CpuFamily | undefined {
  return CPU_FAMILIES.find((family) => family.elfMachine === elfMachine && (family.elfBits ?? elfBits) === elfBits);
}
