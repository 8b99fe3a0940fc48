/**
 * Which build a kernel in memory is, so that files of another one are not taken for it.
 *
 * Facts: Linux kernel/crash_core.c (BUILD-ID in VMCOREINFO since v5.9, 0935288c6e00), include/asm-generic/vmlinux.lds.h (__start_notes),
 * include/linux/module.h (module.build_id since v5.14, 9294523e3768), kernel/module/sysfs.c (struct module_notes_attrs: private is where the note lies; v6.1).
 */
import { WorkbenchError } from '#shared/errors.ts';
import { buildIdOf, hexOf, notesOf } from '../elf-object/notes.ts';
import { KernelStruct } from '../linux/kernel-struct.ts';
import type { LinuxKernel } from '../linux/kernel.ts';
import type { LinuxModule } from '../linux/modules.ts';

/** .notes of a kernel takes some 500 bytes. */
const MAX_NOTES = 65536;
/** Sections of notes in a module; the build id's is among the first. */
const MAX_NOTE_SECTIONS = 16;
const BUILD_ID_SECTION = '.note.gnu.build-id';
const BUILD_ID_BYTES = 20;

/** Of the running kernel, as lower-case hex. `notesAt`: where its notes lie, for a kernel whose symbols nobody else knows. */
export function buildIdOfKernel(kernel: LinuxKernel, notesAt?: { start: bigint; stop: bigint }): string | undefined {
  const noted = kernel.vmcoreinfo.get('BUILD-ID');
  if (noted !== undefined && /^[\da-f]{2,128}$/i.test(noted)) return noted.toLowerCase();
  const start = kernel.address('__start_notes') ?? notesAt?.start;
  const stop = kernel.address('__stop_notes') ?? notesAt?.stop;
  if (start === undefined || stop === undefined || stop <= start || stop - start > MAX_NOTES) return undefined;
  return notedAt(kernel, start, Number(stop - start));
}

/** Undefined where the module is not loaded, or memory does not tell. */
export function buildIdOfModule(kernel: LinuxKernel, name: string): string | undefined {
  try {
    const module = kernel.module(name);
    return module && (keptBuildId(module) ?? notesAttribute(module));
  } catch (error) {
    // Without types of the kernel nobody finds its modules.
    if (error instanceof WorkbenchError) return undefined;
    throw error;
  }
}

function keptBuildId({ kernel, struct }: LinuxModule): string | undefined {
  if (!struct.has('build_id')) return undefined;
  const bytes = kernel.space.bytes(struct.at('build_id'), BUILD_ID_BYTES);
  return bytes?.some((byte) => byte !== 0) ? hexOf(bytes) : undefined;
}

function notesAttribute({ kernel, struct }: LinuxModule): string | undefined {
  const attributes = struct.has('notes_attrs') ? struct.follow('notes_attrs', 'module_notes_attrs') : undefined;
  if (!attributes?.has('attrs[0].private')) return undefined;
  const count = attributes.has('notes') ? (attributes.small('notes') ?? 0) : MAX_NOTE_SECTIONS;
  for (let index = 0; index < Math.min(count, MAX_NOTE_SECTIONS); index++) {
    const attribute = new KernelStruct(kernel, 'bin_attribute', attributes.at(`attrs[${index}]`));
    const name = attribute.pointer('attr.name');
    const section = name === undefined ? undefined : kernel.space.string(name, 64);
    if (!section?.startsWith('.note')) return undefined;
    const size = attribute.small('size');
    const at = attribute.pointer('private');
    if (section === BUILD_ID_SECTION && at !== undefined && size !== undefined && size <= MAX_NOTES) return notedAt(kernel, at, size);
  }
  return undefined;
}

function notedAt({ space }: LinuxKernel, address: bigint, length: number): string | undefined {
  const bytes = space.bytes(address, length);
  return bytes && buildIdOf(notesOf(bytes, space.littleEndian));
}

/** Sentence parts on two builds; undefined where nothing that both tell differs. */
export function otherBuild(file: { buildId?: string; release?: string }, running: { buildId?: string; release?: string }): string | undefined {
  if (file.buildId !== undefined && running.buildId !== undefined)
    return file.buildId === running.buildId ? undefined : `its build id is ${file.buildId}, that of the dump is ${running.buildId}`;
  if (file.release === undefined || running.release === undefined || file.release === running.release) return undefined;
  return `it is of Linux ${file.release}, the dump of ${running.release}`;
}
