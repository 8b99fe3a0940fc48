/**
 * Of what machine, class and byte order the ELF file is.
 *
 * Facts: cpu_get_dump_info of QEMU's target/i386, arm, s390x, ppc and riscv (v7.2). An x86 file is EM_X86_64 when CPU 0 is in long mode; else EM_386, of ELFCLASS32, or of ELFCLASS64 when
 * memory reaches 4 GiB, as the firmware just below does on PCs. The others have the class of their words and the byte order of the guest's interrupts.
 */
import type { Architecture } from '../../arch/architecture.ts';
import { findFamily } from '../../arch/families.ts';
import { i386 } from '../../arch/i386/index.ts';
import type { ExportOptions } from '#shared/model/export.ts';
import { CLASS_32, CLASS_64, type ElfKind } from '../../elf-object/layout.ts';
import type { OpenedDump } from '../../formats/format.ts';
import type { ExportSource } from '../export-source.ts';

const EM_NONE = 0;
/** EFER.LMA: long mode is active. */
const LMA = 1n << 10n;
const FOUR_GIB = 2 ** 32;
/** Room for headers and notes in a file whose offsets have 32 bits. */
const HEADER_ROOM = 2 ** 26;

export interface ElfTarget {
  kind: ElfKind;
  /** e_machine. */
  machine: number;
}

/** Files in QEMU's layout have the byte order that QEMU's have. */
export function targetOf(source: ExportSource, layout?: ExportOptions['layout']): ElfTarget {
  const { dump, architecture } = source;
  const family = findFamily(notesArchitecture({ dump, architecture })?.id ?? dump.architecture);
  const last = dump.regions.reduce((highest, region) => Math.max(highest, region.last), 0);
  const size = dump.regions.reduce((sum, region) => sum + region.last - region.start + 1, 0);
  const short = family?.short === true && last + 1 < FOUR_GIB && size + HEADER_ROOM < FOUR_GIB;
  return { kind: { class: short ? CLASS_32 : CLASS_64, littleEndian: noteOrder(source, layout) }, machine: family?.elfMachine ?? EM_NONE };
}

/** The dump's byte order; where it does not say, that of most guests of its family. */
export function isLittleEndian({ littleEndian, architecture }: OpenedDump): boolean {
  return littleEndian ?? findFamily(architecture)?.bigEndian !== true;
}

/** Whether a file's headers and notes are little-endian. The notes of a vmcore are taken as they are. */
export function noteOrder({ dump, architecture }: ExportSource, layout?: ExportOptions['layout']): boolean {
  const [first] = dump.cpus;
  const qemu = layout === 'qemu' && dump.notes.length === 0 && first ? architecture?.qemuLittleEndian?.(first) : undefined;
  return qemu ?? isLittleEndian(dump);
}

/** Whose notes the CPUs get: a 64-bit machine's are those of 32-bit CPUs while CPU 0 is not in long mode. */
export function notesArchitecture({ dump, architecture }: Pick<ExportSource, 'dump' | 'architecture'>): Architecture | undefined {
  const efer = dump.cpus[0]?.registers.efer;
  return architecture?.id === 'x86-64' && dump.notes.length === 0 && efer && (efer.value & LMA) === 0n ? i386 : architecture;
}
