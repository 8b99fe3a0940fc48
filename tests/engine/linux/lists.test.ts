/** Lists of a kernel that a damaged dump has torn. */
import { expect, it } from 'vitest';
import { readList } from '#engine/linux/lists.ts';
import { MadeKernel, pointer, struct, typesOf } from '../kvm/made-structs.ts';

const HEAD = 0x1000n;
const NODES = [0x2000n, 0x3000n, 0x4000n, 0x5000n];

function listOf(tear: (kernel: MadeKernel) => void) {
  const kernel = new MadeKernel(typesOf([struct('list_head', { next: pointer, prev: pointer })]));
  const ring = [HEAD, ...NODES];
  for (const [index, node] of ring.entries()) kernel.write('list_head', node, { next: ring[(index + 1) % ring.length]!, prev: ring.at(index - 1)! });
  tear(kernel);
  return readList(kernel.kernel.space, HEAD, 100);
}

it('a whole list has every node once, in its order', () => {
  expect(listOf(() => undefined)).toEqual({ nodes: NODES });
});

it('of a torn list both ends are there, in their order, and the tear is named', () => {
  expect(listOf((kernel) => kernel.write('list_head', NODES[1]!, { next: 0, prev: 0 }))).toEqual({
    nodes: [NODES[0], NODES[1], NODES[2], NODES[3]],
    broken: 'it leads to a null pointer',
  });
  expect(listOf((kernel) => kernel.write('list_head', NODES[0]!, { next: 0x8000_0000 }))).toEqual({
    nodes: [NODES[0], 0x8000_0000n, NODES[1], NODES[2], NODES[3]],
    broken: 'it leads to memory that is not in the dump',
  });
});

it('back links that the nodes do not lead on from are not followed, nor those that lead in a circle', () => {
  expect(
    listOf((kernel) => (kernel.write('list_head', NODES[0]!, { next: 0 }), kernel.write('list_head', NODES[3]!, { next: 0x9000 }))).nodes,
  ).toEqual([NODES[0]]);
  expect(
    listOf((kernel) => (kernel.write('list_head', NODES[0]!, { next: 0 }), kernel.write('list_head', NODES[3]!, { prev: NODES[3]! }))).nodes,
  ).toEqual([NODES[0], NODES[3]]);
});
