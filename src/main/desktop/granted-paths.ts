/**
 * Which paths the page may open or write: those the user named in a dialog, by a drop, on the command line or in the list of recent files. A page
 * that was taken over by a hostile dump's text can therefore not read the user's other files.
 */
import { createApi, type MethodArgument, type WorkbenchApi } from '#shared/contract.ts';
import { WorkbenchError } from '#shared/errors.ts';

export class GrantedPaths {
  readonly #readable = new Set<string>();
  readonly #writable = new Set<string>();

  grantReading(path: string): void {
    this.#readable.add(path);
  }

  grantWriting(path: string): void {
    this.#writable.add(path);
  }

  mayRead(path: string): boolean {
    return this.#readable.has(path);
  }

  mayWrite(path: string): boolean {
    return this.#writable.has(path);
  }
}

/** The same workbench, which exports only to where the save dialog said. (Opening is checked inside, by WorkbenchServices.mayOpen.) */
export function exportOnlyWhereGranted(workbench: WorkbenchApi, paths: GrantedPaths): WorkbenchApi {
  return {
    ...createApi({
      call: (method, argument) => (workbench[method] as (argument: unknown) => Promise<unknown>)(argument),
      subscribe: (listener) => workbench.subscribe(listener),
    }),
    async exportDump(argument: MethodArgument<'exportDump'>) {
      if (!paths.mayWrite(argument.target)) throw new WorkbenchError('bad-request', `${argument.target} was not chosen in the save dialog`);
      return workbench.exportDump(argument);
    },
  };
}
