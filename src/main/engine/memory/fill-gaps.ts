/** Data from elsewhere for memory that no extent covers: what a table has stays as it is. */
import { WorkbenchError } from '#shared/errors.ts';
import { MAX_EXTENTS } from './extent-builder.ts';
import { ExtentKind, ExtentTable, PAGE_SIZE } from './extent-table.ts';

/** A run of data in one piece: RAM-space address, bytes, and where it lies in the source. */
export interface DataPiece {
  start: number;
  length: number;
  place: number;
}

/** The old table and the new one exist at the same time, and together may be as large as one. */
const MOST = MAX_EXTENTS / 2;

/**
 * A new table that shows the pieces where `table` has nothing. `pieces` are disjoint and ascending; `filled` has the bytes taken of each. Throws WorkbenchError
 * `unsupported` for more extents than are kept track of.
 */
export function fillGaps(table: ExtentTable, pieces: readonly DataPiece[]): { table: ExtentTable; filled: number[] } {
  const gaps: DataPiece[] = [];
  const filled = pieces.map((piece) => {
    let at = piece.start;
    let taken = 0;
    const take = (end: number) => {
      if (end <= at) return;
      if (table.count + gaps.length >= MOST) {
        throw new WorkbenchError(
          'unsupported',
          `the dump's memory is in more than ${MOST} pieces, too many to take what lies between them from a file`,
        );
      }
      gaps.push({ start: at, length: end - at, place: piece.place + (at - piece.start) });
      taken += end - at;
    };
    table.forEachIn(piece.start, piece.length, (_kind, _place, start, length) => {
      take(start);
      at = start + length;
    });
    take(piece.start + piece.length);
    return taken;
  });
  return { table: gaps.length === 0 ? table : merge(table, gaps), filled };
}

function merge(table: ExtentTable, gaps: readonly DataPiece[]): ExtentTable {
  const merged = ExtentTable.allocate(table.count + gaps.length);
  let row = 0;
  const put = (start: number, length: number, place: number, stride: number, kind: number) => {
    merged.starts[row] = start;
    merged.lengths[row] = length;
    merged.places[row] = place;
    merged.strides[row] = stride;
    merged.kinds[row++] = kind;
  };
  let next = 0;
  for (let old = 0; old <= table.count; old++) {
    const start = table.starts[old] ?? Infinity;
    for (let gap = gaps[next]; gap && gap.start < start; gap = gaps[++next]) put(gap.start, gap.length, gap.place, PAGE_SIZE, ExtentKind.Data);
    if (old < table.count) put(start, table.lengths[old]!, table.places[old]!, table.strides[old]!, table.kinds[old]!);
  }
  return merged;
}
