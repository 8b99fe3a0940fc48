/** What a kdump file turned out to lack or to have wrong, as diagnostics. */
import { formatSize } from '#shared/address-text.ts';
import { counted, grouped } from '#shared/counted.ts';
import type { Diagnostic } from '#shared/model/diagnostic.ts';
import { HAS_ZSTD } from '../../codecs/codec.ts';
import type { Count } from './descriptor-scan.ts';
import { DESCRIPTOR_SIZE, DISKDUMP_INCOMPLETE, STATUS_EXCLUDED_VMEMMAP, STATUS_INCOMPLETE, statusOffset } from './layout.ts';
import type { PageIndex, SegmentReport } from './page-index.ts';
import type { KdumpPart } from './part.ts';

/** "PFN 0x0 to 0x2a3f" */
function pfns(first: number, end: number): string {
  return `PFN 0x${first.toString(16)} to 0x${(end - 1).toString(16)}`;
}

/** By the status fields. */
export function statusDiagnostics(parts: readonly KdumpPart[]): Diagnostic[] {
  return parts.flatMap(({ name, start, header }) => {
    const found: Diagnostic[] = [];
    const fileOffset = start + statusOffset(header.wordSize);
    if (header.status & (header.diskdump ? DISKDUMP_INCOMPLETE : STATUS_INCOMPLETE)) {
      found.push({
        severity: 'data-loss',
        code: 'kdump-incomplete',
        message: `${name}: its writer says that it is incomplete, as when the disk is full.`,
        consequence: 'Pages that were not written are shown as absent.',
        fileOffset,
      });
    }
    if (!header.diskdump && header.status & STATUS_EXCLUDED_VMEMMAP) {
      found.push({
        severity: 'info',
        code: 'vmemmap-excluded',
        message: `${name}: page structures of unused memory were left out.`,
        consequence: 'Tools that look at every struct page find some excluded.',
        fileOffset,
      });
    }
    return found;
  });
}

/** By the bitmaps and the descriptors. */
export function pageDiagnostics({ segments, runsMerged }: PageIndex, parts: readonly KdumpPart[]): Diagnostic[] {
  const found = [...missingParts(segments, parts), ...segments.flatMap((report) => (report.segment.missing ? [] : segmentDiagnostics(report)))];
  const zstdPages = segments.reduce((sum, { counts }) => sum + (counts?.zstd ?? 0), 0);
  if (zstdPages > 0 && !HAS_ZSTD) {
    found.push({
      severity: 'data-loss',
      code: 'zstd-unreadable',
      message: `${counted(zstdPages, 'page')} are compressed by zstd, which Node ${process.versions.node} cannot read.`,
      consequence: 'They are shown as corrupt, and are not: use Node 22.15 or later, or the desktop.',
    });
  }
  if (runsMerged) {
    found.push({
      severity: 'suspect',
      code: 'bitmap-fragmented',
      message: 'Bitmap 1 says that memory lies in more pieces than any machine has.',
      consequence: 'The last region of the memory map spans pages that do not exist; they are shown as absent.',
    });
  }
  return found;
}

/** Ranges that no part has; one without any page in the file is no loss. */
function missingParts(segments: readonly SegmentReport[], parts: readonly KdumpPart[]): Diagnostic[] {
  const missing = segments.filter(({ segment, dumped }) => segment.missing && dumped > 0);
  const [part] = parts as [KdumpPart];
  if (missing.length === 0) return [];
  const ranges = missing.map(({ segment, dumped }) => {
    return `${pfns(segment.firstPfn, segment.endPfn)} (${formatSize(dumped * part.header.blockSize)} of pages)`;
  });
  const holds = part.firstPfn === part.endPfn ? 'no pages' : pfns(part.firstPfn, part.endPfn);
  const alone = parts.length === 1 ? `${part.name} is one part of a split dump and holds ${holds}. ` : '';
  return [
    {
      severity: 'data-loss',
      code: 'part-missing',
      message: `${alone}${ranges.join(' and ')} are in parts that are not among the files.`,
      consequence: 'That memory is shown as absent: open all parts together.',
    },
  ];
}

function segmentDiagnostics({ segment, dumped, stray, unknown, counts, trusted }: SegmentReport): Diagnostic[] {
  const { part } = segment;
  const { blockSize } = part.header;
  const found: Diagnostic[] = [];
  const say = (severity: Diagnostic['severity'], code: string, message: string, consequence: string, fileOffset?: number) =>
    found.push({ severity, code, message: `${part.name}: ${message}`, consequence, fileOffset });
  const size = (pages: number) => `${counted(pages, 'page')} (${formatSize(pages * blockSize)})`;
  const first = ({ pages, first: at }: Count) => `${size(pages)}, the first by the descriptor at 0x${at.toString(16)},`;
  const absent = 'They are shown as absent.';

  if (unknown > 0) {
    const message = `the file ends inside its bitmaps: nothing is known of ${size(unknown)}.`;
    say('data-loss', 'bitmap-truncated', message, 'Memory beyond is shown as absent.', part.end);
  }
  if (stray > 0) {
    const message = `bitmap 2 has ${size(stray)} that bitmap 1 does not know.`;
    say('suspect', 'bitmaps-disagree', message, 'One of the bitmaps is damaged; the pages are shown.', part.bitmaps.second);
  }
  if (!counts) return found;
  if (!trusted) {
    const message = `bitmap 2 names ${grouped(dumped)} pages, but the data of the pages does not begin behind as many descriptors.`;
    const consequence = 'Bitmap or header is damaged, and which page has which data cannot be known: all are shown as corrupt.';
    say('data-loss', 'descriptors-misfit', message, consequence, part.descriptors + dumped * DESCRIPTOR_SIZE);
    return found;
  }
  const { neverWritten, beyondEnd, impossible, misplaced } = counts;
  if (neverWritten.pages > 0) say('data-loss', 'pages-not-written', `${first(neverWritten)} were never written.`, absent, neverWritten.first);
  if (beyondEnd.pages > 0) {
    const message = `the file ends at 0x${part.end.toString(16)}: ${first(beyondEnd)} lie beyond.`;
    say('data-loss', 'file-truncated', message, absent, part.end);
  }
  if (impossible.pages > 0) {
    say('data-loss', 'descriptors-damaged', `${first(impossible)} have impossible descriptors.`, 'They are shown as corrupt.', impossible.first);
  }
  if (misplaced.pages > 0 && !part.header.diskdump) {
    const message = `the data of ${first(misplaced)} does not lie behind that of the page before, where writers put it.`;
    say(
      'suspect',
      'pages-misplaced',
      message,
      'Those that are not compressed are shown as corrupt: they may be of another address.',
      misplaced.first,
    );
  }
  return found;
}
