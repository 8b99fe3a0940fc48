/** A kdump-compressed dump in two parts, as makedumpfile --split leaves them. Page N holds `page N; ` over and over. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kdumpFile, textPage } from '../engine/formats/kdump/kdump-file.ts';

export const SPLIT_PAGES = 16;

/** The parts' paths, the first half of the memory first. */
export function writeSplitDump(folder: string): [string, string] {
  const pages = Array.from({ length: SPLIT_PAGES }, (_, number) => textPage(number));
  const part = (name: string, start: number, end: number): string => {
    const path = join(folder, name);
    writeFileSync(path, kdumpFile({ pages, split: { start, end } }).bytes);
    return path;
  };
  return [part('vmcore.1', 0, SPLIT_PAGES / 2), part('vmcore.2', SPLIT_PAGES / 2, SPLIT_PAGES)];
}
