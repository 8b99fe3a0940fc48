/**
 * Where the pages of a stretch of a process's memory lie: its page tables, read from one address to another.
 *
 * No object is made for a page, so that a guest of 256 GiB is a matter of seconds, or of milliseconds where the host has it in huge pages.
 */
import { linuxKept } from '../arch/x86-64/linux-not-present.ts';
import type { PagingMode } from '../translate/paging-mode.ts';
import { FAULT_NOT_PRESENT, FAULT_TABLE_MISSING, type Translator } from '../translate/translator.ts';

const TWO_TO_32 = 2 ** 32;
const SMALLEST_PAGE = 4096;

/** Called in ascending order; every byte is told once. */
export interface ProcessPageVisitor {
  /** `length` bytes from `hva` on lie at HPA `physical`. */
  page(hva: number, physical: number, length: number): void;
  /** The tables have nothing there. */
  empty(hva: number, length: number): void;
  /** Swap type and page of the first byte; see LinuxKept. */
  swapped(hva: number, length: number, type: number, offset: number): void;
  /** The host's dump lacks the tables, or they are damaged. */
  lost(hva: number, length: number, why: 'missing' | 'damaged'): void;
}

/** `end` is exclusive. The tables are those of a Linux process on x86-64. */
export function visitProcess(translator: Translator, mode: PagingMode, start: number, end: number, visitor: ProcessPageVisitor): void {
  const shifts = new Map(mode.levels.map(({ level, shift }) => [level, shift]));
  for (let at = start; at < end;) {
    if (translator.translateNumber(at)) {
      const { pageSize } = translator;
      const length = Math.min(end - at, pageSize - (at % pageSize));
      visitor.page(at, translator.physical, length);
      at += length;
      continue;
    }
    const { level, fault } = translator;
    // Level 0: no table was read, as for an address that no process has.
    const size = 2 ** (shifts.get(level) ?? mode.virtualBits);
    const inside = at % size;
    const length = Math.min(end - at, size - inside);
    if (fault === FAULT_NOT_PRESENT) visitKept(visitor, { at, length, inside }, level, translator);
    else visitor.lost(at, length, fault === FAULT_TABLE_MISSING ? 'missing' : 'damaged');
    at += length;
  }
}

/** `inside`: offset of the first byte in what the entry stands for. */
interface Piece {
  at: number;
  length: number;
  inside: number;
}

function visitKept(visitor: ProcessPageVisitor, { at, length, inside }: Piece, level: number, { low, high }: Translator): void {
  if (low === 0 && high === 0) return visitor.empty(at, length);
  const kept = linuxKept(level, BigInt(high >>> 0) * BigInt(TWO_TO_32) + BigInt(low >>> 0));
  if (kept.kind === 'empty') visitor.empty(at, length);
  else if (kept.kind === 'page') visitor.page(at, Number(kept.physical) + inside, length);
  else visitor.swapped(at, length, kept.type, Number(kept.offset) + Math.floor(inside / SMALLEST_PAGE));
}
