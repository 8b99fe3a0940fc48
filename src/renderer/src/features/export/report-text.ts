/** A report as text and as JSON, to keep beside the file. The JSON has the form of the command line's `export --report`. */
import { formatAddress, formatSize } from '#shared/address-text.ts';
import type { ExportReport } from '#shared/model/index.ts';

/** One line a range: `0x100000 to 0x1fffff: not in the dump`, as the command line prints it. */
export function missingText({ missing, missingCut }: ExportReport): string {
  const lines = missing.map(({ start, last, reason }) => `${formatAddress(start)} to ${formatAddress(last)}: ${reason}`);
  return [...lines, ...(missingCut ? ['and more'] : []), ''].join('\n');
}

export function reportJson(report: ExportReport): string {
  const missing = report.missing.map(({ start, last, reason }) => ({ start: formatAddress(start), last: formatAddress(last), reason }));
  return `${JSON.stringify({ ...report, missing }, null, 2)}\n`;
}

/** `160 MiB read back and equal`; that it was not done is said, too. */
export function verifiedText({ verified }: ExportReport): string {
  return verified === null ? 'Not read back: that was not asked for' : `${formatSize(verified)} read back and equal`;
}
