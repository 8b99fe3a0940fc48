/**
 * What the lab's KVM host (Linux 6.1; QEMU 7.2, pc-i440fx, 112 MiB) has of guest 174, for tests of words and drawings. The slots are those of its `info mtree -f`; the walks are of its
 * kernel's code, cut down to what is drawn.
 */
import type { GuestWalk, Walk, WalkStep } from '#shared/model/index.ts';
import type { SlotOfMachine } from '../../../src/renderer/src/features/machines/slot-order.ts';

const slot = (id: number, baseGfn: number, npages: number, userspaceAddr: bigint, flags: string[] = []): SlotOfMachine => ({
  addressSpace: 0,
  id,
  baseGfn,
  npages,
  userspaceAddr,
  flags,
  pageSize: 4096,
});

export const SLOTS: readonly SlotOfMachine[] = [
  slot(0, 0x0, 195, 0x7f9a_b8e0_0000n),
  slot(2, 0xc3, 37, 0x7f9a_b8ec_3000n),
  slot(3, 0xe8, 8, 0x7f9a_b8ee_8000n),
  slot(4, 0xf0, 16, 0x7f9a_b8ef_0000n),
  slot(5, 0x100, 28416, 0x7f9a_b8f0_0000n),
  slot(1, 0xf_ffc0, 64, 0x7f9a_c6e0_0000n, ['readonly']),
];

type Entry = readonly [level: number, name: string, index: number, entryAddress: number, entry: bigint, next: number];

function walk(address: bigint, modeId: string, title: string, root: number, entries: readonly Entry[], physical: number, flags: string[]): Walk {
  const steps = entries.map(([level, levelName, index, entryAddress, entry, next], at): WalkStep => {
    const last = at === entries.length - 1;
    return {
      level,
      levelName,
      table: entryAddress - index * 8,
      index,
      indexHighBit: 0,
      indexLowBit: 0,
      entryAddress,
      entry,
      flags: [],
      conclusion: last ? { kind: 'page', physical, pageStart: next, pageSize: 0x20_0000 } : { kind: 'table', next },
      sentence: '',
    };
  });
  return {
    address,
    mode: { id: modeId as Walk['mode']['id'], title, levels: [], virtualBits: 48, upperBits: 'sign', entrySize: 8, tableAlignment: 4096 },
    root,
    rootSource: '',
    steps,
    result: {
      kind: 'page',
      physical,
      pageStart: entries.at(-1)![5],
      pageSize: 0x20_0000,
      flags,
      effective: { writable: true, user: true, executable: true },
      state: 'present',
      sentence: '',
    },
  };
}

/** RIP of its vCPU. */
export const WALK: GuestWalk = {
  vm: '174',
  vcpu: 0,
  space: 'gva',
  address: 0xffff_ffff_b127_e916n,
  guest: walk(
    0xffff_ffff_b127_e916n,
    'x86-64-4level',
    '4-level paging',
    0x61b_0000,
    [
      [4, 'PML4', 511, 0x61b_0ff8, 0x2a1_5067n, 0x2a1_5000],
      [3, 'PDPT', 510, 0x2a1_5ff0, 0x2a1_6063n, 0x2a1_6000],
      [2, 'PD', 393, 0x2a1_6c48, 0x100_01e1n, 0x100_0000],
    ],
    0x107_e916,
    ['P', 'A', 'D', 'PS', 'G'],
  ),
  gpa: 0x107_e916,
  memslot: SLOTS[4]!,
  hva: 0x7f9a_b9e7_e916n,
  area: {
    start: 0x7f9a_b8e0_0000n,
    last: 0x7f9a_bfdf_ffffn,
    access: 'rw-p',
    flags: ['dontcopy', 'hugepage', 'mergeable'],
    offset: 0,
    device: '00:00',
    inode: 0,
    name: null,
    file: false,
  },
  host: walk(
    0x7f9a_b9e7_e916n,
    'x86-64-4level',
    '4-level paging',
    0x228_8000,
    [
      [4, 'PML4', 255, 0x228_87f8, 0x438e_9067n, 0x438e_9000],
      [3, 'PDPT', 106, 0x438e_9350, 0x44ae_9067n, 0x44ae_9000],
      [2, 'PD', 463, 0x44ae_9e78, 0x8000_0000_0ae0_08e7n, 0xae0_0000],
    ],
    0xae7_e916,
    ['P', 'RW', 'US', 'A', 'D', 'PS', 'NX'],
  ),
  hpa: 0xae7_e916,
  fileOffset: 0xae7_fdc6,
  page: {
    pfn: 0xae7e,
    address: 0xffff_fbcb_c02b_9f80n,
    flags: [],
    references: 1,
    mappings: 1,
    use: 'anonymous',
    size: 0x20_0000,
  },
  nested: walk(
    0x107_e916n,
    'npt-4level',
    'nested paging (NPT), 4 levels',
    0x44b4_f000,
    [
      [4, 'PML4', 0, 0x44b4_f000, 0x44b4_e827n, 0x44b4_e000],
      [3, 'PDPT', 0, 0x44b4_e000, 0x44b4_d827n, 0x44b4_d000],
      [2, 'PD', 8, 0x44b4_d040, 0xae0_08f7n, 0xae0_0000],
    ],
    0xae7_e916,
    ['P', 'RW', 'US', 'A', 'D', 'PS'],
  ),
  agreement: { agree: true, sentence: 'Both roads lead to HPA 0xae7e916.' },
};
