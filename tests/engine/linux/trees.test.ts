/** Maple and red-black trees laid out by hand, as no kernel would have them: in a circle, with pointers to nowhere, out of order, too high. Whole ones are read in linux-queries.test.ts. */
import { describe, expect, it } from 'vitest';
import { readMapleTree } from '#engine/linux/maple-tree.ts';
import { readTree } from '#engine/linux/rbtree.ts';
import { array, MadeKernel, pointer, struct, typesOf, u64 } from '../kvm/made-structs.ts';

/** As 64-bit kernels have them (include/linux/maple_tree.h): 16 slots in a leaf, 10 in a node that knows its gaps. */
const types = typesOf([
  struct('maple_tree', { ma_lock: u64, ma_root: pointer }),
  struct('maple_range_64', { parent: pointer, pivot: array(u64, 15), slot: array(pointer, 16) }),
  struct('maple_arange_64', { parent: pointer, pivot: array(u64, 9), slot: array(pointer, 10) }),
  struct('rb_root', { rb_node: pointer }),
  struct('rb_node', { __rb_parent_color: u64, rb_right: pointer, rb_left: pointer }),
]);
const TREE = 0x100n;
const LEAF = 1n;
const ARANGE = 3n;
const OUTSIDE = 2n ** 40n;
const MAX = 2n ** 64n - 1n;

/** A pointer to a node as a parent's slot has it, and as the root has it. */
const inSlot = (address: bigint, type: bigint) => address | (type << 3n) | 4n;
const atRoot = (address: bigint, type: bigint) => address | (type << 3n) | 2n;

function maple(root: bigint, nodes: { address: bigint; struct: 'maple_range_64' | 'maple_arange_64'; pivots: bigint[]; slots: bigint[] }[]) {
  const made = new MadeKernel(types);
  const tree = made.write('maple_tree', TREE, { ma_root: root });
  for (const { address, struct: name, pivots, slots } of nodes) {
    const members = [...pivots.map((value, index) => [`pivot[${index}]`, value]), ...slots.map((value, index) => [`slot[${index}]`, value])];
    made.write(name, address, Object.fromEntries(members) as Record<string, bigint>);
  }
  return (limit = 1000) => readMapleTree(tree, limit);
}

describe('a maple tree', () => {
  it('of nothing, of one entry, and of two levels is read as it is', () => {
    expect(maple(0n, [])()).toEqual({ entries: [] });
    expect(maple(0x5000n, [])()).toEqual({ entries: [{ first: 0n, last: 0n, entry: 0x5000n }] });
    const read = maple(atRoot(0x2000n, ARANGE), [
      { address: 0x2000n, struct: 'maple_arange_64', pivots: [0xfffn, 0n], slots: [inSlot(0x2100n, LEAF), inSlot(0x2200n, LEAF)] },
      // 0 to 9 is empty, the tree's own mark stands at 0x20 to 0xfff.
      { address: 0x2100n, struct: 'maple_range_64', pivots: [9n, 0x1fn, 0xfffn], slots: [0n, 0x5000n, 0x406n] },
      { address: 0x2200n, struct: 'maple_range_64', pivots: [0x1fffn, 0n], slots: [0x6000n, 0x7000n] },
    ]);
    const entries = [
      { first: 10n, last: 0x1fn, entry: 0x5000n },
      { first: 0x1000n, last: 0x1fffn, entry: 0x6000n },
      { first: 0x2000n, last: MAX, entry: 0x7000n },
    ];
    expect(read()).toEqual({ entries });
    expect(read(2)).toEqual({ entries: entries.slice(0, 2), broken: 'it goes on beyond 2 entries' });
  });

  it.each<[string, bigint, bigint[], bigint[], RegExp]>([
    ['leads into itself', inSlot(0x2000n, ARANGE), [0xfffn], [], /leads into itself/],
    ['leads out of the dump', inSlot(OUTSIDE, LEAF), [0xfffn], [], /not in the dump/],
    ['has a null pointer where a node belongs', 0n, [0xfffn], [], /leads to no node/],
    ['has a node of no kind', inSlot(0x2100n, 9n), [0xfffn], [], /no known kind/],
    ['has a node of a kind for small numbers', inSlot(0x2100n, 0n), [0xfffn], [], /no kernel makes/],
    ['has pivots out of order', inSlot(0x2100n, LEAF), [0xfffn, 0x800n], [], /not in order/],
    ['has a pivot beyond its parent’s', inSlot(0x2100n, LEAF), [0xfffn], [0x5000n], /not in order/],
  ])('that %s ends there, and goes on beside it', (_name, broken, pivots, leafPivots, reason) => {
    const read = maple(atRoot(0x2000n, ARANGE), [
      { address: 0x2000n, struct: 'maple_arange_64', pivots, slots: [broken, inSlot(0x2200n, LEAF)] },
      { address: 0x2100n, struct: 'maple_range_64', pivots: leafPivots, slots: [0x5000n] },
      { address: 0x2200n, struct: 'maple_range_64', pivots: [], slots: [0x6000n] },
    ]);
    const { entries, broken: said } = read();
    expect(said).toMatch(reason);
    if (pivots.length === 1) expect(entries.at(-1)).toEqual({ first: 0x1000n, last: MAX, entry: 0x6000n });
  });

  it('whose root is not in the dump has no entries, and says so', () => {
    const made = new MadeKernel(types);
    expect(readMapleTree(made.at('maple_tree', OUTSIDE), 10)).toEqual({ entries: [], broken: 'its root is not in the dump' });
  });

  it('of random bytes ends, however they lead', () => {
    const made = new MadeKernel(types);
    let seed = 1;
    const random = () => (seed = (seed * 48271) % 0x7fff_ffff) / 0x7fff_ffff;
    for (let round = 0; round < 4; round++) {
      made.scramble(random);
      for (let node = 0x2000n; node < 0x8_0000n; node += 0x100n) {
        // Pointers into the same memory, so that most lead somewhere.
        for (let slot = 0; slot < 10; slot++)
          made.write('maple_arange_64', node, { [`slot[${slot}]`]: inSlot(BigInt(Math.floor(random() * 0x800)) << 8n, ARANGE) });
        for (let pivot = 0; pivot < 9; pivot++) made.write('maple_arange_64', node, { [`pivot[${pivot}]`]: BigInt(pivot + 1) << 40n });
      }
      const tree = made.write('maple_tree', TREE, { ma_root: atRoot(0x2000n, ARANGE) });
      expect(readMapleTree(tree, 100_000).broken).toBeDefined();
    }
  });
});

describe('a red-black tree', () => {
  function tree(root: bigint, nodes: Record<string, [left: bigint, right: bigint]>) {
    const made = new MadeKernel(types);
    made.write('rb_root', TREE, { rb_node: root });
    for (const [address, [left, right]] of Object.entries(nodes)) made.write('rb_node', BigInt(address), { rb_left: left, rb_right: right });
    return (limit = 1000) => readTree(made.kernel, TREE, limit);
  }

  it('is read from left to right', () => {
    expect(tree(0n, {})()).toEqual({ nodes: [] });
    const read = tree(0x2000n, { '0x2000': [0x3000n, 0x4000n], '0x3000': [0n, 0x3800n], '0x3800': [0n, 0n], '0x4000': [0n, 0n] });
    expect(read()).toEqual({ nodes: [0x3000n, 0x3800n, 0x2000n, 0x4000n] });
    expect(read(2)).toEqual({ nodes: [0x3000n, 0x3800n], broken: 'it goes on beyond 2 entries' });
  });

  it.each<[string, bigint, RegExp]>([
    ['leads into itself', 0x2000n, /leads into itself/],
    ['leads out of the dump', OUTSIDE, /not in the dump/],
  ])('that %s keeps what lies beside it', (_name, wild, reason) => {
    const { nodes, broken } = tree(0x2000n, { '0x2000': [wild, 0x4000n], '0x4000': [0n, 0n] })();
    expect(nodes).toEqual([0x2000n, 0x4000n]);
    expect(broken).toMatch(reason);
  });

  it('that is a chain of thousands ends where no kernel’s would go on', () => {
    const chain = Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`${0x2000 + 32 * at}`, [BigInt(0x2000 + 32 * (at + 1)), 0n]]));
    expect(tree(0x2000n, chain as Record<string, [bigint, bigint]>)().broken).toMatch(/higher than 128/);
  });
});
