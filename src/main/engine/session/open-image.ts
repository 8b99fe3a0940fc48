/** From paths to an open dump: opens the files, takes off what wraps them, joins the parts of a set, and lets the format read it. */
import path from 'node:path';
import { counted } from '#shared/counted.ts';
import type { Diagnostic } from '#shared/model/diagnostic.ts';
import type { OpenOptions } from '#shared/model/dump.ts';
import type { Progress } from '../containers/container.ts';
import { unwrap, type Contents } from '../containers/unwrap.ts';
import type { DumpPart } from '../formats/format.ts';
import { openDump } from '../formats/registry.ts';
import { FileSource } from '../io/file-source.ts';
import { JoinedSource, joinedStarts } from '../io/joined-source.ts';
import type { OpenSource } from '../io/open-source.ts';
import type { DumpImage, OpenedFile } from './dump-image.ts';
import { joinRamFiles, openRamFiles } from './ram-files.ts';

export interface OpenRequest {
  /** One path, or the parts of a set in any order. */
  paths: string[];
  /** False reads with pread only. */
  mapping: boolean;
  options: OpenOptions;
}

/**
 * A source and what is in it. The caller closes the source. Throws with everything closed: what the containers and the format throw, WorkbenchError `io`,
 * `bad-request` for RAM files that do not fit the dump.
 */
export async function openImage(
  request: OpenRequest,
  progress: Progress,
): Promise<{ source: OpenSource; image: Omit<DumpImage, 'corrections' | 'debugFiles'> }> {
  const { options } = request;
  const files: OpenedFile[] = [];
  const parts: Contents[] = [];
  // First, since a wrong path should not come out after a long decompression.
  const ramFiles = openRamFiles(request);
  try {
    for (const location of request.paths) {
      const file = FileSource.open(location, request);
      const { path: opened, size, access } = file.shared.file;
      files.push({ path: opened, size, access });
      // A user who says that the file is raw memory means all of its bytes.
      const wanted = options.format === 'raw' ? bare(file) : await unwrap(file, { mapping: request.mapping, snapshot: options.snapshot, progress });
      parts.push(wanted);
    }
    const [first] = parts as [Contents];
    const source =
      parts.length === 1
        ? first.source
        : new JoinedSource(
            setName(files),
            parts.map((part) => part.source),
          );
    const starts = joinedStarts(parts.map((part) => part.source.size));
    const places: DumpPart[] = parts.map((part, index) => ({
      name: part.source.name,
      start: starts[index]! + part.start,
      length: part.source.size - part.start,
    }));
    const { architecture, format, view, executable, debug } = options;
    const context = { progress, start: first.start, parts: places, documents: first.documents, architecture, view, executable, debug };
    const { memory, places: ramPlaces } = joinRamFiles(source, ramFiles);
    const dump = openDump(source, { ...context, memory, ramFiles: ramPlaces }, format);
    dump.layers.unshift(...first.layers);
    dump.facts.push(...first.facts);
    dump.diagnostics.unshift(...files.flatMap(unfinished), ...parts.flatMap(({ diagnostics }) => diagnostics));
    dump.documents = first.documents;
    dump.snapshots = first.snapshots;
    return { source: memory, image: { files, source: memory.shared, options, dump } };
  } catch (error) {
    for (const { source } of [...parts, ...ramFiles]) source.close();
    throw error;
  }
}

/** What is said of a file that still has an export's preliminary name, whatever of it can be read. Verification opens it before it gets its name, and shows nothing of this. */
function unfinished({ path: file }: OpenedFile): Diagnostic[] {
  if (!file.endsWith('.part')) return [];
  return [
    {
      severity: 'suspect',
      code: 'unfinished-export',
      message: `${path.basename(file)} has the name that an export has until it is complete: it is still being written, or was interrupted.`,
      consequence: 'Memory that was not written yet reads as zero. Export again from the original; that takes this file away.',
    },
  ];
}

function bare(source: FileSource): Contents {
  return { source, start: 0, layers: [], facts: [], diagnostics: [], documents: [], snapshots: [] };
}

function setName(files: readonly OpenedFile[]): string {
  return `${path.basename(files[0]?.path ?? '')} and ${counted(files.length - 1, 'more file')}`;
}
