/** The plainest model of extents there is, one entry a page, to check the real ones against. */
import { ExtentKind, PAGE_SIZE, type ExtentTable } from '#engine/memory/extent-table.ts';

/** What a page shows: kind, and file offset or fill byte. */
export type Page = { kind: number; place: number } | undefined;

export function pagesOf(table: ExtentTable, count: number): Page[] {
  return Array.from({ length: count }, (_, page) => {
    const index = table.find(page * PAGE_SIZE);
    if (index < 0) return undefined;
    const kind = table.kinds[index]!;
    return { kind, place: kind === ExtentKind.Data ? table.fileOffset(index, page * PAGE_SIZE) : table.places[index]! };
  });
}
