/** A process's segments as blocks, regions and extents: the same bytes for the view of the process and for the guest inside. */
import { formatAddress } from '#shared/address-text.ts';
import type { ExtentBuilder } from '../../memory/extent-builder.ts';
import { ExtentKind } from '../../memory/extent-table.ts';
import type { OpenedBlock, OpenedRegion } from '../format.ts';
import { AT_SYSINFO_EHDR } from './core-notes.ts';
import { isWritable, rightsInWords, type ProcessCore, type ProcessSegment } from './process-core.ts';

/** Adds the memory from host address `host` on at `ram`. Of what no mapping covers, nothing is added; of what the core has no data for, an excluded extent, or nothing either (`withoutHoles`). */
export function addHostMemory(builder: ExtentBuilder, core: ProcessCore, host: number, length: number, ram: number, withoutHoles = false): void {
  for (const { start: from, end: to } of core.files) {
    const start = Math.max(host, from);
    const end = Math.min(host + length, to);
    if (start < end && !withoutHoles) builder.addUnreadable(ram + start - host, end - start, ExtentKind.Excluded);
  }
  for (const segment of core.segments) {
    const start = Math.max(host, segment.start);
    const end = Math.min(host + length, segment.end);
    if (start >= end) continue;
    const place = ram + start - host;
    const written = Math.max(0, Math.min(end, segment.start + segment.fileSize) - start);
    const held = Math.max(0, Math.min(end, segment.start + segment.held) - start);
    builder.addData(place, held, segment.offset + start - segment.start);
    if (!withoutHoles) builder.addUnreadable(place + written, end - start - written, ExtentKind.Excluded);
  }
}

/** What NT_FILE does not tell. */
const UNKNOWN_RIGHTS = 0x80;

export interface ProcessMap {
  blocks: OpenedBlock[];
  regions: OpenedRegion[];
}

/** One block and one region a segment. Addresses of RAM space are those of the process. */
export function mapOfProcess(core: ProcessCore, stacks: readonly (number | undefined)[]): ProcessMap {
  const segments = [...core.segments, ...filesWithoutSegment(core)].sort((a, b) => a.start - b.start);
  const blocks = segments.map((segment): OpenedBlock => {
    const { start, end } = segment;
    return { name: nameOf(core, segment, stacks), length: end - start, ram: start, host: start };
  });
  const regions = segments.map((segment, index): OpenedRegion => {
    const { start, end } = segment;
    const base = { start, last: end - 1, block: index, blockOffset: 0, ram: start, readOnly: !isWritable(segment) };
    return { ...base, evidence: { strength: 'proven', text: evidenceOf(core, segment) } };
  });
  return { blocks, regions };
}

/** Mappings of files that only NT_FILE tells of: gdb's gcore writes no segment for what it leaves out. */
export function filesWithoutSegment(core: ProcessCore): ProcessSegment[] {
  return core.files.flatMap(({ start, end }) => {
    const gaps: ProcessSegment[] = [];
    let at = start;
    for (const segment of [...core.segments.filter((each) => each.end > start && each.start < end), { start: end, end }]) {
      if (segment.start > at) gaps.push({ start: at, end: segment.start, fileSize: 0, held: 0, offset: 0, flags: UNKNOWN_RIGHTS });
      at = Math.max(at, segment.end);
    }
    return gaps.filter((gap) => gap.end > gap.start);
  });
}

function nameOf(core: ProcessCore, { start, end }: ProcessSegment, stacks: readonly (number | undefined)[]): string {
  const file = core.fileAt(start);
  if (file) return file.path;
  if (Number(core.auxv.get(AT_SYSINFO_EHDR) ?? 0n) === start) return '[vdso]';
  const thread = stacks.findIndex((stack) => stack !== undefined && stack >= start && stack < end);
  return thread < 0 ? 'anonymous' : `stack of thread ${thread}`;
}

function evidenceOf(core: ProcessCore, { start, flags, offset, fileSize, end }: ProcessSegment): string {
  const file = core.fileAt(start);
  const shows = file ? ` of ${file.path} from offset ${formatAddress(file.offset + start - file.start)} on (NT_FILE)` : '';
  if (flags === UNKNOWN_RIGHTS) return `A mapping${shows}, for which the core has no segment.`;
  const where = fileSize === 0 ? 'without data in the core' : `file offset ${formatAddress(offset)}`;
  const part = fileSize > 0 && fileSize < end - start ? `, the first ${formatAddress(fileSize)} bytes` : '';
  return `A PT_LOAD segment with rights ${rightsInWords(flags)}${shows}, ${where}${part}.`;
}
