/** Which file the process was running, and where the core shows it. */
import { AT_PHDR } from './core-notes.ts';
import type { FileMapping } from './core-notes.ts';
import type { ProcessCore } from './process-core.ts';

/** Path of the program: the file that AT_PHDR points into. Undefined when the notes do not tell. */
export function executableOf(core: ProcessCore): string | undefined {
  return programHeadersFile(core)?.path;
}

/** The first mapping of the program: its ELF header lies at `start`. */
export function executableMapping(core: ProcessCore): FileMapping | undefined {
  const path = executableOf(core);
  return path === undefined ? undefined : core.files.find((file) => file.path === path && file.offset === 0);
}

function programHeadersFile(core: ProcessCore): FileMapping | undefined {
  const headers = core.auxv.get(AT_PHDR);
  return headers === undefined ? undefined : core.fileAt(Number(headers));
}
