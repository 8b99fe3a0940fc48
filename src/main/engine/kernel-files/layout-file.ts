/** A layout that the workbench wrote, as a file that a user gives. */
import type { KernelTypes } from '../linux/kernel-types.ts';
import type { LinuxKernel } from '../linux/kernel.ts';
import { VMLINUX } from '../linux/known-types.ts';
import { buildIdOfKernel, otherBuild } from './build-identity.ts';
import type { KernelFile } from './kernel-file.ts';
import { parseLayout, type LayoutText } from './layout-model.ts';
import { LayoutTypes } from './layout-types.ts';
import { otherLayout } from './other-layout.ts';

export class LayoutFile implements KernelFile {
  readonly kind = 'layout';
  readonly name: string;
  readonly modules: readonly string[];
  readonly #layout: LayoutText;

  private constructor(name: string, layout: LayoutText) {
    this.name = name;
    this.modules = Object.keys(layout.modules);
    this.#layout = layout;
  }

  /** Throws WorkbenchError `bad-format`. */
  static read(name: string, text: string): LayoutFile {
    return new LayoutFile(name, parseLayout(name, text));
  }

  refusal(kernel: LinuxKernel): string | undefined {
    const { release, buildId, wordSize } = this.#layout;
    if (wordSize !== kernel.space.wordSize) return `its words have ${wordSize} bytes, the kernel's ${kernel.space.wordSize}`;
    const running = { release: kernel.release, buildId: buildIdOfKernel(kernel) };
    return otherBuild({ release, buildId }, running) ?? otherLayout(this.types(kernel, VMLINUX), kernel);
  }

  types({ space }: LinuxKernel, module: string): KernelTypes {
    const texts = [...new Set([module, VMLINUX])].flatMap((name) => (Object.hasOwn(this.#layout.modules, name) ? [this.#layout.modules[name]!] : []));
    return new LayoutTypes(texts, space.wordSize);
  }
}
