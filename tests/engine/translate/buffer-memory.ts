/** Guest-physical memory in a few buffers: enough of a PhysicalMemory for translation, with holes. */
import { WorkbenchError } from '#shared/errors.ts';
import type { MemoryState, StateSpan } from '#shared/model/index.ts';
import type { PhysicalMemory } from '#engine/memory/physical-memory.ts';

export interface MemoryPiece {
  start: number;
  bytes: Uint8Array;
}

export class BufferMemory implements PhysicalMemory {
  low = 0;
  high = 0;
  readonly #pieces: { start: number; end: number; bytes: Uint8Array; view: DataView }[];

  constructor(pieces: MemoryPiece[]) {
    this.#pieces = pieces.map(({ start, bytes }) => {
      return { start, end: start + bytes.length, bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) };
    });
  }

  readU64(address: number): boolean {
    for (const piece of this.#pieces) {
      if (address < piece.start || address + 8 > piece.end) continue;
      this.low = piece.view.getUint32(address - piece.start, true);
      this.high = piece.view.getUint32(address - piece.start + 4, true);
      return true;
    }
    this.low = 0;
    this.high = 0;
    return false;
  }

  writeU64(address: number, value: bigint): void {
    const piece = this.#pieces.find(({ start, end }) => address >= start && address + 8 <= end);
    if (piece === undefined) throw new Error(`no memory at ${address.toString(16)}`);
    piece.view.setBigUint64(address - piece.start, value, true);
  }

  read(address: number, target: Uint8Array): StateSpan[] {
    const spans: StateSpan[] = [];
    for (let at = 0; at < target.length; at++) {
      const piece = this.#pieceAt(address + at);
      target[at] = piece?.bytes[address + at - piece.start] ?? 0;
      const state: MemoryState = piece === undefined ? 'absent' : 'present';
      const last = spans.at(-1);
      if (last?.state === state) last.end = at + 1;
      else spans.push({ start: at, end: at + 1, state });
    }
    return spans;
  }

  readExact(address: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    if (this.read(address, bytes).some(({ state }) => state !== 'present'))
      throw new WorkbenchError('hole', `not all of ${address.toString(16)} is there`);
    return bytes;
  }

  stateAt(address: number): MemoryState {
    return this.#pieceAt(address) === undefined ? 'absent' : 'present';
  }

  #pieceAt(address: number) {
    return this.#pieces.find(({ start, end }) => address >= start && address < end);
  }
}
