/** The formats, in the order in which a file's content is tried against them. Content decides, never the name. */
import { WorkbenchError } from '#shared/errors.ts';
import type { ByteSource } from '../memory/byte-source.ts';
import { elfVmcore } from './elf/index.ts';
import type { DumpFormat, OpenedDump, Progress } from './format.ts';
import { qemuStream } from './qemu-stream/index.ts';

export const FORMATS: readonly DumpFormat[] = [qemuStream, elfVmcore];

/** How much of a file's start the probes see. */
const HEAD = 65536;

/** Opens what the file holds. Throws WorkbenchError `unknown-format` when no format knows it, DumpFormatError when one does and it is broken. */
export function openDump(source: ByteSource, progress: Progress): OpenedDump {
  const head = new Uint8Array(Math.min(HEAD, source.size));
  source.read(0, head);
  const answers = FORMATS.map((format) => ({ format, answer: format.probe(head) }));
  const chosen = answers.find(({ answer }) => answer === 'yes') ?? answers.find(({ answer }) => answer === 'maybe');
  if (chosen) return chosen.format.open(source, progress);
  if (head.length === 0) throw new WorkbenchError('unknown-format', `${source.name}: the file is empty`, { source: source.name, fileOffset: 0 });
  const start = Array.from(head.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const expected = FORMATS.map(({ title }) => title).join(' or ');
  throw new WorkbenchError('unknown-format', `${source.name}: no known dump format at 0x0: expected ${expected}, found ${start}`, {
    source: source.name,
    fileOffset: 0,
    expected,
    found: start,
    hint: 'Compressed and kdump files are not read yet; raw memory has no format of its own.',
  });
}
