/** Reads a piece of any address space for display: what is missing is named, never zero in silence. */
import type { MemoryChunk, StateSpan } from '#shared/model/memory.ts';
import { VIRTUAL_LAST } from '#shared/units.ts';
import { impossibleWords } from '#shared/virtual-address.ts';
import type { ByteSource } from '../memory/byte-source.ts';
import type { PhysicalMemory } from '../memory/physical-memory.ts';
import type { TranslationSpace } from '../translate/translation-space.ts';
import type { PagingMode } from '../translate/paging-mode.ts';
import { FAULT_REASONS } from '../translate/translator.ts';

const REASON_WORDS: Record<string, string> = {
  'not-present': 'not mapped',
  'reserved-bit': 'a reserved bit is set',
  'table-missing': 'the page table is not in the dump',
  'no-root': 'the root of the page tables is not known',
  'outside-table': 'not mapped: outside of the table',
};

/** Smallest stretch that a walk can end for: one page. */
const SMALLEST_PAGE = 4096n;

export function readPhysical(memory: PhysicalMemory, address: bigint, length: number): MemoryChunk {
  const bytes = new Uint8Array(length);
  return { address, bytes, spans: memory.read(Number(address), bytes) };
}

export function readFile(source: ByteSource, address: bigint, length: number): MemoryChunk {
  const bytes = new Uint8Array(Math.max(0, Math.min(length, source.size - Number(address))));
  source.read(Number(address), bytes);
  return { address, bytes, spans: bytes.length > 0 ? [{ start: 0, end: bytes.length, state: 'present' }] : [] };
}

export function readVirtual(memory: PhysicalMemory, space: TranslationSpace, address: bigint, length: number): MemoryChunk {
  const end = address + BigInt(length) > VIRTUAL_LAST ? VIRTUAL_LAST + 1n : address + BigInt(length);
  const bytes = new Uint8Array(Number(end - address));
  const spans: StateSpan[] = [];
  const add = (span: StateSpan) => {
    const last = spans.at(-1);
    if (last && last.state === span.state && last.reason === span.reason) last.end = span.end;
    else spans.push(span);
  };
  for (let at = address; at < end;) {
    const start = Number(at - address);
    const { mode } = space.tableFor(at);
    const mapped = space.translateAddress(at);
    const translator = space.found;
    const size = mapped ? BigInt(translator.pageSize) : translator.isBelowFault ? SMALLEST_PAGE : unmappedSize(mode, translator.level);
    const next = at - (at % size) + size;
    const stop = next < end ? Number(next - address) : bytes.length;
    if (mapped) {
      const { physical } = translator;
      for (const span of memory.read(physical, bytes.subarray(start, stop))) add({ ...span, start: span.start + start, end: span.end + start });
    } else {
      const reason = FAULT_REASONS[translator.fault];
      add({
        start,
        end: stop,
        state: reason === 'table-missing' || reason === 'no-root' ? 'absent' : 'unmapped',
        reason: translator.isBelowFault
          ? 'the second stage of translation does not translate it'
          : reason === 'non-canonical'
            ? impossibleWords(mode.virtualBits)
            : REASON_WORDS[reason ?? ''],
      });
    }
    at = address + BigInt(stop);
  }
  return { address, bytes, spans };
}

/** How much of the space shares the entry at which a walk ended. */
function unmappedSize(mode: PagingMode, level: number): bigint {
  const found = mode.levels.find((candidate) => candidate.level === level);
  return found ? 1n << BigInt(found.shift) : SMALLEST_PAGE;
}
