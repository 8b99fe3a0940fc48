/** What a kdump file says of itself, for the overview. */
import { formatSize } from '#shared/address-text.ts';
import { counted, grouped } from '#shared/counted.ts';
import type { Fact } from '#shared/model/dump.ts';
import type { SegmentReport } from './page-index.ts';
import type { KdumpPart } from './part.ts';

/** Bits of dump_level (makedumpfile.h, DL_EXCLUDE_*). Pages of zeros are in the file all the same: once for all. */
const LEVEL_BITS = ['zero', 'cache', 'private cache', 'user', 'free'];

export function describeLevel(level: number): string {
  const names = LEVEL_BITS.filter((_, bit) => level & (1 << bit));
  const last = names.pop();
  if (last === undefined) return `${level}: all pages`;
  const list = names.length > 0 ? `${names.join(', ')} and ${last}` : last;
  return `${level}: leaves out ${list} pages`;
}

/** ISO 8601; undefined for a time that was not set or cannot be. */
export function takenAt({ header }: KdumpPart): string | undefined {
  return header.seconds > 0 && header.seconds < 8.64e12 ? new Date(header.seconds * 1000).toISOString().replace('.000Z', 'Z') : undefined;
}

/** In all segments together. */
export function excludedBytes(segments: readonly SegmentReport[]): number {
  return segments.reduce((sum, { segment, excluded }) => sum + excluded * segment.part.header.blockSize, 0);
}

export function kdumpFacts(parts: readonly KdumpPart[], segments: readonly SegmentReport[]): Fact[] {
  const [part] = parts as [KdumpPart];
  const { header, subHeader } = part;
  const { utsname } = header;
  const facts: Fact[] = [];
  const add = (label: string, value: string, source: string) => facts.push({ label, value, source });
  const order = header.littleEndian ? 'little-endian' : 'big-endian';
  add(
    'Header version',
    `${header.version} (${header.wordSize * 8}-bit, ${order})`,
    `${header.diskdump ? 'diskdump' : 'kdump'} header, header_version`,
  );
  const system = [utsname.sysname, utsname.nodename, utsname.release, utsname.version].filter(Boolean).join(' ');
  if (system) add('System', system, 'kdump header, utsname');
  if (utsname.machine) add('Machine', utsname.machine, 'kdump header, utsname.machine');
  const time = takenAt(part);
  if (time !== undefined) add('Taken at', time, 'kdump header, timestamp');
  if (!header.diskdump) {
    if (subHeader.dumpLevel !== undefined) add('Dump level', describeLevel(subHeader.dumpLevel), 'kdump sub-header, dump_level');
    add('phys_base', `0x${BigInt.asUintN(64, subHeader.physBase).toString(16)}`, 'kdump sub-header, phys_base');
  }
  add('Pages', pageSummary(segments), 'page descriptors');
  const excluded = excludedBytes(segments);
  if (excluded > 0) add('Excluded', formatSize(excluded), 'bitmaps: pages that exist and are not in the file');
  if (subHeader.eraseinfo.size > 0) add('Erased data', `described in ${counted(subHeader.eraseinfo.size, 'byte')}`, 'kdump sub-header, eraseinfo');
  for (const { name, subHeader: sub, firstPfn, endPfn } of parts) {
    if (sub.split)
      add('Part', `${name}: PFN 0x${firstPfn.toString(16)} to 0x${(endPfn - 1).toString(16)}`, 'kdump sub-header, start_pfn and end_pfn');
  }
  return facts;
}

/** "17,915 zlib, 3,940 plain, 19,169 zero" */
function pageSummary(segments: readonly SegmentReport[]): string {
  const total = { zlib: 0, lzo: 0, snappy: 0, zstd: 0, plain: 0, zero: 0 };
  for (const { counts } of segments) {
    if (counts) for (const kind of Object.keys(total) as (keyof typeof total)[]) total[kind] += counts[kind];
  }
  const words = Object.entries(total).flatMap(([kind, pages]) => (pages > 0 ? [`${grouped(pages)} ${kind}`] : []));
  return words.join(', ') || 'none';
}
