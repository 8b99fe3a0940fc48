/** What a user gave beside the dump to tell of its kernel: files with debug information, BTF, a layout. Reading them is no matter of this folder. */
import type { BtfData } from '../btf/btf-data.ts';
import type { KernelTypes } from './kernel-types.ts';
import type { LinuxKernel } from './kernel.ts';

export interface GivenKernel {
  /** Types of a module, 'vmlinux' for the kernel's image; undefined where nothing that fits this kernel was given. */
  typesOf(module: string, kernel: LinuxKernel): KernelTypes | undefined;
  /** Where a symbol of the kernel's image is while it runs. */
  addressOf(symbol: string, kernel: LinuxKernel): bigint | undefined;
  /** The kernel's BTF, which BTF of its modules is numbered after, for memory that lacks it. */
  btfOf(kernel: LinuxKernel): BtfData | undefined;
  /** What was taken, as a source of types: "vmlinux-5.10.0-46-amd64 (BTF)". Undefined where nothing was. */
  sourceOf(module: string, kernel: LinuxKernel): string | undefined;
  /** The file whose symbols serve where memory has no table of them: "vmlinux-5.10.0-46-amd64". */
  symbolSource(kernel: LinuxKernel): string | undefined;
  /** Which files are not used, and why, in sentences. */
  problems(kernel: LinuxKernel): readonly string[];
}
