/** A file that a user gave of a kernel, told by its content: an image or a module with debug information or BTF, bare BTF, a layout. */
import { WorkbenchError } from '#shared/errors.ts';
import type { BtfData } from '../btf/btf-data.ts';
import { BTF_MAGIC } from '../btf/layout.ts';
import { ElfFile } from '../elf-object/elf-file.ts';
import { ELF_MAGIC } from '../elf-object/layout.ts';
import type { KernelTypes } from '../linux/kernel-types.ts';
import type { LinuxKernel } from '../linux/kernel.ts';
import type { ByteSource } from '../memory/byte-source.ts';
import { BtfFile } from './btf-file.ts';
import { ElfKernelFile } from './elf-kernel-file.ts';
import { LayoutFile } from './layout-file.ts';

/** BTF of a kernel takes some 5 MB, a layout some hundred KB. */
const MAX_HELD = 64 * 1024 * 1024;
const BRACE = 0x7b;

/** A file as it is given: its bytes are decompressed. */
export interface GivenFile {
  /** Without folder, as the user knows it. */
  name: string;
  source: ByteSource;
}

export interface KernelFile {
  name: string;
  /** What its types are read from: "DWARF", "BTF", "layout". */
  kind: string;
  /** Names of the modules that it tells of, VMLINUX for the kernel's image. */
  modules: readonly string[];
  /** Why it is not of this kernel, to follow "is not used: "; undefined where it is, or nothing tells. */
  refusal(kernel: LinuxKernel, module: string): string | undefined;
  /** Undefined where it has none. Throws WorkbenchError for damage, and for what cannot be read without more. */
  types(kernel: LinuxKernel, module: string): KernelTypes | undefined;
  /** Of a kernel's image: what BTF of modules is numbered after. */
  readonly btf?: BtfData | undefined;
  /** Where a symbol of the kernel's image is while it runs. */
  addressOf?(kernel: LinuxKernel, symbol: string): bigint | undefined;
}

/** Undefined for a program, which tells of no kernel. Throws DumpFormatError for damage, WorkbenchError `unknown-format` for what is nothing of the kind. */
export function readKernelFile({ name, source }: GivenFile): KernelFile | undefined {
  const head = new Uint8Array(4);
  const view = new DataView(head.buffer);
  source.read(0, head);
  if (view.getUint32(0, true) === ELF_MAGIC) return ElfKernelFile.of(name, new ElfFile(source));
  if (view.getUint16(0, true) === BTF_MAGIC || view.getUint16(0) === BTF_MAGIC) return new BtfFile(name, wholeOf(name, source));
  if (head[0] === BRACE) return LayoutFile.read(name, new TextDecoder().decode(wholeOf(name, source)));
  throw new WorkbenchError('unknown-format', `${name}: neither an ELF file, nor BTF, nor a layout in JSON`, {
    source: name,
    expected: 'a vmlinux or a module with debug information or BTF, a file of /sys/kernel/btf, or what `linux FILE layout` wrote',
  });
}

function wholeOf(name: string, source: ByteSource): Uint8Array {
  if (source.size > MAX_HELD)
    throw new WorkbenchError('bad-format', `${name}: ${source.size} bytes are more than BTF or a layout can have`, { source: name });
  const bytes = new Uint8Array(source.size);
  source.readStreaming(0, bytes);
  return bytes;
}
