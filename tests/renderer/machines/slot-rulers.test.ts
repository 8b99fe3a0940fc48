import { describe, expect, it } from 'vitest';
import type { SlotOfMachine } from '../../../src/renderer/src/features/machines/slot-order.ts';
import { bandPath, layoutRulers, positionOnRuler } from '../../../src/renderer/src/features/machines/slot-rulers.ts';
import { SLOTS } from './lab-host.ts';

const { guest, host, bands } = layoutRulers(SLOTS, 800);

describe('the two rulers', () => {
  it.each([guest, host])('fill their width in the order of addresses, without gap or overlap', (...cells) => {
    cells.reduce((x, cell) => {
      expect(cell.x).toBeCloseTo(x);
      return x + cell.width;
    }, 0);
    expect(cells.at(-1)!.x + cells.at(-1)!.width).toBeCloseTo(800);
  });

  it('show a hole of the guest’s memory and one of the process’s, and none where slots are neighbours', () => {
    expect(guest.map(({ kind }) => kind)).toEqual(['slots', 'slots', 'slots', 'slots', 'slots', 'gap', 'slots']);
    expect(guest[5]).toMatchObject({ start: 0x7000, last: 0xf_ffbf });
    expect(host.map(({ kind }) => kind)).toEqual(['slots', 'slots', 'slots', 'slots', 'slots', 'gap', 'slots']);
  });

  it('keep a ROM of 32 KiB wide enough to point at beside 111 MiB of RAM', () => {
    expect(guest[2]!.width).toBeGreaterThan(20);
    expect(guest[4]!.width).toBeLessThan(4 * guest[2]!.width);
  });

  it('tell where a page lies, and that a page in no cell lies nowhere', () => {
    expect(positionOnRuler(guest, 0)).toBe(0);
    expect(positionOnRuler(guest, 0x100)).toBeCloseTo(guest[4]!.x);
    expect(positionOnRuler(guest, 0x20_0000)).toBeUndefined();
  });
});

describe('bands', () => {
  it('join each slot’s place on the one to its place on the other', () => {
    expect(bands.map(({ slot }) => slot)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(bands[4]!.guest[0]).toBeCloseTo(guest[4]!.x);
    expect(bands[4]!.guest[1]).toBeCloseTo(guest[5]!.x);
    expect(bands[5]!.host[1]).toBeCloseTo(800);
    expect(bandPath({ slot: 0, guest: [0, 10], host: [20, 40] }, 0, 100)).toBe('M0 0 L10 0 C10 50 40 50 40 100 L20 100 C20 50 0 50 0 0 Z');
  });

  it('cross where the process has the slots in another order', () => {
    const [low, high] = SLOTS.slice(3, 5) as [SlotOfMachine, SlotOfMachine];
    const crossed = layoutRulers([{ ...low, userspaceAddr: 0x7fff_0000_0000n }, high], 400).bands;
    expect(crossed[0]!.guest[0]).toBeLessThan(crossed[1]!.guest[0]);
    expect(crossed[0]!.host[0]).toBeGreaterThan(crossed[1]!.host[0]);
  });

  it('of two slots that show the same memory end in one place', () => {
    const rom = SLOTS[5]!;
    const twice = layoutRulers([{ ...rom, id: 9, baseGfn: 0xe0, npages: 32 }, rom], 400);
    expect(twice.host).toHaveLength(1);
    expect(twice.bands[0]!.host[0]).toBe(twice.bands[1]!.host[0]);
    expect(twice.bands[0]!.host[1]).toBeCloseTo(200);
  });

  it('of 500 slots all have a place on 300 pixels', () => {
    const many = Array.from({ length: 500 }, (_, at) => ({
      ...SLOTS[3]!,
      id: at,
      baseGfn: at * 32,
      userspaceAddr: 0x7f00_0000_0000n + BigInt(at) * 0x10_0000n,
    }));
    const drawn = layoutRulers(many, 300);
    expect(drawn.bands).toHaveLength(500);
    for (const band of drawn.bands) expect(band.guest[1]).toBeGreaterThan(band.guest[0]);
    expect(drawn.guest.at(-1)!.x + drawn.guest.at(-1)!.width).toBeCloseTo(300);
  });

  it('are none without slots, or without room', () => {
    expect(layoutRulers([], 800)).toEqual({ guest: [], host: [], bands: [] });
    expect(layoutRulers(SLOTS, 0).bands).toEqual([]);
  });

  it('keep addresses of 57 bits exact', () => {
    const far = layoutRulers([{ ...SLOTS[3]!, userspaceAddr: 0xff_ffff_ffff_f000n }], 100);
    expect(far.host[0]!.start).toBe(0xfff_ffff_ffff);
  });
});
