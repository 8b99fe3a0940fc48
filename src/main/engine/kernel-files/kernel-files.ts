/** All files that a user gave of kernels. A host's and its guests' may be among them: each kernel takes those that are of its own build. */
import { WorkbenchError } from '#shared/errors.ts';
import type { BtfData } from '../btf/btf-data.ts';
import type { GivenKernel } from '../linux/given-kernel.ts';
import type { KernelTypes } from '../linux/kernel-types.ts';
import type { LinuxKernel } from '../linux/kernel.ts';
import { VMLINUX } from '../linux/known-types.ts';
import { readKernelFile, type GivenFile, type KernelFile } from './kernel-file.ts';

/** Every kernel has it. */
const ANY_SYMBOL = 'init_task';

/** What was found of one module of one kernel. */
interface Chosen {
  file: KernelFile;
  types: KernelTypes;
}

/** What is known of one kernel. Undefined as a value: it is being found out. */
interface Verdicts {
  refusals: Map<KernelFile, string | null | undefined>;
  chosen: Map<string, Chosen | null | undefined>;
}

export class KernelFiles implements GivenKernel {
  readonly #files: KernelFile[];
  readonly #verdicts = new WeakMap<LinuxKernel, Verdicts>();

  /** Programs among them are passed over. Throws DumpFormatError or WorkbenchError for a file that is damaged, or nothing of the kind. */
  constructor(files: readonly GivenFile[]) {
    this.#files = files.flatMap((file) => readKernelFile(file) ?? []);
  }

  typesOf(module: string, kernel: LinuxKernel): KernelTypes | undefined {
    return this.#choose(module, kernel)?.types;
  }

  sourceOf(module: string, kernel: LinuxKernel): string | undefined {
    const file = this.#choose(module, kernel)?.file;
    return file && `${file.name} (${file.kind})`;
  }

  addressOf(symbol: string, kernel: LinuxKernel): bigint | undefined {
    for (const file of this.#images(kernel)) {
      const address = file.addressOf?.(kernel, symbol);
      if (address !== undefined) return address;
    }
    return undefined;
  }

  symbolSource(kernel: LinuxKernel): string | undefined {
    for (const file of this.#images(kernel)) if (file.addressOf?.(kernel, ANY_SYMBOL) !== undefined) return file.name;
    return undefined;
  }

  /** Of the kernel that runs, out of a file; `kernel.btf` asks for it where memory has none. */
  btfOf(kernel: LinuxKernel): BtfData | undefined {
    for (const { btf } of this.#images(kernel)) if (btf) return btf;
    return undefined;
  }

  problems(kernel: LinuxKernel): string[] {
    for (const file of this.#files) {
      for (const module of file.modules) {
        this.#choose(module, kernel);
        // One that was not needed may be of another build, too.
        this.#refusal(file, module, kernel);
      }
    }
    return [...this.#of(kernel).refusals].flatMap(([{ name }, reason]) => (typeof reason === 'string' ? [`${name} is not used: ${reason}.`] : []));
  }

  /** Files of the kernel's image that are taken. */
  *#images(kernel: LinuxKernel): Generator<KernelFile> {
    for (const file of this.#files) if (this.#refusal(file, VMLINUX, kernel) === null) yield file;
  }

  #of(kernel: LinuxKernel): Verdicts {
    let verdicts = this.#verdicts.get(kernel);
    if (!verdicts) this.#verdicts.set(kernel, (verdicts = { refusals: new Map(), chosen: new Map() }));
    return verdicts;
  }

  #choose(module: string, kernel: LinuxKernel): Chosen | undefined {
    const { chosen } = this.#of(kernel);
    // Whether a module's file fits is asked of the kernel, which may ask for types itself: not for those, then.
    if (chosen.has(module)) return chosen.get(module) ?? undefined;
    chosen.set(module, undefined);
    const found = this.#firstOf(module, kernel) ?? null;
    chosen.set(module, found);
    return found ?? undefined;
  }

  #firstOf(module: string, kernel: LinuxKernel): Chosen | undefined {
    for (const file of this.#files) {
      if (!file.modules.includes(module) || this.#refusal(file, module, kernel) !== null) continue;
      try {
        const types = file.types(kernel, module);
        if (types) return { file, types };
        this.#of(kernel).refusals.set(file, 'it has neither debug information nor BTF');
      } catch (error) {
        if (!(error instanceof WorkbenchError)) throw error;
        this.#of(kernel).refusals.set(file, [error.message, error.details.hint?.replace(/\.$/, '')].filter(Boolean).join('. '));
      }
    }
    return undefined;
  }

  /** Null for a file that is taken; undefined while that is being found out. */
  #refusal(file: KernelFile, module: string, kernel: LinuxKernel): string | null | undefined {
    if (!file.modules.includes(module)) return 'it is of another module';
    const { refusals } = this.#of(kernel);
    if (refusals.has(file)) return refusals.get(file);
    refusals.set(file, undefined);
    const reason = file.refusal(kernel, module) ?? null;
    refusals.set(file, reason);
    return reason;
  }
}
