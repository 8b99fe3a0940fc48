/**
 * Reads an exported file back, as anybody would open it, and compares its memory with the source's, in pieces off a shared counter by several threads.
 */
import { formatAddress } from '#shared/address-text.ts';
import { WorkbenchError } from '#shared/errors.ts';
import { VERIFIED_BY_DEFAULT } from '#shared/export-choices.ts';
import type { ExportOptions } from '#shared/model/export.ts';
import type { Progress } from '../formats/format.ts';
import type { SealedFile } from '../export/job.ts';
import { countHandled, shareCopy, takePiece, type SharedCopy } from '../export/memory-copy.ts';
import { isKnown } from '../export/memory-runs.ts';
import type { GuestMemory } from '../memory/guest-memory.ts';
import type { DumpImage } from './dump-image.ts';
import { openImage } from './open-image.ts';

const CHUNK = 1024 * 1024;
const ADVICE =
  'Nothing was left behind. Export it again to another disk: where that works, the first one, its cable or its controller changes what is written. Where it fails at the same place, the workbench has a bug, which we want to hear of; an export without verification keeps the file.';

/** The result as an open dump, and the pieces to compare. */
export interface Verification {
  image: Omit<DumpImage, 'corrections' | 'debugFiles'>;
  /** Physical address of the source that the result shows at 0: raw memory of a window starts there. */
  base: number;
  pieces: SharedCopy;
}

export function wantsVerification({ verify }: ExportOptions, { size }: SealedFile): boolean {
  return verify ?? size < VERIFIED_BY_DEFAULT;
}

/** Opens the file. `close` ends that, after every thread has compared its pieces. Throws WorkbenchError `verify-failed` when it cannot be opened. */
export async function openResult(
  { path, pieces }: SealedFile,
  { format, begin = 0 }: ExportOptions,
  architecture: string | undefined,
  progress: Progress,
): Promise<{ verification: Verification; close(): void }> {
  // Whatever the file's format calls it, to the user all of it is one step.
  const opening: Progress = { report: (_phase, done, total) => progress.report('opening the written file', done, total) };
  const options = format === 'raw' ? { format, architecture } : {};
  try {
    const { source, image } = await openImage({ paths: [path], mapping: true, options }, opening);
    return {
      verification: { image, base: format === 'raw' ? begin : 0, pieces: shareCopy(pieces.map((piece) => ({ ...piece, position: 0 }))) },
      close: () => source.close(),
    };
  } catch (error) {
    if (error instanceof WorkbenchError && error.code === 'cancelled') throw error;
    throw new WorkbenchError('verify-failed', `the written file cannot be opened again: ${(error as Error).message}`, { hint: ADVICE });
  }
}

/** This thread's share. Returns how many bytes were compared; memory that the source turned out not to hold is not. Throws `verify-failed` at the first difference. */
export function compareMemory(source: GuestMemory, result: GuestMemory, { base, pieces }: Verification, progress: Progress): number {
  const expected = new Uint8Array(CHUNK);
  const found = new Uint8Array(CHUNK);
  let compared = 0;
  for (let piece = takePiece(pieces); piece; piece = takePiece(pieces)) {
    for (let done = 0; done < piece.length; done += CHUNK) {
      const size = Math.min(CHUNK, piece.length - done);
      const physical = piece.physical + done;
      progress.report('verifying', countHandled(pieces, size), pieces.total);
      const spans = source.readStreaming(physical, expected.subarray(0, size));
      const there = result.readStreaming(physical - base, found.subarray(0, size));
      for (const { start, end, state } of spans) {
        if (!isKnown(state)) continue;
        const lost = there.find((span) => !isKnown(span.state) && span.start < end && span.end > start);
        if (lost) throw differs(physical + Math.max(start, lost.start), `is ${lost.state} in it`);
        if (Buffer.compare(expected.subarray(start, end), found.subarray(start, end)) !== 0) {
          throw differs(physical + firstDifference(expected, found, start), 'has other bytes in it');
        }
        compared += end - start;
      }
    }
  }
  return compared;
}

function firstDifference(a: Uint8Array, b: Uint8Array, start: number): number {
  let at = start;
  while (a[at] === b[at]) at++;
  return at;
}

function differs(physical: number, how: string): WorkbenchError {
  return new WorkbenchError('verify-failed', `the written file was read back and differs: GPA ${formatAddress(physical)} ${how}`, {
    hint: ADVICE,
  });
}
