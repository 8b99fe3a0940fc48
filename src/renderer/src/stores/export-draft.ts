/** What is chosen in the export dialog, for every format at once, so that going to another format and back loses nothing. */
import { EXPORT_COMPRESSIONS, EXPORT_FORMATS, EXPORT_LAYOUTS, isFor } from '#shared/export-choices.ts';
import type { ExportCompression, ExportFormat, ExportOptions } from '#shared/model/index.ts';

export interface ExportDraft {
  format: ExportFormat;
  layout: ExportOptions['layout'];
  paging: boolean;
  compression: ExportCompression;
  flattened: boolean;
  excludeZero: boolean;
  sparse: boolean;
  /** Undefined: as the size of the file suggests. */
  verify: boolean | undefined;
  /** Only a range of memory, as typed. */
  ranged: boolean;
  begin: string;
  length: string;
}

export const FRESH_DRAFT: ExportDraft = {
  format: 'elf',
  layout: 'portable',
  paging: false,
  compression: 'zlib',
  flattened: false,
  excludeZero: false,
  sparse: true,
  verify: undefined,
  ranged: false,
  begin: '',
  length: '',
};

/** What of a draft is worth keeping for other dumps: all but the range, which is one dump's. */
export type KeptChoices = Omit<ExportDraft, 'ranged' | 'begin' | 'length'>;

export function keptChoices({ format, layout, paging, compression, flattened, excludeZero, sparse, verify }: ExportDraft): KeptChoices {
  return { format, layout, paging, compression, flattened, excludeZero, sparse, verify };
}

/** A draft from what was kept, which may be old or edited: whatever it does not have, or has wrong, is as in a fresh one. */
export function draftOf(kept: unknown): ExportDraft {
  const stored = (typeof kept === 'object' && kept !== null ? kept : {}) as Record<string, unknown>;
  const draft: ExportDraft = { ...FRESH_DRAFT };
  const oneOf = <Id extends string>(choices: Readonly<Record<Id, unknown>>, value: unknown, otherwise: Id): Id =>
    typeof value === 'string' && Object.hasOwn(choices, value) ? (value as Id) : otherwise;
  draft.format = oneOf(EXPORT_FORMATS, stored['format'], draft.format);
  draft.layout = oneOf(EXPORT_LAYOUTS, stored['layout'], draft.layout);
  draft.compression = oneOf(EXPORT_COMPRESSIONS, stored['compression'], draft.compression);
  for (const name of ['paging', 'flattened', 'excludeZero', 'sparse', 'verify'] as const) {
    const value = stored[name];
    if (typeof value === 'boolean') draft[name] = value;
  }
  return draft;
}

/** A range of guest-physical memory. */
export interface ExportRange {
  begin: number;
  length: number;
}

/** True when the range that was typed counts. */
export function isRanged({ format, ranged }: ExportDraft): boolean {
  return ranged && isFor('begin', format);
}

/** Only what the format knows. */
export function optionsOf(draft: ExportDraft, range?: ExportRange): ExportOptions {
  const { format, layout, paging, compression, flattened, excludeZero, sparse, verify } = draft;
  const options: ExportOptions = { format, layout: format === 'elf' ? layout : 'portable' };
  if (paging && isFor('paging', format)) options.paging = true;
  if (range && isRanged(draft)) Object.assign(options, range);
  if (isFor('compression', format)) options.compression = compression;
  if (flattened && isFor('flattened', format)) options.flattened = true;
  if (excludeZero && isFor('excludeZero', format)) options.excludeZero = true;
  if (!sparse && isFor('sparse', format)) options.sparse = false;
  if (verify !== undefined) options.verify = verify;
  return options;
}
