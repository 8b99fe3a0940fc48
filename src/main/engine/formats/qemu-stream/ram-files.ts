/**
 * Memory that a stream (or a core: qemu-core) left out, taken from the file that backs its RAM block (QEMU's memory-backend-file with share=on, which the capability x-ignore-shared
 * leaves out: migration/ram.c, ramblock_is_ignored, v7.2). What the stream holds of the block wins, and a page that it holds but damaged stays corrupt.
 *
 * Not supported: a block that starts further on in its file (`offset=` of memory-backend-file, QEMU 8.1).
 */
import { formatSize } from '#shared/address-text.ts';
import { WorkbenchError } from '#shared/errors.ts';
import type { Diagnostic } from '#shared/model/diagnostic.ts';
import type { Fact } from '#shared/model/dump.ts';
import type { ExtentTable } from '../../memory/extent-table.ts';
import { fillGaps } from '../../memory/fill-gaps.ts';
import type { OpenedRegion, RamFile } from '../format.ts';
import type { StreamBlock } from './ram-blocks.ts';

/** A block's file, and how much of the block is shown from it. */
export interface TakenRam {
  /** Index into the blocks. */
  block: number;
  file: RamFile;
  /** Bytes. */
  taken: number;
}

/** Whatever is said of such memory says this. */
const AS_IT_IS = 'as it is now, not as of the dump';

/** The extents with the files' bytes where the stream holds nothing. Throws WorkbenchError `bad-request` for a block that the stream does not have. */
export function takeRamFiles(
  extents: ExtentTable,
  blocks: readonly StreamBlock[],
  files: readonly RamFile[],
): { extents: ExtentTable; taken: TakenRam[] } {
  const wanted = files
    .map((file) => ({ file, block: blocks.findIndex(({ name }) => name === file.block) }))
    // RAM space has the blocks in the order of the list.
    .sort((a, b) => a.block - b.block);
  const [unknown] = wanted;
  if (unknown?.block === -1) {
    throw new WorkbenchError('bad-request', `there is no RAM block ${JSON.stringify(unknown.file.block)}: the dump has ${listed(blocks)}`);
  }
  const pieces = wanted.map(({ file, block }) => ({
    start: blocks[block]!.ram,
    length: Math.min(file.length, blocks[block]!.length),
    place: file.start,
  }));
  const { table, filled } = fillGaps(extents, pieces);
  return { extents: table, taken: wanted.map(({ file, block }, index) => ({ file, block, taken: filled[index]! })) };
}

/** Largest first: one of them is meant. */
function listed(blocks: readonly StreamBlock[]): string {
  const names = blocks.toSorted((a, b) => b.length - a.length).map(({ name }) => name);
  return names.length > 12 ? `${names.slice(0, 12).join(', ')} and ${names.length - 12} more` : names.join(', ');
}

/** The regions with the file told in the evidence of those whose block shows it. */
export function tellRamFiles(regions: readonly OpenedRegion[], taken: readonly TakenRam[]): OpenedRegion[] {
  return regions.map((region) => {
    const from = taken.find((each) => each.block === region.block && each.taken > 0);
    if (!from) return region;
    const text = `${region.evidence.text} Its bytes are from ${from.file.path}, ${AS_IT_IS}.`;
    return { ...region, evidence: { ...region.evidence, text } };
  });
}

export function ramFileFacts(taken: readonly TakenRam[]): Fact[] {
  return taken
    .filter((each) => each.taken > 0)
    .map(({ file, taken: bytes }) => ({
      label: `RAM of ${file.block}`,
      value: `${formatSize(bytes)} from ${file.path}, ${AS_IT_IS}`,
      source: `the file named at opening; file offsets from 0x${file.start.toString(16)} on are its`,
    }));
}

export function diagnoseRamFiles(taken: readonly TakenRam[]): Diagnostic[] {
  return taken.map(({ file, taken: bytes }): Diagnostic => {
    if (bytes > 0) {
      return {
        severity: 'suspect',
        code: 'ram-from-file',
        message: `RAM block ${file.block}: ${formatSize(bytes)} are from ${file.path}, ${AS_IT_IS}.`,
        consequence:
          'If the guest ran on, or another one used the file, it has changed since: registers and page tables may not belong to this memory.',
      };
    }
    return {
      severity: 'info',
      code: 'ram-file-unused',
      message: `RAM block ${file.block}: nothing is from ${file.path}${file.length === 0 ? ', which is empty' : ''}.`,
      consequence: file.length === 0 ? undefined : 'The dump holds the block itself, and what it holds is shown.',
    };
  });
}
