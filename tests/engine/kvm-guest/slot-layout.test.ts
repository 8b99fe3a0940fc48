import { expect, it } from 'vitest';
import { layOutSlots } from '#engine/kvm-guest/slot-layout.ts';
import type { Memslot } from '#shared/model/index.ts';

const slot = (id: number, baseGfn: number, npages: number, userspaceAddr: bigint, flags: string[] = []): Memslot => ({
  addressSpace: 0,
  id,
  baseGfn,
  npages,
  userspaceAddr,
  flags,
});
const RAM = 0x7f00_0000_0000n;

it('makes one block of the slots that QEMU cuts a RAM block into, and shows firmware in both of its places', () => {
  const { blocks, regions, problems } = layOutSlots([
    slot(1, 0xfffc0, 64, 0x7f11_0000_0000n, ['readonly']),
    slot(0, 0, 160, RAM),
    slot(3, 0x100, 1000, RAM + 0x10_0000n),
    slot(2, 0xc0, 32, RAM + 0xc_0000n),
    slot(7, 0xe0, 32, 0x7f11_0002_0000n, ['readonly']),
  ]);
  expect(problems).toEqual([]);
  expect(blocks).toEqual([
    { name: 'memslot 0', length: 0xa_0000, ram: 0, host: Number(RAM) },
    { name: 'memslot 2', length: 0x2_0000, ram: 0xa_0000, host: Number(RAM) + 0xc_0000 },
    { name: 'memslot 3', length: 1000 * 4096, ram: 0xc_0000, host: Number(RAM) + 0x10_0000 },
    { name: 'memslots 1, 7', length: 0x4_0000, ram: 0xc_0000 + 1000 * 4096, host: 0x7f11_0000_0000 },
  ]);
  expect(regions.map(({ start, last, block, blockOffset, ram, readOnly }) => [start, last, block, blockOffset, ram, readOnly])).toEqual([
    [0, 0x9_ffff, 0, 0, 0, false],
    [0xc_0000, 0xd_ffff, 1, 0, 0xa_0000, false],
    [0xe_0000, 0xf_ffff, 3, 0x2_0000, blocks[3]!.ram + 0x2_0000, true],
    [0x10_0000, 0x10_0000 + 1000 * 4096 - 1, 2, 0, 0xc_0000, false],
    [0xfffc_0000, 0xffff_ffff, 3, 0, blocks[3]!.ram, true],
  ]);
  expect(regions[0]!.evidence).toEqual({ strength: 'proven', text: 'Memslot 0 of KVM shows HVA 0x7f0000000000 here.' });
});

it('joins slots whose memory touches, and names them by runs', () => {
  const { blocks } = layOutSlots([0, 2, 3, 4, 9].map((id, n) => slot(id, n * 0x100, 16, RAM + BigInt(n * 16 * 4096))));
  expect(blocks).toEqual([{ name: 'memslots 0, 2-4, 9', length: 5 * 16 * 4096, ram: 0, host: Number(RAM) }]);
});

it.each([
  ['overlaps one before it', slot(1, 5, 10, RAM + 0x10_0000n)],
  ['has no pages', slot(1, 0x1000, 0, RAM)],
  ['has fewer pages than none', slot(1, 0x1000, -5, RAM)],
  ['ends beyond what addresses have', slot(1, 2 ** 40 - 1, 2, RAM)],
  ['lies in no process', slot(1, 0x1000, 1, 0xffff_ffff_8000_0000n)],
  ['begins inside of a page', slot(1, 0x1000, 1, RAM + 1n)],
])('leaves out a slot that %s, and says so', (_, wrong) => {
  const { regions, problems } = layOutSlots([slot(0, 0, 10, RAM), wrong]);
  expect(regions.map(({ start, last }) => [start, last])).toEqual([[0, 40959]]);
  expect(problems).toEqual([
    expect.stringMatching(/^Memslot 1 \(GPA 0x[0-9a-f]+, -?\d+ pages, HVA 0x[0-9a-f]+\) cannot be, or overlaps another: it is left out\.$/),
  ]);
});

it('of a machine without slots is empty', () => {
  expect(layOutSlots([])).toEqual({ blocks: [], regions: [], problems: [] });
});
