/**
 * A device's fields as the rows on screen: a path for each, its level, folded or not. A buffer that is too long for its line unfolds into rows of sixteen bytes.
 * All rows are equally high, so that only those in view exist.
 */
import { hexDigits, INLINE_BYTES, valueText } from '#shared/device-text.ts';
import type { DeviceField, DeviceState } from '#shared/model/index.ts';

export interface FieldRow {
  /** Places from the root, `2.0.5`: names may repeat. */
  id: string;
  /** From 1. */
  level: number;
  field: DeviceField;
  foldable: boolean;
  open: boolean;
  /** Among its siblings, from 1. */
  position: number;
  siblings: number;
}

/** Sixteen bytes of a buffer. */
export interface BytesRow {
  id: string;
  level: number;
  offset: number;
  bytes: Uint8Array;
}

export type TreeRow = ({ kind: 'field' } & FieldRow) | ({ kind: 'bytes' } & BytesRow);

const LINE = 16;
/** A tree of up to as many rows is shown unfolded. */
const AT_ONCE = 160;

export const rootsOf = ({ fields, subsections }: DeviceState): DeviceField[] => [...fields, ...subsections];

type Buffer = DeviceField & { value: Uint8Array };

export const isLongBuffer = (field: DeviceField): field is Buffer => field.value instanceof Uint8Array && field.value.length > INLINE_BYTES;

const isFoldable = (field: DeviceField): boolean => (field.children?.length ?? 0) > 0 || isLongBuffer(field);

/** `shown`: ids of the fields to show, all without it; a field that is shown only for its children's sake is open. */
export function treeRows(roots: readonly DeviceField[], unfolded: ReadonlySet<string>, shown?: FilterResult): TreeRow[] {
  const rows: TreeRow[] = [];
  const visit = (fields: readonly DeviceField[], prefix: string, level: number): void => {
    for (const [at, field] of fields.entries()) {
      const id = `${prefix}${at}`;
      if (shown && !shown.visible.has(id)) continue;
      const foldable = isFoldable(field);
      const open = foldable && (unfolded.has(id) || (shown?.opened.has(id) ?? false));
      rows.push({ kind: 'field', id, level, field, foldable, open, position: at + 1, siblings: fields.length });
      if (!open) continue;
      visit(field.children ?? [], `${id}.`, level + 1);
      if (isLongBuffer(field)) rows.push(...bytesRows(field, id, level + 1));
    }
  };
  visit(roots, '', 1);
  return rows;
}

function bytesRows({ value, offset }: Buffer, id: string, level: number): TreeRow[] {
  const count = Math.ceil(value.length / LINE);
  return Array.from({ length: count }, (_, at) => {
    const start = at * LINE;
    return { kind: 'bytes', id: `${id}+${start}`, level, offset: offset + start, bytes: value.subarray(start, start + LINE) };
  });
}

/** How many characters the names (with their indent) and the values of all rows take: columns are as wide as the device needs, also while it is scrolled. */
export function columnWidths(rows: readonly TreeRow[]): { name: number; value: number } {
  let name = 8;
  let value = 5;
  for (const row of rows) {
    if (row.kind === 'bytes') continue;
    name = Math.max(name, row.field.name.length + 2 * row.level + 1);
    const digits = valueText(row.field).length;
    value = Math.max(value, typeof row.field.value === 'bigint' ? digits + Math.ceil(digits / 4) : digits);
  }
  return { name: Math.min(name, 40), value: Math.min(value, 20) };
}

/** All that can be unfolded, level by level, until there is enough to see; `all` goes on to the end, long buffers left out. */
export function unfoldedAtFirst(roots: readonly DeviceField[], all = false): Set<string> {
  const unfolded = new Set<string>();
  let count = roots.length;
  let level = roots.map((field, at) => ({ field, id: String(at) }));
  while (level.length > 0) {
    const next: typeof level = [];
    for (const { field, id } of level) {
      const children = field.children ?? [];
      if (children.length === 0 || (!all && (isPlainArray(field) || count + children.length > AT_ONCE))) continue;
      unfolded.add(id);
      count += children.length;
      for (const [at, child] of children.entries()) next.push({ field: child, id: `${id}.${at}` });
    }
    level = next;
  }
  return unfolded;
}

/** Numbers of which nothing more is known than what the array itself says. */
const isPlainArray = ({ type, children }: DeviceField): boolean =>
  type.endsWith(']') && (children ?? []).every((child) => child.words === undefined && child.children === undefined);

export interface FilterResult {
  visible: ReadonlySet<string>;
  opened: ReadonlySet<string>;
}

/** Fields that have every word in their name, type, value or words, with those they are in. What is below a find is shown, folded. */
export function filterFields(roots: readonly DeviceField[], filter: string): FilterResult | undefined {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return undefined;
  const visible = new Set<string>();
  const opened = new Set<string>();
  const showAll = (fields: readonly DeviceField[], prefix: string): void => {
    for (const [at, field] of fields.entries()) {
      visible.add(`${prefix}${at}`);
      showAll(field.children ?? [], `${prefix}${at}.`);
    }
  };
  const visit = (fields: readonly DeviceField[], prefix: string): boolean => {
    let any = false;
    for (const [at, field] of fields.entries()) {
      const id = `${prefix}${at}`;
      const below = visit(field.children ?? [], `${id}.`);
      const text = `${field.name} ${field.type} ${searchedValue(field)} ${field.words ?? ''}`.toLowerCase();
      const itself = words.every((word) => text.includes(word.replace(/^0x0*(?=.)/, '')));
      if (itself && !below) showAll(field.children ?? [], `${id}.`);
      if (below) opened.add(id);
      if (itself || below) visible.add(id);
      any ||= itself || below;
    }
    return any;
  };
  visit(roots, '');
  return { visible, opened };
}

function searchedValue(field: DeviceField): string {
  if (!(field.value instanceof Uint8Array)) return valueText(field);
  return field.value.length <= INLINE_BYTES ? hexDigits(field.value, '') : '';
}
