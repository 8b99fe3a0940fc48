/**
 * Where everything in the drawing of a walk lies, from its data and the width there is: pure numbers, so that the page, the exported picture and the
 * tests agree.
 *
 * ```
 * [sign ext] [ PML4 ] [ PDPT ] [  PD  ] [  PT  ] [ offset ]    fields of the address, each above what it selects from
 *      .        |        |        |        |         |
 * [ root ]-->[table]->[table]->[table]->[table]->[ outcome ]   the outcome takes the place of the levels that the walk does not need
 * ```
 * Slots keep their place whatever the page size, so that stepping from walk to walk does not make the drawing jump. Unit: CSS pixels.
 */
import type { Walk, WalkStep } from '#shared/model/index.ts';
import { isTreeWalk, splitAddress, walkLevels, type AddressField } from './address-fields.ts';
import { pageLevel } from './walk-stops.ts';
import { elbow, type Point } from './wire-path.ts';

export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

export type Density = 'compact' | 'medium' | 'wide';

export interface FieldBox {
  field: AddressField;
  rect: Rect;
  /** Stop at which the CPU uses the field; undefined when this walk never does. */
  stop: number | undefined;
}

export interface ColumnBox {
  step: WalkStep;
  stop: number;
  rect: Rect;
  header: Rect;
  /** The rows' place in the diagram; the folds of entries above and below are FOLD_HEIGHT high and lie outside. */
  rows: Rect;
  /** First entry that is shown, and entries of the whole table. */
  start: number;
  entries: number;
}

export interface Wire {
  kind: 'root' | 'index' | 'pointer' | 'page' | 'offset';
  path: string;
  /** Where its arrow head is, pointing right or down. */
  end: Point;
  heading: 'right' | 'down';
  stop: number;
}

export interface WalkLayout {
  width: number;
  height: number;
  density: Density;
  fields: FieldBox[];
  root: Rect;
  columns: ColumnBox[];
  outcome: Rect;
  wires: Wire[];
}

export const ROW_HEIGHT = 22;
export const FOLD_HEIGHT = 18;
export const HEADER_HEIGHT = 50;
export const FIELD_HEIGHT = 62;
/** Between the fields and the tables: room for the wires to be seen. */
export const BUS_HEIGHT = 30;
/** Inside a table, left of its rows: room for the wire from the field to the entry. */
export const RAIL_WIDTH = 14;

const RADIUS = 5;

interface Sizes {
  density: Density;
  root: number;
  table: number;
  outcome: number;
  gap: number;
}

/** Widest first. The last fits four levels into a panel of 480 px. */
const SIZES: readonly Sizes[] = [
  { density: 'wide', root: 128, table: 172, outcome: 196, gap: 34 },
  { density: 'medium', root: 84, table: 110, outcome: 132, gap: 20 },
  { density: 'compact', root: 56, table: 63, outcome: 90, gap: 12 },
];
/** What the widest drawing grows to before it leaves room at its right. */
const LARGEST: Sizes = { density: 'wide', root: 160, table: 216, outcome: 280, gap: 64 };

function fitted(width: number, levels: number): Sizes {
  const total = (sizes: Sizes) => sizes.root + levels * sizes.table + sizes.outcome + (levels + 1) * sizes.gap;
  const sizes = SIZES.find((candidate) => total(candidate) <= width) ?? SIZES[SIZES.length - 1]!;
  const room = Math.max(0, width - total(sizes));
  const growth = Math.min(1, room / Math.max(1, total(LARGEST) - total(sizes)));
  const grown = (from: number, to: number) => Math.floor(from + (to - from) * growth);
  return {
    density: sizes.density,
    root: grown(sizes.root, LARGEST.root),
    table: grown(sizes.table, LARGEST.table),
    outcome: grown(sizes.outcome, LARGEST.outcome),
    gap: grown(sizes.gap, LARGEST.gap),
  };
}

export interface LayoutOptions {
  /** Room in pixels. The drawing is wider where its narrowest form does not fit: its place must scroll. */
  width: number;
  /** Entries shown of each table. */
  rows: number;
  /** First shown entry by level; a level that is not in it shows the chosen entry in the middle. */
  starts: ReadonlyMap<number, number>;
}

const middle = (rect: Rect): Point => ({ x: rect.x + rect.width / 2, y: rect.y + rect.height / 2 });
const right = (rect: Rect): number => rect.x + rect.width;

/** Height of the middle of the chosen entry, or of the fold that hides it. */
export function chosenY(column: ColumnBox): number {
  const row = column.step.index - column.start;
  const shown = column.rows.height / ROW_HEIGHT;
  if (row < 0) return column.rows.y - FOLD_HEIGHT / 2;
  if (row >= shown) return column.rows.y + column.rows.height + FOLD_HEIGHT / 2;
  return column.rows.y + (row + 0.5) * ROW_HEIGHT;
}

type BitRange = { highBit: number; lowBit: number };

/** Whether a step takes its index from these bits of the address. */
const uses =
  ({ highBit, lowBit }: BitRange) =>
  ({ indexHighBit, indexLowBit }: WalkStep): boolean =>
    indexHighBit === highBit && indexLowBit === lowBit;

/** The lowest bits that a step takes. */
function lowestUsed(steps: readonly WalkStep[]): BitRange {
  const [lowest] = [...steps].sort((a, b) => a.indexLowBit - b.indexLowBit);
  return { highBit: lowest?.indexHighBit ?? 0, lowBit: lowest?.indexLowBit ?? 0 };
}

export function layoutWalk(walk: Walk, options: LayoutOptions): WalkLayout {
  const tree = isTreeWalk(walk);
  const levels = walkLevels(walk);
  const slots = tree ? levels.length : walk.steps.length;
  const sizes = fitted(options.width, slots);
  const slotX = (slot: number) => (slot === 0 ? 0 : sizes.root + sizes.gap + (slot - 1) * (sizes.table + sizes.gap));
  const width = slotX(slots + 1) + sizes.outcome;
  const toTheEnd = (slot: number) => width - slotX(slot);
  const stops = walk.steps.length;
  const paged = walk.result.kind === 'page';

  const top = FIELD_HEIGHT + BUS_HEIGHT;
  const rowsHeight = options.rows * ROW_HEIGHT;
  const columnHeight = HEADER_HEIGHT + rowsHeight + 2 * FOLD_HEIGHT;

  const fields = splitAddress(walk.address, walk.mode, tree ? pageLevel(walk) : 0, levels).map((field): FieldBox => {
    if (field.kind === 'sign') return { field, rect: { x: 0, y: 0, width: sizes.root, height: FIELD_HEIGHT }, stop: undefined };
    if (field.kind === 'offset') {
      const before = tree ? levels.filter(({ shift }) => shift > field.highBit).length : walk.steps.findLastIndex(uses(lowestUsed(walk.steps))) + 1;
      const slot = before + 1;
      return { field, rect: { x: slotX(slot), y: 0, width: toTheEnd(slot), height: FIELD_HEIGHT }, stop: paged ? stops : undefined };
    }
    const step = walk.steps.findIndex(uses(field));
    const slot = tree ? levels.findIndex(({ level }) => level === field.level) + 1 : step + 1;
    return { field, rect: { x: slotX(slot), y: 0, width: sizes.table, height: FIELD_HEIGHT }, stop: step < 0 ? undefined : step };
  });

  const columns = walk.steps.map((step, stop): ColumnBox => {
    const rect = { x: slotX(stop + 1), y: top, width: sizes.table, height: columnHeight };
    const entries = tree ? 2 ** (step.indexHighBit - step.indexLowBit + 1) : step.index + 1;
    const start = options.starts.get(step.level) ?? step.index - Math.floor(options.rows / 2);
    return {
      step,
      stop,
      rect,
      header: { ...rect, height: HEADER_HEIGHT },
      rows: { x: rect.x + RAIL_WIDTH, y: top + HEADER_HEIGHT + FOLD_HEIGHT, width: rect.width - RAIL_WIDTH, height: rowsHeight },
      start: Math.max(0, Math.min(start, entries - options.rows)),
      entries,
    };
  });

  const root = { x: 0, y: top, width: sizes.root, height: HEADER_HEIGHT };
  const outcome = { x: slotX(stops + 1), y: top, width: toTheEnd(stops + 1), height: columnHeight };
  return {
    width,
    height: top + columnHeight,
    density: sizes.density,
    fields,
    root,
    columns,
    outcome,
    wires: wiresOf(fields, root, columns, outcome, paged),
  };
}

function wiresOf(fields: FieldBox[], root: Rect, columns: ColumnBox[], outcome: Rect, paged: boolean): Wire[] {
  const wires: Wire[] = [];
  const add = (kind: Wire['kind'], stop: number, points: Point[], heading: Wire['heading']) => {
    const end = points.at(-1);
    if (end) wires.push({ kind, path: elbow(points, RADIUS), end, heading, stop });
  };
  columns.forEach((column, at) => {
    const { stop, header, rows } = column;
    const y = chosenY(column);
    const rail = column.rect.x + RAIL_WIDTH / 2;
    const field = fields.find((box) => box.stop === stop && box.field.kind === 'index');
    if (field) {
      const from = { x: rail, y: field.rect.y + field.rect.height };
      add('index', stop, [from, { x: rail, y }, { x: rows.x, y }], 'right');
    }
    const before = columns[at - 1];
    const target = { x: header.x, y: middle(header).y };
    if (!before) return add('root', stop, [{ x: right(root), y: middle(root).y }, target], 'right');
    const turn = (right(before.rect) + target.x) / 2;
    add('pointer', stop, [{ x: right(before.rect), y: chosenY(before) }, { x: turn, y: chosenY(before) }, { x: turn, y: target.y }, target], 'right');
  });
  const last = columns.at(-1);
  const from = last ? { x: right(last.rect), y: chosenY(last) } : { x: right(root), y: middle(root).y };
  add('page', columns.length, [from, { x: outcome.x, y: from.y }], 'right');
  const offset = fields.find((box) => box.field.kind === 'offset');
  if (offset && paged) {
    const x = middle(offset.rect).x;
    add(
      'offset',
      columns.length,
      [
        { x, y: offset.rect.y + offset.rect.height },
        { x, y: outcome.y },
      ],
      'down',
    );
  }
  return wires;
}
