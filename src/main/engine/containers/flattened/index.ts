/**
 * Flattened files: what makedumpfile -F and QEMU's kdump-zlib, kdump-lzo and kdump-snappy write into a pipe, where nobody can seek. Inside is a kdump file or an ELF.
 * Facts: makedumpfile.h (1.7.8, struct makedumpfile_header, makedumpfile_data_header), QEMU dump/dump.c (10.0); all big-endian.
 *
 * ```
 * header (4096 bytes)   0 signature[16] "makedumpfile"  16 i64 type (1)  24 i64 version (1)  then zeros
 * record                0 i64 offset in the file inside  8 i64 size  16 data
 * ...
 * end                   0 i64 -1  8 i64 -1
 * ```
 * Offsets jump back and forth, and what was written before may be written again: the last one counts.
 */
import { formatSize } from '#shared/address-text.ts';
import { counted } from '#shared/counted.ts';
import { DumpFormatError, WorkbenchError } from '#shared/errors.ts';
import type { Diagnostic } from '#shared/model/diagnostic.ts';
import { RemappedSource } from '../../io/remapped-source.ts';
import { ExtentBuilder } from '../../memory/extent-builder.ts';
import type { Container, Progress, Wrapped } from '../container.ts';
import { HEADER_SIZE, isFlattened, RecordReader } from './records.ts';

/** 32 GiB of what QEMU writes, in records of 16 KiB; the index takes 29 bytes a record, 61 MB in all, and three times that while it is sorted. */
const MAX_RECORDS = 2 ** 21;
/** How often progress is reported, in records. */
const REPORT_EVERY = 1024;

interface Records {
  builder: ExtentBuilder;
  records: number;
  /** Bytes of the file inside. */
  size: number;
  /** Where the last record ends: an offset in the source. */
  end: number;
  diagnostics: Diagnostic[];
}

function readRecords({ source, start }: Wrapped, progress: Progress): Records {
  const reader = new RecordReader(source, start + HEADER_SIZE);
  const found: Records = { builder: new ExtentBuilder(), records: 0, size: 0, end: reader.at, diagnostics: [] };
  const lose = (code: string, message: string, fileOffset: number) =>
    found.diagnostics.push({ severity: 'data-loss', code, message, consequence: 'What was written after that is missing.', fileOffset });
  for (;;) {
    if (found.records % REPORT_EVERY === 0) progress.report('reading the records of a flattened file', reader.at, source.size);
    const { at } = reader;
    found.end = at;
    const record = reader.next();
    if (record === 'end') return found;
    if (record === 'truncated') {
      lose('flattened-truncated', `The flattened file ends at 0x${source.size.toString(16)} without the mark of its end.`, source.size);
      return found;
    }
    if (record === 'damaged') {
      lose('flattened-damaged', `The record of the flattened file at 0x${at.toString(16)} has an impossible offset or size.`, at);
      return found;
    }
    if (++found.records > MAX_RECORDS) {
      throw new WorkbenchError('unsupported', `${source.name}: a flattened file of more than ${counted(MAX_RECORDS, 'record')}`, {
        source: source.name,
        hint: 'makedumpfile -R makes a plain file of it.',
      });
    }
    const held = Math.min(record.size, source.size - record.place);
    found.builder.addData(record.offset, held, record.place);
    found.size = Math.max(found.size, record.offset + held);
    if (held < record.size) {
      found.end = source.size;
      lose('flattened-truncated', `The flattened file ends at 0x${source.size.toString(16)}, inside a record.`, source.size);
      return found;
    }
  }
}

export const flattened: Container = {
  id: 'flattened',
  title: 'flattened file (makedumpfile -F)',

  probe: isFlattened,

  async unwrap(wrapped, { progress }) {
    const { source, start } = wrapped;
    const { builder, records, size, end, diagnostics } = readRecords(wrapped, progress);
    if (records === 0) {
      throw new DumpFormatError({
        format: 'flattened file',
        source: source.name,
        fileOffset: start + HEADER_SIZE,
        field: 'record',
        expected: 'an offset, a size and data',
        found: `a file of ${source.size}`,
      });
    }
    const inside = new RemappedSource(source, { name: source.name, size, extents: builder.finish().shared });
    return {
      inside: { source: inside, start: 0 },
      layer: {
        title: flattened.title,
        offset: start,
        length: end - start,
        detail: `${counted(records, 'record')}, together a file of ${formatSize(size)}`,
      },
      diagnostics,
    };
  },
};
