/**
 * Raw memory: the byte at file offset N is the byte at guest-physical address N (or begin + N). What raw memory cannot say, which of its zeros are memory that is
 * zero and which are holes, stands in a file beside it:
 *
 * ```
 * OUT.ranges.json   {"format": "raw memory", "begin": "0x0", "ranges": [{"start", "last"}], "missing": [{"start", "last", "reason"}]}
 * ```
 */
import type { ExportOptions } from '#shared/model/export.ts';
import { missingWarnings } from '../export-warnings.ts';
import type { ExportSource } from '../export-source.ts';
import { planRanges, windowOf } from '../memory-ranges.ts';
import type { FilePlan } from '../placed-export.ts';

export const RAW_SIDECAR = '.ranges.json';

export function planRaw(source: ExportSource, options: ExportOptions): FilePlan {
  const { ranges, ...amounts } = planRanges(source, { split: true, window: windowOf(options) });
  const begin = options.begin ?? 0;
  const hex = (value: number) => `0x${value.toString(16)}`;
  const described = {
    format: 'raw memory',
    source: source.name,
    begin: hex(begin),
    ranges: ranges.map(({ start, length }) => ({ start: hex(start), last: hex(start + length - 1) })),
    missing: amounts.missing.map(({ start, last, reason }) => ({ start: hex(start), last: hex(last), reason })),
  };
  const last = ranges.at(-1);
  return {
    ...amounts,
    pieces: ranges.map(({ start, length }) => ({ physical: start, length, position: start - begin })),
    extras: [],
    fileSize: last ? last.start + last.length - begin : 0,
    warnings: [
      ...missingWarnings(source, { ranges, ...amounts }, 'It reads as zeros.'),
      `Raw memory has no registers and no holes: ${RAW_SIDECAR.slice(1)} beside it names the ranges that are memory.`,
    ],
    sidecar: { suffix: RAW_SIDECAR, text: `${JSON.stringify(described, null, 2)}\n` },
  };
}
