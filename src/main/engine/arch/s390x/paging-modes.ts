/**
 * The translations of z/Architecture as tables. How the PSW and control registers select one: paging-state.ts.
 *
 * Source: Principles of Operation, chapter "Storage", "Virtual-Address Format" and "Address-Space-Control Element". An id is that of the top table; `-noedat` where enhanced DAT is not enabled, then `-private` in a
 * private space.
 * Not supported: addresses of 24 and 31 bits, which wrap: all 64 bits count.
 */
import { WorkbenchError } from '#shared/errors.ts';
import type { PagingLevel, PagingModeId } from '#shared/model/index.ts';
import type { PagingMode } from '#engine/translate/paging-mode.ts';
import { entryFormat, type EntryRules } from './page-entry.ts';

/** Named by the manual's abbreviations of their entries: RFTE, RSTE, RTTE, STE, PTE. */
const LEVELS: readonly PagingLevel[] = [
  { level: 5, name: 'RFT', shift: 53, bits: 11 },
  { level: 4, name: 'RST', shift: 42, bits: 11 },
  { level: 3, name: 'RTT', shift: 31, bits: 11 },
  { level: 2, name: 'ST', shift: 20, bits: 11 },
  { level: 1, name: 'PT', shift: 12, bits: 8 },
];

/** By the designation type of an ASCE. */
export const TOP_TABLES = ['s390x-segment', 's390x-region-third', 's390x-region-second', 's390x-region-first'] as const;
const TITLES = ['segment table', 'region-third table', 'region-second table', 'region-first table'];
const VIRTUAL_BITS = [31, 42, 53, 64];

export const REAL_SPACE = 's390x-real-space';

/** Of the mode with a top table of that designation type. */
export function modeId(designation: number, { edat, privateSpace }: EntryRules): PagingModeId {
  return `${TOP_TABLES[designation] ?? ''}${edat ? '' : '-noedat'}${privateSpace ? '-private' : ''}`;
}

const COMMON = {
  upperBits: 0n,
  entrySize: 8,
  bigEndian: true,
  tableAlignment: 4096,
  impossibleConsequence: 'the CPU raises an ASCE-type exception',
} as const;

function modesOf(rules: EntryRules): PagingMode[] {
  const format = entryFormat(rules);
  return TOP_TABLES.map((_, designation) => ({
    ...COMMON,
    id: modeId(designation, rules),
    title: `DAT from a ${TITLES[designation]}`,
    virtualBits: VIRTUAL_BITS[designation] ?? 64,
    levels: LEVELS.slice(3 - designation),
    format,
  }));
}

const FLAGS = [true, false];
const UNTRANSLATED = { ...COMMON, virtualBits: 64, levels: [], format: entryFormat({ edat: true, privateSpace: false }) };
const MODES = new Map<PagingModeId, PagingMode>(
  [
    ...FLAGS.flatMap((edat) => FLAGS.flatMap((privateSpace) => modesOf({ edat, privateSpace }))),
    { ...UNTRANSLATED, id: REAL_SPACE, title: 'real space' },
    { ...UNTRANSLATED, id: 'off', title: 'DAT off' },
  ].map((mode) => [mode.id, mode]),
);

/** See Architecture.pagingMode. */
export function pagingMode(id: PagingModeId): PagingMode {
  const mode = MODES.get(id);
  if (!mode) throw new WorkbenchError('bad-request', `s390x has no paging mode ${id}`, { expected: [...TOP_TABLES, REAL_SPACE, 'off'].join(', ') });
  return mode;
}
