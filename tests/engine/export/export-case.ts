/** What an export is made of, out of a file or of memory that a test puts together. */
import { memoryOfDump } from '#engine/formats/dump-memory.ts';
import { ARCHITECTURES } from '#engine/arch/index.ts';
import type { ExportSource } from '#engine/export/export-source.ts';
import { wholeFile, type OpenedDump, type OpenedRegion } from '#engine/formats/format.ts';
import { openDump } from '#engine/formats/registry.ts';
import { FileSource } from '#engine/io/file-source.ts';
import type { ByteSource } from '#engine/memory/byte-source.ts';
import type { ExtentTable } from '#engine/memory/extent-table.ts';
import { SILENT } from '../formats/open-bytes.ts';

export { SILENT };

export function sourceOf(dump: OpenedDump, source: ByteSource, path: string): ExportSource {
  const memory = memoryOfDump(dump, source);
  return {
    name: source.name,
    files: [path],
    mostData: Infinity,
    memory,
    dump,
    architecture: ARCHITECTURES.find(({ id }) => id === dump.architecture),
  };
}

/** An open file as the session hands it to an export. */
export function openToExport(file: string): ExportSource {
  const source = FileSource.open(file, { mapping: false });
  return sourceOf(openDump(source, wholeFile(source, SILENT)), source, file);
}

/** A dump with nothing but memory. */
export function bareDump(
  extents: ExtentTable,
  regions: { start: number; last: number; ram: number; block?: number; blockOffset?: number }[],
): OpenedDump {
  const evidence = { strength: 'proven', text: 'made by a test' } as const;
  return {
    format: 'qemu-stream',
    formatTitle: 'test',
    sentence: '',
    layers: [],
    architecture: 'x86-64',
    blocks: [],
    regions: regions.map((region): OpenedRegion => ({ block: 0, blockOffset: region.ram, readOnly: false, evidence, ...region })),
    extents: extents.shared,
    cpus: [],
    notes: [],
    facts: [],
    diagnostics: [],
  };
}
