/**
 * Which module a file is of.
 *
 * Facts: Linux include/linux/module.h (.modinfo: "key=value" with NUL behind; `name=` since v4.13, 3e2e857f9c3a; struct module begins with its state, a list and the name, in all versions),
 * scripts/mod/modpost.c (.gnu.linkonce.this_module).
 */
import type { ElfFile } from '../elf-object/elf-file.ts';
import { cString } from '../elf-object/strings.ts';

const MAX_MODINFO = 1024 * 1024;
/** enum, padding and list_head stand before the name. */
const NAME_AT = { 32: 12, 64: 24 };
/** MODULE_NAME_LEN: 64 less a word. */
const MAX_NAME = 56;

/** A value of .modinfo; undefined also for a separate debug file, which does not keep it. */
export function modinfoOf(elf: ElfFile, key: string): string | undefined {
  const section = elf.section('.modinfo');
  if (!section || section.size > MAX_MODINFO) return undefined;
  const lines = new TextDecoder('latin1').decode(elf.contents(section).all()).split('\0');
  return lines.find((line) => line.startsWith(`${key}=`))?.slice(key.length + 1);
}

/** As lsmod has it: kvm_amd of kvm-amd.ko. */
export function moduleNameOf(elf: ElfFile, fileName: string): string {
  return modinfoOf(elf, 'name') ?? nameInside(elf) ?? moduleOfFile(fileName);
}

/** "kvm-amd.ko.debug", "kvm_amd.btf", "kvm-amd.ko.xz" → "kvm_amd" */
export const moduleOfFile = (fileName: string): string => (fileName.split('.')[0] ?? '').replaceAll('-', '_');

function nameInside(elf: ElfFile): string | undefined {
  const section = elf.section('.gnu.linkonce.this_module');
  const at = NAME_AT[elf.kind.class.bits];
  if (!section || section.size < at + MAX_NAME) return undefined;
  const name = cString(elf.contents(section).read(at, MAX_NAME), 0);
  return /^[\w-]+$/.test(name) ? name : undefined;
}
