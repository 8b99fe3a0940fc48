/** The files of `OpenOptions.debug` while a dump is open: opened and decompressed once, seen by every thread. What tells of a kernel is read from them when a kernel is asked for. */
import path from 'node:path';
import { unwrap } from '../containers/unwrap.ts';
import type { Progress } from '../containers/container.ts';
import { adoptSource } from '../io/adopt-source.ts';
import { FileSource } from '../io/file-source.ts';
import type { OpenSource, SharedSource } from '../io/open-source.ts';
import { KernelFiles } from '../kernel-files/kernel-files.ts';

export interface SharedDebugFile {
  /** Without folder, as the user knows it. */
  name: string;
  source: SharedSource;
}

export class DebugFiles {
  readonly #files: readonly { name: string; source: OpenSource }[];
  #kernelFiles: KernelFiles | undefined;

  private constructor(files: readonly { name: string; source: OpenSource }[]) {
    this.#files = files;
  }

  /** Throws with none left open: WorkbenchError `io`, `unknown-format` or `bad-format` for what is no debug information. */
  static async open(paths: readonly string[], progress: Progress): Promise<DebugFiles> {
    const files: { name: string; source: OpenSource }[] = [];
    const opened = new DebugFiles(files);
    try {
      for (const location of paths) {
        const { source } = await unwrap(FileSource.open(location, { mapping: false }), { mapping: false, progress });
        files.push({ name: path.basename(location), source });
      }
      // A file that is none should be named now, not when a kernel is asked for.
      void opened.kernelFiles;
      return opened;
    } catch (error) {
      opened.close();
      throw error;
    }
  }

  /** The same files in another thread. */
  static adopt(shared: readonly SharedDebugFile[]): DebugFiles {
    return new DebugFiles(shared.map(({ name, source }) => ({ name, source: adoptSource(source) })));
  }

  get shared(): SharedDebugFile[] {
    return this.#files.map(({ name, source }) => ({ name, source: source.shared }));
  }

  /** Undefined where no file was given. */
  get kernelFiles(): KernelFiles | undefined {
    if (this.#files.length === 0) return undefined;
    this.#kernelFiles ??= new KernelFiles(this.#files);
    return this.#kernelFiles;
  }

  close(): void {
    for (const { source } of this.#files) source.close();
  }
}
