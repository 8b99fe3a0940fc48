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
}

export const CPU_FAMILIES: readonly CpuFamily[] = [
  { id: 'x86-64', title: 'x86-64', elfMachine: 62 },
  { id: 'i386', title: 'i386 (32-bit x86)', elfMachine: 3 },
  { id: 'arm64', title: 'AArch64', elfMachine: 183 },
  { id: 'arm', title: 'ARM (32-bit)', elfMachine: 40 },
  { id: 'riscv64', title: 'RISC-V (64-bit)', elfMachine: 243, elfBits: 64 },
  { id: 'riscv32', title: 'RISC-V (32-bit)', elfMachine: 243, elfBits: 32 },
  { id: 's390x', title: 's390x', elfMachine: 22 },
  { id: 'ppc64', title: 'POWER (64-bit)', elfMachine: 21 },
  { id: 'ppc', title: 'PowerPC (32-bit)', elfMachine: 20 },
  { id: 'loongarch64', title: 'LoongArch (64-bit)', elfMachine: 258 },
  { id: 'mips', title: 'MIPS', elfMachine: 8 },
];

export function findFamily(id: string | undefined): CpuFamily | undefined {
  return CPU_FAMILIES.find((family) => family.id === id);
}

/** The family of an ELF file; undefined for a machine that is none of them. */
export function findFamilyOfElf(elfMachine: number, elfBits: 32 | 64): CpuFamily | undefined {
  return CPU_FAMILIES.find((family) => family.elfMachine === elfMachine && (family.elfBits ?? elfBits) === elfBits);
}
