/** What happened, in two or three words, and what to try, by error code; an error's own hint comes first. */
import type { ErrorCode } from '#shared/errors.ts';

export interface Advice {
  title: string;
  advice: string;
}

export const ERROR_ADVICE: Readonly<Record<ErrorCode, Advice>> = {
  'bad-format': {
    title: 'The file is damaged',
    advice: 'Compare its size and checksum with the original; copy it again if they differ.',
  },
  'unknown-format': {
    title: 'No format recognised this file',
    advice: 'QEMU migration streams (savevm, migrate to a file) and ELF vmcores open. Decompress an archive first.',
  },
  unsupported: { title: 'Not supported yet', advice: 'Convert the dump to a QEMU stream or an ELF vmcore.' },
  io: { title: 'The file cannot be read', advice: 'Check that it is there, that it is a file, and that you may read it.' },
  'source-changed': { title: 'The file changed while it was open', advice: 'Wait until whatever writes it is done, then open it again.' },
  hole: { title: 'Not in the dump', advice: 'The memory map shows what the dump holds.' },
  'bad-request': { title: 'That does not make sense here', advice: 'Check the address, the CPU and the dump.' },
  cancelled: { title: 'Cancelled', advice: 'Nothing was changed.' },
  'not-one-dump': { title: 'Not parts of one dump', advice: 'Open the files one by one, or choose all parts of one split set.' },
  'no-space': { title: 'No space for a temporary file', advice: 'Free some space, or set TMPDIR to a folder on a larger disk.' },
  'cannot-write': { title: 'The file cannot be written', advice: 'Check the free space and your rights there, or choose another folder.' },
  'not-available': { title: 'Not available here', advice: 'Use the desktop app, or the page in the browser, for this.' },
  internal: { title: 'A bug in the workbench', advice: 'Copy the details and report them; closing and opening the dump may help.' },
};
