import fs from 'node:fs/promises';
import { formatAddress, formatSize } from '#shared/address-text.ts';
import { WorkbenchError } from '#shared/errors.ts';
import type { ExportReport, JobProgress } from '#shared/model/index.ts';
import type { Command, CommandContext } from '../command.ts';
import { EXIT } from '../exit-code.ts';
import { EXPORT_HELP, EXPORT_OPTIONS, exportOptions } from '../export-options.ts';
import { hex, toJson } from '../json.ts';
import { openDump } from '../opened-dump.ts';

const JOB = 'export';
/** What ends the program: the unfinished file is taken away first. */
const INTERRUPTS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export const exportCommand: Command = {
  name: 'export',
  usage: 'FILE... OUT [--format elf|kdump|raw|lime] [options]',
  summary: 'write the memory and registers as a vmcore',
  details: `${EXPORT_HELP}
  --report FILE                    write what was missing, and what was written, as JSON

OUT is written as OUT.part and renamed when it is complete and was found to be right; an export that fails or is interrupted (Ctrl+C)
leaves nothing behind. Memory that the source lacks is listed on stderr.`,
  arity: [2, 2],
  options: { ...EXPORT_OPTIONS, 'input-format': { type: 'string' }, report: { type: 'string' } },
  formatOption: 'input-format',
  async run(context) {
    const options = exportOptions(context.options);
    const target = context.positionals[1] ?? '';
    const { dumpId } = await openDump(context);
    const stopShowing = process.stderr.isTTY && !context.json ? showProgress(context) : () => undefined;
    const interrupt = () => void context.workbench.cancelJob({ jobId: JOB });
    for (const signal of INTERRUPTS) process.once(signal, interrupt);
    try {
      const report = await context.workbench.exportDump({ dumpId, options, target, jobId: JOB });
      stopShowing();
      tell(context, report);
      const reportFile = context.options['report'];
      if (typeof reportFile === 'string') await writeReport(reportFile, report);
      return EXIT.done;
    } finally {
      stopShowing();
      for (const signal of INTERRUPTS) process.off(signal, interrupt);
    }
  },
};

function showProgress({ workbench }: CommandContext): () => void {
  const clear = () => process.stderr.write('\r\x1b[K');
  const unsubscribe = workbench.subscribe((event) => {
    if (event.type === 'job' && event.progress.jobId === JOB) process.stderr.write(`\r\x1b[K${progressLine(event.progress)}`);
  });
  return () => {
    unsubscribe();
    clear();
  };
}

function progressLine({ phase, done, total, bytesPerSecond, secondsLeft }: JobProgress): string {
  const percent = total > 0 ? Math.floor((done / total) * 100) : 0;
  const left = secondsLeft === null ? '' : `, ${Math.ceil(secondsLeft)} s left`;
  return `${phase}: ${percent} %, ${formatSize(bytesPerSecond)}/s${left}`;
}

function tell({ json, print, note }: CommandContext, report: ExportReport): void {
  const { target, bytesWritten, sparseBytes, seconds, missing, missingCut, warnings } = report;
  if (json) {
    print(asJson(report));
    return;
  }
  const verified = report.verified === null ? '' : `, ${formatSize(report.verified)} read back and equal`;
  print(`${target}: ${formatSize(bytesWritten)} written, ${formatSize(sparseBytes)} left as holes${verified}, ${seconds.toFixed(1)} s`);
  for (const warning of warnings) note(`warning: ${warning}`);
  for (const { start, last, reason } of missing) note(`missing: ${formatAddress(start)} to ${formatAddress(last)}: ${reason}`);
  if (missingCut) note('missing: and more');
}

function asJson(report: ExportReport): string {
  return toJson({ ...report, missing: report.missing.map(({ start, last, reason }) => ({ start: hex(start), last: hex(last), reason })) });
}

async function writeReport(file: string, report: ExportReport): Promise<void> {
  try {
    await fs.writeFile(file, `${asJson(report)}\n`);
  } catch (error) {
    throw new WorkbenchError('cannot-write', `${file}: ${(error as Error).message}`);
  }
}
