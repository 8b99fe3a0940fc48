/** The formats, in the order in which a file's content is tried against them. Content decides, never the name. */
import { DumpFormatError, WorkbenchError } from '#shared/errors.ts';
import type { FormatId } from '#shared/model/dump.ts';
import type { ByteSource } from '../memory/byte-source.ts';
import { avml } from './avml/index.ts';
import { completeCpus } from './complete-cpus.ts';
import { elfVmcore } from './elf/index.ts';
import { recognizeForeign } from './foreign.ts';
import type { DumpFormat, OpenContext, OpenedDump } from './format.ts';
import { kdump } from './kdump/index.ts';
import { lime } from './lime/index.ts';
import { processCore } from './process-core/index.ts';
import { ProcessCore } from './process-core/process-core.ts';
import { openBestView, qemuCore } from './qemu-core/index.ts';
import { qemuStream } from './qemu-stream/index.ts';
import { raw } from './raw/index.ts';

export const FORMATS: readonly DumpFormat[] = [qemuStream, elfVmcore, kdump, qemuCore, processCore, lime, avml, raw];

/** How much of a file's start the probes see. */
const HEAD = 65536;

/**
 * Opens what the source holds, by its content or as the `wanted` format. Throws WorkbenchError `unknown-format` when no format knows it,
 * `not-one-dump` for several files of a format that is never split, `bad-request` for RAM files of a format that has no use for them, DumpFormatError when the
 * content is broken.
 */
export function openDump(source: ByteSource, context: OpenContext, wanted?: FormatId): OpenedDump {
  const format = wanted === undefined ? recognize(source, context.start) : FORMATS.find(({ id }) => id === wanted);
  if (!format) throw new WorkbenchError('unsupported', `the format ${wanted} is not read yet`);
  // What tells a process's core from a vmcore stands in its notes, which may lie anywhere in the file.
  const core = format === elfVmcore && wanted === undefined ? processIn(source, context) : undefined;
  if (context.parts.length > 1 && !format.canBeSplit) {
    throw new WorkbenchError('not-one-dump', `${source.name}: a ${format.title} is one file; these are ${context.parts.length}`, {
      source: source.name,
    });
  }
  if (context.ramFiles?.length && !(core ? qemuCore : format).takesRamFiles) {
    throw new WorkbenchError('bad-request', `${source.name}: ${format.title}: it names no RAM blocks that could be taken from a file`, {
      source: source.name,
    });
  }
  return completeCpus(core ? openBestView(core, context) : format.open(source, context), context.memory ?? source);
}

/** Undefined for a vmcore, and for what is broken: the vmcore's format says how. */
function processIn(source: ByteSource, { start }: OpenContext): ProcessCore | undefined {
  try {
    const core = new ProcessCore(source, start);
    return core.isProcess ? core : undefined;
  } catch (error) {
    if (error instanceof DumpFormatError) return undefined;
    throw error;
  }
}

function recognize(source: ByteSource, start: number): DumpFormat {
  const head = new Uint8Array(Math.max(0, Math.min(HEAD, source.size - start)));
  source.read(start, head);
  const answers = FORMATS.map((format) => ({ format, answer: format.probe(head) }));
  const chosen = answers.find(({ answer }) => answer === 'yes') ?? answers.find(({ answer }) => answer === 'maybe');
  if (chosen) return chosen.format;
  if (head.length === 0) throw new WorkbenchError('unknown-format', `${source.name}: the file is empty`, { source: source.name, fileOffset: start });
  const found = Array.from(head.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const foreign = recognizeForeign(head);
  if (foreign) {
    throw new WorkbenchError('unknown-format', `${source.name}: this is ${foreign.what}, not a dump`, {
      source: source.name,
      fileOffset: start,
      found,
      hint: foreign.hint,
    });
  }
  const expected = FORMATS.filter((format) => format !== raw)
    .map(({ title }) => title)
    .join(' or ');
  throw new WorkbenchError(
    'unknown-format',
    `${source.name}: no known dump format at 0x${start.toString(16)}: expected ${expected}, found ${found}`,
    {
      source: source.name,
      fileOffset: start,
      expected,
      found,
      hint: 'Raw memory has no format of its own: if this is what it is, open it as raw (--format raw, Open as… in the window).',
    },
  );
}
