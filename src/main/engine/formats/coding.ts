/** How a dump's coded units are decoded, as plain data: each thread makes its own decoder of it. */
import { UnitRecordDecoder, type SharedUnitRecords } from '../codecs/unit-records.ts';
import type { ByteSource } from '../memory/byte-source.ts';
import type { UnitDecoder } from '../memory/unit-decoder.ts';
import { UnitPartDecoder, type SharedUnitParts } from '../memory/unit-parts.ts';
import { KdumpPageDecoder, type KdumpUnits } from './kdump/page-decoder.ts';
import { PageUnitDecoder, type SharedPageUnits } from './qemu-stream/page-units.ts';

export type Coding =
  /** Units that lie each in one piece in the file. */
  | { kind: 'records'; records: SharedUnitRecords }
  /** Compressed pages and XBZRLE deltas of a migration stream. */
  | { kind: 'stream-pages'; units: SharedPageUnits }
  /** Pages of a kdump file, by their descriptors. */
  | { kind: 'kdump'; units: KdumpUnits }
  /** Pages of larger units. */
  | { kind: 'parts'; of: Coding; parts: SharedUnitParts };

export function decoderOf(coding: Coding, source: ByteSource): UnitDecoder {
  switch (coding.kind) {
    case 'records':
      return new UnitRecordDecoder(source, coding.records);
    case 'stream-pages':
      return new PageUnitDecoder(source, coding.units);
    case 'kdump':
      return new KdumpPageDecoder(source, coding.units);
    case 'parts':
      return new UnitPartDecoder(decoderOf(coding.of, source), coding.parts);
  }
}
