/**
 * A compressed dump. Such streams cannot be read at random, so one is decompressed once, into a temporary file that takes its place. Memory does not grow with it.
 *
 * What is damaged opens as far as something came out, and says where it broke and what that means.
 */
import { formatSize } from '#shared/address-text.ts';
import type { Diagnostic } from '#shared/model/diagnostic.ts';
import type { Container, UnwrapOptions, Unwrapped, Wrapped } from '../container.ts';
import { StreamDamage, type CompressedFormat } from './compressed-format.ts';
import { CompressedInput } from './compressed-input.ts';
import { TemporaryFile } from './temporary-file.ts';

/** `folder`: where the temporary file is to be, instead of the system's folder. */
export function compressedContainer(format: CompressedFormat, folder?: string): Container {
  return {
    id: format.id,
    title: format.title,
    probe: (head) => format.probe(head),
    unwrap: async (wrapped, options) => decompress(format, wrapped, options, folder),
  };
}

async function decompress(format: CompressedFormat, { source, start }: Wrapped, options: UnwrapOptions, folder?: string): Promise<Unwrapped> {
  const file = TemporaryFile.create(announcedSize(format, new CompressedInput(source, start).ahead()), folder);
  try {
    const input = new CompressedInput(source, start);
    const damage = await pour(format, input, file, options);
    if (damage && file.size === 0) throw damage.asError(format.title, source.name);
    const size = file.size;
    const inside = file.finish(`${source.name} (decompressed)`, options.mapping);
    const length = source.size - start;
    source.close();
    return {
      inside: { source: inside, start: 0 },
      layer: {
        title: format.title,
        offset: start,
        length,
        detail: `${formatSize(size)} in ${formatSize(length)}, decompressed into a temporary file`,
      },
      diagnostics: damage && [asDiagnostic(format, damage, size)],
    };
  } finally {
    file.discard();
  }
}

/** What the file says of itself; a damaged beginning will be found again, and named, by whoever decompresses it. */
function announcedSize(format: CompressedFormat, input: CompressedInput): number | undefined {
  try {
    return format.announcedSize?.(input);
  } catch (error) {
    if (error instanceof StreamDamage) return undefined;
    throw error;
  }
}

/** Returns what was wrong with the stream. Throws what reading, writing and the user's cancelling throw. */
async function pour(
  format: CompressedFormat,
  input: CompressedInput,
  file: TemporaryFile,
  options: UnwrapOptions,
): Promise<StreamDamage | undefined> {
  const total = input.left;
  const report = () => options.progress.report(`decompressing ${format.id}`, input.position - input.start, total);
  report();
  try {
    for await (const piece of format.decompress(input)) {
      file.append(piece);
      report();
    }
    return undefined;
  } catch (error) {
    if (error instanceof StreamDamage) return error;
    throw error;
  }
}

function asDiagnostic({ title }: CompressedFormat, damage: StreamDamage, size: number): Diagnostic {
  const out = `${formatSize(size)} came out`;
  const where = { fileOffset: damage.offset };
  switch (damage.kind) {
    case 'truncated':
      return {
        severity: 'data-loss',
        code: 'compressed-truncated',
        message: `The ${title} is cut off at 0x${damage.offset.toString(16)}: ${out}.`,
        consequence: 'Whatever came after that is not here.',
        ...where,
      };
    case 'damaged':
      return {
        severity: 'data-loss',
        code: 'compressed-damaged',
        message: `The ${title} is damaged: ${damage.message}; ${out}.`,
        consequence: 'What came after that is not here, and some of what came out may be wrong.',
        ...where,
      };
    case 'checksum':
      return {
        severity: 'data-loss',
        code: 'compressed-checksum',
        message: `The ${title} is damaged: ${damage.message}; ${out}.`,
        consequence: 'Some of what came out is wrong, and nothing tells which part.',
        ...where,
      };
    case 'trailing':
      return {
        severity: 'suspect',
        code: 'compressed-trailing',
        message: `Something else follows the ${title}: ${damage.message}. It was left out.`,
        consequence: 'If it was more of the dump, that is missing here.',
        ...where,
      };
  }
}
