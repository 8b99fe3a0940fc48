import { formatAddress, formatSize } from '#shared/address-text.ts';
import type { ExportOptions, ExportReport, JobProgress } from '#shared/model/index.ts';
import type { Command, CommandContext } from '../command.ts';
import { EXIT, UsageError } from '../exit-code.ts';
import { hex, toJson } from '../json.ts';
import { openDump } from '../opened-dump.ts';

const JOB = 'export';

export const exportCommand: Command = {
  name: 'export',
  usage: 'FILE... OUT [--format elf] [--layout portable|qemu]',
  summary: 'write the memory and registers as a vmcore',
  details: `  --format elf               ELF64 vmcore (default)
  --layout portable|qemu     portable (default) opens in crash, makedumpfile, libkdumpfile, gdb; qemu is byte for byte what QEMU's dump-guest-memory writes

OUT is written as OUT.part and renamed when it is complete. Memory that the source lacks is listed on stderr.`,
  arity: [2, 2],
  options: { format: { type: 'string' }, 'input-format': { type: 'string' }, layout: { type: 'string' } },
  formatOption: 'input-format',
  async run(context) {
    const options = exportOptions(context.options);
    const target = context.positionals[1] ?? '';
    const { dumpId } = await openDump(context);
    const stopShowing = process.stderr.isTTY && !context.json ? showProgress(context) : () => undefined;
    const interrupt = () => void context.workbench.cancelJob({ jobId: JOB });
    process.once('SIGINT', interrupt);
    try {
      const report = await context.workbench.exportDump({ dumpId, options, target, jobId: JOB });
      stopShowing();
      tell(context, report);
      return EXIT.done;
    } finally {
      stopShowing();
      process.off('SIGINT', interrupt);
    }
  },
};

function exportOptions({ format = 'elf', layout = 'portable' }: CommandContext['options']): ExportOptions {
  if (format !== 'elf')
    throw new UsageError(`--format: expected elf, found ${JSON.stringify(format)}: it says what is written, --input-format what FILE is`);
  if (layout !== 'portable' && layout !== 'qemu') throw new UsageError(`--layout: expected portable or qemu, found ${JSON.stringify(layout)}`);
  return { format, layout };
}

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
    print(toJson({ ...report, missing: missing.map(({ start, last, reason }) => ({ start: hex(start), last: hex(last), reason })) }));
    return;
  }
  print(`${target}: ${formatSize(bytesWritten)} written, ${formatSize(sparseBytes)} left as holes, ${seconds.toFixed(1)} s`);
  for (const warning of warnings) note(`warning: ${warning}`);
  for (const { start, last, reason } of missing) note(`missing: ${formatAddress(start)} to ${formatAddress(last)}: ${reason}`);
  if (missingCut) note('missing: and more');
}
