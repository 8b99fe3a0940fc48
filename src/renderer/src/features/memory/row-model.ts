/** The rows on screen with their bytes: a layout's rows joined with whatever chunks have arrived. */
import type { MemoryState, StateSpan } from '#shared/model/index.ts';
import type { ChunkEntry } from './chunk-cache.ts';
import type { LayoutRow } from './row-layout.ts';

export interface BytesRow {
  kind: 'bytes';
  index: bigint;
  /** Address of the first byte; rows start at multiples of their width. */
  start: bigint;
  /** Bytes in the row: fewer than its width at the end of a file. */
  length: number;
  /** Empty while it is on its way. A view into the chunk: not to be kept. */
  bytes: Uint8Array;
  /** State of each byte; empty while it is on its way. */
  states: readonly MemoryState[];
  /** Why bytes are missing, one entry a reason. */
  reasons: readonly string[];
  phase: 'ready' | 'loading' | 'failed';
  /** Of `failed`. */
  message?: string;
}

export type ViewRow = BytesRow | Extract<LayoutRow, { kind: 'hole' }>;

const NOTHING = new Uint8Array(0);

/** Spans cut to [from, to) of their chunk, as one state a byte, with the reasons met. */
export function statesBetween(spans: readonly StateSpan[], from: number, to: number): { states: MemoryState[]; reasons: string[] } {
  const states: MemoryState[] = [];
  const reasons = new Set<string>();
  for (const span of spans) {
    const start = Math.max(span.start, from);
    const end = Math.min(span.end, to);
    for (let at = start; at < end; at++) states.push(span.state);
    if (start < end && span.reason) reasons.add(span.reason);
  }
  return { states, reasons: [...reasons] };
}

export function fillRow(row: LayoutRow, entry: ChunkEntry | undefined): ViewRow {
  if (row.kind === 'hole') return row;
  const length = Number(row.last - row.start) + 1;
  const empty = { kind: 'bytes', index: row.index, start: row.start, length, bytes: NOTHING, states: [], reasons: [] } as const;
  if (!entry) return { ...empty, phase: 'loading' };
  if (entry.kind === 'failed') return { ...empty, phase: 'failed', message: entry.message };
  const { chunk } = entry;
  const from = Number(row.start - chunk.address);
  const bytes = chunk.bytes.subarray(from, from + length);
  return { ...empty, length: bytes.length, bytes, ...statesBetween(chunk.spans, from, from + bytes.length), phase: 'ready' };
}
