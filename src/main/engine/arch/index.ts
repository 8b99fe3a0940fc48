/** The CPU families that are decoded. */
import type { Architecture } from './architecture.ts';
import { arm } from './arm/index.ts';
import { arm64 } from './arm64/index.ts';
import { i386 } from './i386/index.ts';
import { ppc64 } from './ppc64/index.ts';
import { s390x } from './s390x/index.ts';
import { riscv32 } from './riscv32/index.ts';
import { riscv64 } from './riscv64/index.ts';
import { x86_64 } from './x86-64/index.ts';

export type { Architecture, CpuNote, NoteContext } from './architecture.ts';

export const ARCHITECTURES: readonly Architecture[] = [x86_64, i386, arm64, arm, s390x, ppc64, riscv64, riscv32];

/** By e_machine of an ELF file; undefined for a CPU that is not decoded. */
export function findArchitectureByElfMachine(machine: number): Architecture | undefined {
  return ARCHITECTURES.find(({ elfMachine }) => elfMachine === machine);
}
