/**
 * A guest's physical memory out of its host's: GPA by memslots to the HVA, by the page tables of the process to the HPA, whose bytes the host's dump has.
 *
 * What no memslot holds is `absent`: devices, or nothing. What the process has no page for is `absent` too, with the reason: never touched, swapped out, or on its way elsewhere.
 */
import { formatAddress } from '#shared/address-text.ts';
import { WorkbenchError } from '#shared/errors.ts';
import type { MemoryState, StateSpan } from '#shared/model/index.ts';
import { appendSpan } from '../memory/append-span.ts';
import type { PhysicalMemory } from '../memory/physical-memory.ts';
import { FAULT_TABLE_MISSING, type Translator } from '../translate/translator.ts';
import type { MemslotMap } from './memslot-map.ts';

/** No page of a host is smaller. */
const SMALLEST_PAGE = 4096;
const NO_SLOT = 'no memslot holds it';

export class MemslotMemory implements PhysicalMemory {
  low = 0;
  high = 0;
  readonly slots: MemslotMap;
  readonly #host: PhysicalMemory;
  readonly #process: Translator;

  /** `process` translates HVAs of the process; memory of the host is read with its answers. */
  constructor(host: PhysicalMemory, slots: MemslotMap, process: Translator) {
    this.#host = host;
    this.slots = slots;
    this.#process = process;
  }

  /** HPA of a GPA; -1 where there is none. Does not allocate. */
  hostPhysical(gpa: number): number {
    const index = this.slots.indexOf(gpa);
    return index >= 0 && this.#process.translateNumber(this.slots.hvaIn(index, gpa)) ? this.#process.physical : -1;
  }

  readU64(gpa: number): boolean {
    const physical = this.hostPhysical(gpa);
    const found = physical >= 0 && this.#host.readU64(physical);
    this.low = found ? this.#host.low : 0;
    this.high = found ? this.#host.high : 0;
    return found;
  }

  read(gpa: number, target: Uint8Array): StateSpan[] {
    const spans: StateSpan[] = [];
    for (let start = 0; start < target.length;) {
      const at = gpa + start;
      const { physical, length, reason } = this.#stretch(at, target.length - start);
      const end = start + length;
      const piece = target.subarray(start, end);
      if (physical >= 0) {
        for (const span of this.#host.read(physical, piece)) appendSpan(spans, { ...span, start: span.start + start, end: span.end + start });
      } else {
        piece.fill(0);
        appendSpan(spans, { start, end, state: 'absent', reason });
      }
      start = end;
    }
    return spans;
  }

  readExact(gpa: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    const hole = this.read(gpa, bytes).find(({ state }) => state !== 'present' && state !== 'zero');
    if (!hole) return bytes;
    const reason = hole.reason === undefined ? '' : ` (${hole.reason})`;
    throw new WorkbenchError('hole', `GPA ${formatAddress(gpa + hole.start)} of the guest: memory is ${hole.state} in the host's dump${reason}`);
  }

  stateAt(gpa: number): MemoryState {
    const physical = this.hostPhysical(gpa);
    return physical < 0 ? 'absent' : this.#host.stateAt(physical);
  }

  /** How far memory goes on the same way, at most `length` bytes. */
  #stretch(gpa: number, length: number): { physical: number; length: number; reason?: string } {
    const index = this.slots.indexOf(gpa);
    if (index < 0) return { physical: -1, length: Math.min(length, this.slots.nextStart(gpa) - gpa), reason: NO_SLOT };
    const process = this.#process;
    const hva = this.slots.hvaIn(index, gpa);
    const mapped = process.translateNumber(hva);
    const pageSize = mapped ? process.pageSize : SMALLEST_PAGE;
    const left = Math.min(length, this.slots.endOf(index) - gpa, pageSize - (hva % pageSize));
    if (mapped) return { physical: process.physical, length: left };
    const lost = process.fault === FAULT_TABLE_MISSING;
    return { physical: -1, length: left, reason: lost ? 'page tables of its process are not in the dump' : 'its process has no page there' };
  }
}
