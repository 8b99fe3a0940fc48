/** The registers of one CPU as rows in sections, as the panel lists and filters them. Segment registers are rows of a section of their own. */
import type { BitField, CpuView, Register, RegisterGroup, SegmentRegister } from '#shared/model/index.ts';

export type SectionId = RegisterGroup | 'segments';

export interface RegisterRow {
  /** Unique in the panel, and stable from CPU to CPU. */
  id: string;
  name: string;
  /** Set on every row but a segment's. */
  register?: Register;
  segment?: SegmentRegister;
  fields: readonly BitField[];
  source: string;
  inferred: boolean;
}

export interface RegisterSection {
  id: SectionId;
  title: string;
  rows: RegisterRow[];
}

export const SECTION_TITLES: Record<SectionId, string> = {
  general: 'General',
  control: 'Control',
  segments: 'Segments',
  system: 'System',
  debug: 'Debug',
  'floating-point': 'Floating point',
  vector: 'Vector',
  timer: 'Timers',
  other: 'Other',
};
const ORDER: readonly SectionId[] = ['general', 'control', 'segments', 'system', 'debug', 'floating-point', 'vector', 'timer', 'other'];

function registerRow(register: Register): RegisterRow {
  const { name, fields, source, inferred } = register;
  return { id: name, name, register, fields, source, inferred: inferred === true };
}

function segmentRow(segment: SegmentRegister): RegisterRow {
  const { name, fields, source } = segment;
  return { id: `segment-${name}`, name, segment, fields, source, inferred: false };
}

/** Sections that have rows, in a fixed order; rows in the engine's order. */
export function sectionsOf(cpu: CpuView): RegisterSection[] {
  return ORDER.map((id): RegisterSection => {
    const rows = id === 'segments' ? cpu.segments.map(segmentRow) : cpu.registers.filter(({ group }) => group === id).map(registerRow);
    return { id, title: SECTION_TITLES[id], rows };
  }).filter(({ rows }) => rows.length > 0);
}

/** What the bit tables call bits that have no name of their own. */
const UNNAMED = ['reserved', 'ignored', 'fixed'];

/** The fields that are not 0, highest first, as words: `PG`, `IOPL=3`. Reserved and ignored bits have no name worth a place. */
export function setFields(fields: readonly BitField[]): string[] {
  return fields
    .filter(({ name, value }) => value !== 0n && !UNNAMED.includes(name))
    .sort((a, b) => b.bit - a.bit)
    .map(({ name, width, value }) => (width === 1 ? name : `${name}=${value > 9n ? '0x' : ''}${value.toString(16)}`));
}

function hexOf({ register, segment }: RegisterRow): string[] {
  if (register) return [register.value.toString(16).padStart(Math.ceil(register.width / 4), '0')];
  return segment ? [segment.selector, segment.base, segment.limit, segment.flags].map((part) => part.toString(16)) : [];
}

/**
 * True where `text` is part of the row's name, of a field's name or title, of a segment's meaning, or (`0x` or digits) of its value. Several
 * words must all be found.
 */
export function matches(row: RegisterRow, sectionTitle: string, text: string): boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const haystack = [row.name, sectionTitle, row.segment?.meaning ?? '', ...row.fields.flatMap(({ name, title }) => [name, title])].map((part) =>
    part.toLowerCase(),
  );
  return words.every((word) => haystack.some((part) => part.includes(word)) || hexOf(row).some((hex) => hex.includes(word.replace(/^0x/, ''))));
}

export function filterSections(sections: readonly RegisterSection[], text: string): RegisterSection[] {
  if (text.trim() === '') return [...sections];
  return sections
    .map((section) => ({ ...section, rows: section.rows.filter((row) => matches(row, section.title, text)) }))
    .filter(({ rows }) => rows.length > 0);
}
