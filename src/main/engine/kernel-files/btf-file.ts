/** Bare BTF, as /sys/kernel/btf has it: the kernel's, or a module's, which the file's name tells of. */
import { BtfData } from '../btf/btf-data.ts';
import { BtfTypes } from '../btf/btf-types.ts';
import type { KernelTypes } from '../linux/kernel-types.ts';
import type { LinuxKernel } from '../linux/kernel.ts';
import { VMLINUX } from '../linux/known-types.ts';
import type { KernelFile } from './kernel-file.ts';
import { moduleOfFile } from './module-name.ts';
import { otherLayout } from './other-layout.ts';
import { splitBtf } from './split-btf.ts';

export class BtfFile implements KernelFile {
  readonly kind = 'BTF';
  readonly name: string;
  readonly modules: readonly string[];
  /** Of a kernel's image: what BTF of modules is numbered after. */
  readonly btf: BtfData | undefined;
  readonly #bytes: Uint8Array;

  /** Throws DumpFormatError. */
  constructor(name: string, bytes: Uint8Array) {
    const data = new BtfData(bytes, name);
    // A module's has no type of its own for what every kernel defines.
    const whole = new BtfTypes(data).struct('task_struct') !== undefined;
    this.name = name;
    this.modules = [whole ? VMLINUX : moduleOfFile(name)];
    this.btf = whole ? data : undefined;
    this.#bytes = bytes;
  }

  refusal(kernel: LinuxKernel): string | undefined {
    return this.btf && otherLayout(new BtfTypes(this.btf, kernel.space.wordSize), kernel);
  }

  types(kernel: LinuxKernel): KernelTypes {
    return new BtfTypes(this.btf ?? splitBtf(this.#bytes, this.name, kernel), kernel.space.wordSize);
  }
}
