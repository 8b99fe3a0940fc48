/** Which memslot shows a guest-physical address, and where in its process; and back. */
import type { Memslot } from '#shared/model/index.ts';

/** Pages of a memslot, and PFNs of a guest, are those of its KVM: 4 KiB on x86. */
const PAGE_SIZE = 4096;

export class MemslotMap {
  /** Of one address space, ascending by GPA. */
  readonly slots: readonly Memslot[];
  readonly #starts: Float64Array;
  /** Exclusive. */
  readonly #ends: Float64Array;
  /** What added to a GPA gives its HVA. HVAs of processes are below 2^53. */
  readonly #offsets: Float64Array;
  #last = 0;

  /** `addressSpace`: of KVM, 0 but in System Management Mode. */
  constructor(memslots: readonly Memslot[], addressSpace: number) {
    this.slots = memslots.filter((slot) => slot.addressSpace === addressSpace).sort((a, b) => a.baseGfn - b.baseGfn);
    this.#starts = Float64Array.from(this.slots, ({ baseGfn }) => baseGfn * PAGE_SIZE);
    this.#ends = Float64Array.from(this.slots, ({ baseGfn, npages }) => (baseGfn + npages) * PAGE_SIZE);
    this.#offsets = Float64Array.from(this.slots, ({ baseGfn, userspaceAddr }) => Number(userspaceAddr) - baseGfn * PAGE_SIZE);
  }

  /** Number of the slot that holds the GPA, -1 where none does. The slot that answered last is asked first. */
  indexOf(gpa: number): number {
    const last = this.#last;
    if (last < this.#starts.length && gpa >= this.#starts[last]! && gpa < this.#ends[last]!) return last;
    let low = 0;
    let high = this.#ends.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ends[middle]! <= gpa) low = middle + 1;
      else high = middle;
    }
    if (low === this.#ends.length || gpa < this.#starts[low]!) return -1;
    this.#last = low;
    return low;
  }

  /** HVA of a GPA that slot `index` holds. */
  hvaIn(index: number, gpa: number): number {
    return gpa + this.#offsets[index]!;
  }

  /** Where slot `index` ends, exclusive. */
  endOf(index: number): number {
    return this.#ends[index]!;
  }

  /** Where the next slot above the GPA begins; infinite when there is none. */
  nextStart(gpa: number): number {
    return this.#starts.find((start) => start > gpa) ?? Infinity;
  }

  slotOf(gpa: number): Memslot | undefined {
    return this.slots[this.indexOf(gpa)];
  }

  hvaOf(gpa: number): number | undefined {
    const index = this.indexOf(gpa);
    return index < 0 ? undefined : this.hvaIn(index, gpa);
  }

  /** Every GPA that shows an HVA, ascending: firmware is often seen in two places. */
  gpasOf(hva: number): { gpa: number; slot: Memslot }[] {
    return this.slots.flatMap((slot, index) => {
      const gpa = hva - this.#offsets[index]!;
      return gpa >= this.#starts[index]! && gpa < this.#ends[index]! ? [{ gpa, slot }] : [];
    });
  }
}
