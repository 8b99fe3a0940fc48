/** A source that lies in pieces in another: a flattened file, the disk inside an image. The table's form: open-source.ts. */
import { UnitRecordDecoder, type SharedUnitRecords } from '../codecs/unit-records.ts';
import { assert, WorkbenchError } from '#shared/errors.ts';
import { ExtentKind, ExtentTable, PAGE_SIZE, type SharedExtents } from '../memory/extent-table.ts';
import { DecodedUnits } from '../memory/unit-decoder.ts';
import type { OpenSource, SharedSource } from './open-source.ts';

export class RemappedSource implements OpenSource {
  readonly name: string;
  readonly size: number;
  readonly shared: SharedSource;
  readonly #of: OpenSource;
  readonly #extents: ExtentTable;
  readonly #decoded: DecodedUnits | undefined;
  readonly #eight = new Uint8Array(8);
  readonly #words = new DataView(this.#eight.buffer);

  low = 0;
  high = 0;

  constructor(of: OpenSource, table: { name: string; size: number; extents: SharedExtents; units?: SharedUnitRecords }) {
    this.name = table.name;
    this.size = table.size;
    this.shared = { kind: 'remapped', ...table, of: of.shared };
    this.#of = of;
    this.#extents = new ExtentTable(table.extents);
    this.#decoded = table.units && new DecodedUnits(new UnitRecordDecoder(of, table.units));
  }

  read(offset: number, target: Uint8Array): number {
    return this.#gather(offset, target, (at, into) => this.#of.read(at, into));
  }

  readStreaming(offset: number, target: Uint8Array): number {
    return this.#gather(offset, target, (at, into) => this.#of.readStreaming(at, into));
  }

  readU64(offset: number): boolean {
    if (offset < 0 || offset + 8 > this.size) return false;
    this.read(offset, this.#eight);
    this.low = this.#words.getUint32(0, true);
    this.high = this.#words.getUint32(4, true);
    return true;
  }

  #gather(offset: number, target: Uint8Array, read: (offset: number, target: Uint8Array) => number): number {
    const length = Math.max(0, Math.min(target.length, this.size - offset));
    const extents = this.#extents;
    const end = offset + length;
    let at = offset;
    for (let index = extents.lowerBound(offset); at < end; index++) {
      const start = index < extents.count ? Math.min(end, Math.max(at, extents.starts[index]!)) : end;
      target.fill(0, at - offset, start - offset);
      if (start === end) break;
      const stop = Math.min(end, extents.starts[index]! + extents.lengths[index]!);
      this.#readExtent(index, start, target.subarray(start - offset, stop - offset), read);
      at = stop;
    }
    return length;
  }

  #readExtent(index: number, at: number, target: Uint8Array, read: (offset: number, target: Uint8Array) => number): void {
    const extents = this.#extents;
    const kind = extents.kinds[index];
    if (kind === ExtentKind.Data) {
      assert(extents.strides[index] === PAGE_SIZE, 'a remapped piece lies in one piece');
      const place = extents.places[index]! + (at - extents.starts[index]!);
      if (read(place, target) < target.length) throw this.#problem(at, 'its bytes lie beyond the end of the file');
    } else if (kind === ExtentKind.Fill) target.fill(extents.places[index]!);
    else if (kind === ExtentKind.Coded) this.#decode(index, at, target);
    else throw this.#problem(at, 'this piece of the file cannot be read');
  }

  #decode(index: number, start: number, target: Uint8Array): void {
    const extents = this.#extents;
    assert(this.#decoded, 'a source with coded pieces has units');
    const unitSize = extents.strides[index]!;
    for (let done = 0; done < target.length;) {
      const within = start + done - extents.starts[index]!;
      const unit = Math.floor(within / unitSize);
      const offset = within - unit * unitSize;
      const length = Math.min(target.length - done, unitSize - offset);
      const fault = this.#decoded.read(extents.places[index]! + unit, unitSize, offset, target.subarray(done, done + length));
      if (fault) throw this.#problem(start + done, fault.reason);
      done += length;
    }
  }

  #problem(at: number, reason: string): WorkbenchError {
    return new WorkbenchError('bad-format', `${this.name} at 0x${at.toString(16)}: ${reason}`, { source: this.name, fileOffset: at });
  }

  close(): void {
    this.#of.close();
  }
}
