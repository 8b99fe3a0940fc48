import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { MAX_DELTAS, PageUnitBuilder, PageUnitDecoder } from '#engine/formats/qemu-stream/page-units.ts';
import { ExtentBuilder } from '#engine/memory/extent-builder.ts';
import { ExtentKind, PAGE_SIZE, type ExtentTable } from '#engine/memory/extent-table.ts';
import { ArraySource } from '../../memory/array-source.ts';

/** A file that is written while an index of it is made, as a stream's reader makes it. */
class Page {
  readonly extents = new ExtentBuilder();
  readonly units = new PageUnitBuilder();
  #file: number[] = [];

  put(bytes: Iterable<number>): number {
    const at = this.#file.length;
    for (const byte of bytes) this.#file.push(byte);
    return at;
  }

  delta(...bytes: number[]): void {
    this.extents.addDelta(0, this.units.addDelta(this.put(bytes), bytes.length), PAGE_SIZE);
  }

  compressed(page: Uint8Array): void {
    const bytes = deflateSync(page);
    this.extents.addCoded(0, PAGE_SIZE, this.units.addCompressed(this.put(bytes), bytes.length), PAGE_SIZE);
  }

  read(cutAt = Infinity): { bytes: Uint8Array; fault: string | undefined; table: ExtentTable } {
    const table = this.extents.finish((unit, below) => this.units.link(unit, below));
    const shared = this.units.finish()!;
    const decoder = new PageUnitDecoder(new ArraySource(Uint8Array.from(this.#file.slice(0, cutAt))), shared);
    const bytes = new Uint8Array(PAGE_SIZE);
    const fault = decoder.decode(table.places[0]!, bytes);
    return { bytes, fault: fault && `${fault.state}: ${fault.reason}`, table };
  }
}

const patterned = Uint8Array.from({ length: PAGE_SIZE }, (_, at) => (at * 7 + (at >> 8)) & 0xff);
const changed = (changes: Record<number, number>, page = patterned) => {
  const copy = page.slice();
  for (const [at, value] of Object.entries(changes)) copy[Number(at)] = value;
  return copy;
};

describe('a delta changes what lies below it', () => {
  it('a page of data', () => {
    const page = new Page();
    page.extents.addPage(0, page.put(patterned));
    page.delta(5, 2, 0xaa, 0xbb);
    expect(page.read()).toMatchObject({ bytes: changed({ 5: 0xaa, 6: 0xbb }), fault: undefined });
  });

  it('a fill', () => {
    const page = new Page();
    page.extents.addFill(0, PAGE_SIZE, 0);
    page.delta(0, 1, 9);
    expect(page.read().bytes).toEqual(changed({ 0: 9 }, new Uint8Array(PAGE_SIZE)));
  });

  it('a compressed page', () => {
    const page = new Page();
    page.compressed(patterned);
    page.delta(1, 1, 1);
    expect(page.read().bytes).toEqual(changed({ 1: 1 }));
  });

  it('other deltas, the latest last', () => {
    const page = new Page();
    page.extents.addPage(0, page.put(patterned));
    page.delta(10, 3, 1, 1, 1);
    page.delta(11, 1, 2);
    page.delta(11, 2, 3, 3);
    expect(page.read().bytes).toEqual(changed({ 10: 1, 11: 3, 12: 3 }));
  });

  it('nothing of it shows once a later copy follows', () => {
    const page = new Page();
    page.delta(0, 1, 9);
    page.compressed(patterned);
    expect(page.read()).toMatchObject({ bytes: patterned, fault: undefined });
  });
});

describe('what cannot be had is not made up', () => {
  it('a delta on nothing, on a corrupt page', () => {
    const page = new Page();
    page.delta(0, 1, 9);
    expect(page.read().fault).toBe('corrupt: the stream has no copy of the page that the delta at 0x0 changes');
    const other = new Page();
    other.extents.addUnreadable(0, PAGE_SIZE, ExtentKind.Corrupt);
    other.delta(0, 1, 9);
    expect(other.read().fault).toBe('corrupt: the copy that the delta at 0x0 changes is corrupt');
  });

  it('damaged zlib data, a compressed page that is too short', () => {
    const page = new Page();
    page.extents.addCoded(0, PAGE_SIZE, page.units.addCompressed(page.put([1, 2, 3, 4]), 4), PAGE_SIZE);
    expect(page.read().fault).toBe('corrupt: damaged zlib data at 0x0');
    const short = new Page();
    short.compressed(new Uint8Array(100));
    expect(short.read().fault).toBe('corrupt: damaged zlib data at 0x0');
  });

  it('a file that has become too short is absent, not zero', () => {
    const page = new Page();
    page.extents.addPage(0, page.put(patterned));
    page.delta(0, 1, 9);
    expect(page.read(PAGE_SIZE + 1).fault).toContain('absent');
  });

  it(`more than ${MAX_DELTAS} deltas on one page`, () => {
    const most = new Page();
    most.extents.addFill(0, PAGE_SIZE, 0);
    for (let n = 0; n < MAX_DELTAS - 1; n++) most.delta(0, 1, n & 0xff);
    expect(most.read()).toMatchObject({ fault: undefined, bytes: changed({ 0: (MAX_DELTAS - 2) & 0xff }, new Uint8Array(PAGE_SIZE)) });
    const more = new Page();
    more.extents.addFill(0, PAGE_SIZE, 0);
    for (let n = 0; n < MAX_DELTAS + 10; n++) more.delta(0, 1, n & 0xff);
    expect(more.read().fault).toContain('corrupt: more than');
    expect(more.units.deepPages).toBe(1);
  });
});
