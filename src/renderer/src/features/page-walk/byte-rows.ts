/** Bytes of memory as rows to draw. A byte that the dump does not hold is dots, never a zero. */
import type { MemoryChunk, MemoryState } from '#shared/model/index.ts';

export interface ByteCell {
  /** Two digits, or `··`. */
  hex: string;
  /** The character, `.` where it cannot be printed, blank where there is no byte. */
  text: string;
  state: MemoryState;
}

export interface ByteRow {
  /** In hex, without `0x`. */
  address: string;
  cells: ByteCell[];
}

function cellOf(byte: number, state: MemoryState): ByteCell {
  if (state !== 'present' && state !== 'zero') return { hex: '··', text: ' ', state };
  return { hex: byte.toString(16).padStart(2, '0'), text: byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.', state };
}

/** `perRow` bytes a row, at most `rows` rows. A byte without a span is absent: nobody said that it is there. */
export function byteRows({ bytes, spans, address }: MemoryChunk, perRow: number, rows = Infinity): ByteRow[] {
  const cells = Array.from(bytes, (byte, at) => cellOf(byte, spans.find((span) => at >= span.start && at < span.end)?.state ?? 'absent'));
  return Array.from({ length: Math.min(rows, Math.ceil(cells.length / perRow)) }, (_, row) => ({
    address: (address + BigInt(row * perRow)).toString(16),
    cells: cells.slice(row * perRow, (row + 1) * perRow),
  }));
}
