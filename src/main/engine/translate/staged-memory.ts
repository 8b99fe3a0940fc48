/**
 * Memory as the first of two translation stages sees it: every address goes through the tables of the second stage.
 *
 * The addresses are those that the first stage's tables hold (ARM: IPA; RISC-V and x86: guest-physical ones of the inner guest). What the second stage does not translate
 * is `unmapped`; where its own tables are not in the dump it is `absent`, since nobody can say.
 */
import { formatAddress } from '#shared/address-text.ts';
import { WorkbenchError } from '#shared/errors.ts';
import type { MemoryState, StateSpan } from '#shared/model/memory.ts';
import { appendSpan } from '#engine/memory/append-span.ts';
import type { PhysicalMemory } from '#engine/memory/physical-memory.ts';
import type { StageTable } from './paging-mode.ts';
import { FAULT_NONE, FAULT_NO_ROOT, FAULT_TABLE_MISSING, Translator } from './translator.ts';

/** What no page is smaller than. */
const SMALLEST_PAGE = 4096;

export class StagedMemory implements PhysicalMemory {
  low = 0;
  high = 0;
  /** Of the second stage; what it found of the address of the last readU64. */
  readonly translator: Translator;
  readonly #memory: PhysicalMemory;

  constructor(memory: PhysicalMemory, { mode, root, options }: StageTable) {
    this.#memory = memory;
    this.translator = new Translator(memory, mode, root, options);
  }

  readU64(address: number): boolean {
    const { translator } = this;
    const found = translator.translateNumber(address) && this.#memory.readU64(translator.physical);
    this.low = found ? this.#memory.low : 0;
    this.high = found ? this.#memory.high : 0;
    return found;
  }

  /** Whether the last readU64 failed because the second stage does not translate the address. */
  get isBelowFault(): boolean {
    return this.translator.fault !== FAULT_NONE;
  }

  read(address: number, target: Uint8Array): StateSpan[] {
    const { translator } = this;
    const spans: StateSpan[] = [];
    for (let start = 0; start < target.length;) {
      const at = address + start;
      const mapped = translator.translateNumber(at);
      const size = mapped ? translator.pageSize : SMALLEST_PAGE;
      const end = Math.min(target.length, start + size - (at % size));
      const piece = target.subarray(start, end);
      if (mapped) {
        const inner = this.#memory.read(translator.physical, piece);
        for (const span of inner) appendSpan(spans, { ...span, start: span.start + start, end: span.end + start });
      } else {
        piece.fill(0);
        appendSpan(spans, { start, end, state: stateOfFault(translator.fault), reason: 'not translated by the second stage' });
      }
      start = end;
    }
    return spans;
  }

  readExact(address: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    const hole = this.read(address, bytes).find(({ state }) => state !== 'present' && state !== 'zero');
    if (hole)
      throw new WorkbenchError('hole', `the memory at ${formatAddress(address + hole.start)}, seen through the second stage, is not in the dump`);
    return bytes;
  }

  stateAt(address: number): MemoryState {
    const { translator } = this;
    return translator.translateNumber(address) ? this.#memory.stateAt(translator.physical) : stateOfFault(translator.fault);
  }
}

function stateOfFault(fault: number): MemoryState {
  return fault === FAULT_TABLE_MISSING || fault === FAULT_NO_ROOT ? 'absent' : 'unmapped';
}
