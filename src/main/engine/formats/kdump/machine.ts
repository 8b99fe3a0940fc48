/** Which CPU family a kdump file is of. The header names the machine as uname does; QEMU leaves "Unknown" for most families, and then the notes give it away. */
import { NT_PRSTATUS } from '../elf/layout.ts';
import type { FoundNote } from '../elf/notes.ts';
import { findFamily, type CpuFamily } from '../../arch/families.ts';
import type { Header } from './layout.ts';

/** utsname.machine by Linux (UTS_MACHINE of each arch/, i386 as the CPU's generation) and by QEMU (ELF_MACHINE_UNAME). */
const BY_NAME: readonly [RegExp, string][] = [
  [/^x86_64$/, 'x86-64'],
  [/^i[3-6]86$/, 'i386'],
  [/^aarch64/, 'arm64'],
  [/^arm/, 'arm'],
  [/^riscv64$/, 'riscv64'],
  [/^riscv32$/, 'riscv32'],
  [/^s390x$/i, 's390x'],
  [/^ppc64/, 'ppc64'],
  [/^ppc$/, 'ppc'],
  [/^loongarch64$/, 'loongarch64'],
  [/^mips/, 'mips'],
];

/** Bytes of NT_PRSTATUS (struct elf_prstatus of each family, and as QEMU writes it), by byte order: x86-64 and s390x have 336 both. */
const BY_PRSTATUS: Record<'little' | 'big', Partial<Record<number, string>>> = {
  little: { 336: 'x86-64', 144: 'i386', 392: 'arm64', 376: 'riscv64', 204: 'riscv32', 148: 'arm', 504: 'ppc64', 480: 'loongarch64' },
  big: { 336: 's390x', 392: 'arm64', 504: 'ppc64', 268: 'ppc', 328: 'ppc' },
};

/** Undefined when neither tells. */
export function familyOf({ utsname, littleEndian }: Header, notes: readonly FoundNote[]): CpuFamily | undefined {
  const prstatus = notes.find(({ owner, type }) => owner === 'CORE' && type === NT_PRSTATUS);
  const byNote = prstatus && BY_PRSTATUS[littleEndian ? 'little' : 'big'][prstatus.description.length];
  const byName = BY_NAME.find(([name]) => name.test(utsname.machine))?.[1];
  // A 32-bit guest of qemu-system-x86_64 has the host's name and its own registers.
  if (byName === 'x86-64' && byNote === 'i386') return findFamily('i386');
  return findFamily(byName ?? byNote);
}
