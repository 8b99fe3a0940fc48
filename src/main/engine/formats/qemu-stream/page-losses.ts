/** What of a stream's memory could not be read, for the user. */
import { formatSize } from '#shared/address-text.ts';
import { counted } from '#shared/counted.ts';
import type { Diagnostic } from '#shared/model/diagnostic.ts';
import type { ExtentTable } from '../../memory/extent-table.ts';
import type { RamFile } from '../format.ts';
import { MAX_DELTAS } from './page-units.ts';
import type { TakenRam } from './ram-files.ts';
import type { RamReader } from './ram-section.ts';
import type { StreamContents } from './sections.ts';

const IGNORE_SHARED = 'x-ignore-shared';

/** `taken`: what is from files of the user's and in `extents`. */
export function diagnosePages(contents: StreamContents, ram: RamReader, extents: ExtentTable, taken: readonly TakenRam[]): Diagnostic[] {
  const diagnostics: Diagnostic[] = diagnoseRecords(ram);
  const ignoresShared = contents.configuration.capabilities.includes(IGNORE_SHARED);
  for (const [index, block] of ram.blocks.entries()) {
    let held = 0;
    extents.forEachIn(block.ram, block.length, (_kind, _place, _start, length) => (held += length));
    if (held === block.length) continue;
    const file = taken.find((each) => each.block === index)?.file;
    diagnostics.push({
      severity: 'data-loss',
      code: 'block-incomplete',
      message: `RAM block ${block.name}: ${formatSize(block.length - held)} of ${formatSize(block.length)} are not in the stream${norInFile(file)}.`,
      consequence: whyIncomplete(contents, ram, held),
      ...(ignoresShared ? { missingBlock: block.name } : {}),
    });
  }
  if (contents.complete && !contents.description) {
    diagnostics.push({
      severity: 'info',
      code: 'no-vmdesc',
      message: 'The stream has no description of its device states (suppress-vmdesc, postcopy, or a machine type before 2.3).',
      consequence: 'CPUs and a few devices are decoded by built-in layouts; the others are not shown.',
    });
  }
  return diagnostics;
}

/** A file that is as long as its block fills it. */
function norInFile(file: RamFile | undefined): string {
  return file ? `, nor in ${file.path}, which ends after ${formatSize(file.length)}` : '';
}

/** Records whose pages are lost. */
function diagnoseRecords(ram: RamReader): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const { badDeltas, units, full } = ram;
  if (badDeltas.count > 0) {
    diagnostics.push({
      severity: 'data-loss',
      code: 'deltas-malformed',
      message: `${counted(badDeltas.count, 'XBZRLE record')} cannot be decoded, the first at 0x${badDeltas.first.toString(16)}.`,
      consequence: 'Their pages are shown as corrupt unless a later copy follows.',
      fileOffset: badDeltas.first,
    });
  }
  if (units.deepPages > 0) {
    diagnostics.push({
      severity: 'data-loss',
      code: 'deltas-too-deep',
      message: `${counted(units.deepPages, 'page')} were sent as more than ${MAX_DELTAS} changes one upon the other.`,
      consequence: 'Those pages are shown as corrupt.',
    });
  }
  if (full !== undefined) {
    diagnostics.push({
      severity: 'data-loss',
      code: 'ram-record-full',
      message: `The record at 0x${full.toString(16)} holds all of RAM as one zlib stream, a form that QEMU gave up in 2009; it is not decoded.`,
      consequence: 'Memory is shown as corrupt where no later copy follows.',
      fileOffset: full,
    });
  }
  return diagnostics;
}

function whyIncomplete(contents: StreamContents, ram: RamReader, held: number): string {
  if (held > 0 || !contents.complete) return 'That memory is shown as absent.';
  if (contents.configuration.capabilities.includes(IGNORE_SHARED))
    return "It was left out by x-ignore-shared and is shown as absent: it is in the virtual machine's backing file (mem-path of its memory backend).";
  if (ram.flushes > 0)
    return 'It was sent over multifd connections of their own, which this file does not hold: it is shown as absent. Save to a file without multifd, or with mapped-ram.';
  return 'That memory is shown as absent.';
}
