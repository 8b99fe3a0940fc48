/** What happened, in two or three words, and what to try, by error code; an error's own hint comes first. */
import type { ErrorCode } from '#shared/errors.ts';

export interface Advice {
  title: string;
  advice: string;
}

export const ERROR_ADVICE: Readonly<Record<ErrorCode, Advice>> = {
  'bad-format': {
    title: 'The file is damaged',
    advice: 'Compare its size and checksum with the original; copy it again if they differ. If the format was recognised wrongly, use Open as….',
  },
  'unknown-format': {
    title: 'No format recognised this file',
    advice: 'Raw memory has no mark to recognise: use Open as… and say which CPU family it is. Unpack archives (tar, zip) first.',
  },
  unsupported: { title: 'Not supported', advice: 'Convert the dump, for instance to an ELF vmcore, and open that.' },
  io: { title: 'The file cannot be read', advice: 'Check that it is there, that it is a file, and that you may read it.' },
  'source-changed': { title: 'The file changed while it was open', advice: 'Wait until whatever writes it is done, then open it again.' },
  hole: { title: 'Not in the dump', advice: 'The memory map shows what the dump holds.' },
  'bad-request': { title: 'That does not make sense here', advice: 'Check the address, the CPU and the dump.' },
  cancelled: { title: 'Cancelled', advice: 'Nothing was changed.' },
  'not-one-dump': { title: 'Not the parts of one dump', advice: 'Open the files one by one, or all parts of one split dump together.' },
  'no-space': {
    title: 'No space for a temporary file',
    advice: 'Free some space there, or start the workbench with TMPDIR set to a folder on a larger disk.',
  },
  'cannot-write': { title: 'The file cannot be written', advice: 'Check the free space and your rights there, or choose another folder.' },
  'verify-failed': {
    title: 'The written file is not right',
    advice: 'Nothing was left behind. Export it again to another disk; where it fails there, too, report it.',
  },
  'not-available': { title: 'Not available here', advice: 'Use the desktop app, or the page in the browser, for this.' },
  internal: { title: 'A bug in the workbench', advice: 'Copy the details and report them; closing and opening the dump may help.' },
};
