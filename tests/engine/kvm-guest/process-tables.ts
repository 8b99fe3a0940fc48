/** Page tables of a process as Linux makes them on x86-64 with four levels, in memory that a test puts together. */
import { pagingMode } from '#engine/arch/x86-64/paging-modes.ts';
import { Translator } from '#engine/translate/translator.ts';
import { BufferMemory } from '../translate/buffer-memory.ts';

const PRESENT = 0x67n;
const HUGE = 0x80n;
const PROT_NONE = 0x100n;
const ADDRESS = (1n << 52n) - 4096n;

export class ProcessTables {
  readonly memory: BufferMemory;
  readonly mode = pagingMode('x86-64-4level');
  readonly #start: number;
  #free: number;

  /** Tables lie from `start` on. */
  constructor(start = 0x10_0000, tables = 64) {
    this.#start = start;
    this.#free = start + 4096;
    this.memory = new BufferMemory([{ start, bytes: new Uint8Array(tables * 4096) }]);
  }

  get translator(): Translator {
    return new Translator(this.memory, this.mode, this.#start);
  }

  map(hva: number, physical: number): void {
    this.set(hva, 1, BigInt(physical) | PRESENT);
  }

  mapHuge(hva: number, physical: number): void {
    this.set(hva, 2, BigInt(physical) | PRESENT | HUGE);
  }

  /** As NUMA balancing leaves a page that it wants to hear of. */
  protect(hva: number, physical: number, level = 1): void {
    this.set(hva, level, (~BigInt(physical) & ADDRESS) | PROT_NONE | (level === 2 ? HUGE : 0n));
  }

  swapOut(hva: number, type: number, offset: number): void {
    this.set(hva, 1, (BigInt(type) << 59n) | ((~BigInt(offset) & ((1n << 50n) - 1n)) << 9n));
  }

  /** Any entry of any level, the tables above it made as needed. */
  set(hva: number, level: number, entry: bigint): void {
    let table = this.#start;
    for (let at = 4; ; at--) {
      const address = table + (Math.floor(hva / 2 ** (12 + 9 * (at - 1))) % 512) * 8;
      if (at === level) return this.memory.writeU64(address, entry);
      this.memory.readU64(address);
      if ((this.memory.low & 1) === 0) {
        this.memory.writeU64(address, BigInt(this.#free) | PRESENT);
        table = this.#free;
        this.#free += 4096;
      } else table = this.memory.high * 2 ** 32 + ((this.memory.low & 0xffff_f000) >>> 0);
    }
  }
}
