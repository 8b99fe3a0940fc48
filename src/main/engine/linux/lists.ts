/** The kernel's linked lists, followed with bounds: a list in a dump can be torn, or made to have no end. */
import type { KernelSpace } from './kernel-space.ts';

export interface ListEnd {
  /** Why the list ends before its head comes round again, in words; undefined for a whole list. */
  broken?: string;
}

/**
 * Addresses of the list_heads in a circular list, without `head` itself: of the members named by offset, `entry - offset` is the object. Ends at the head, at a node that comes again or cannot be read, and
 * after `limit` nodes.
 */
export function* listNodes(space: KernelSpace, head: bigint, limit: number): Generator<bigint, ListEnd, undefined> {
  const seen = new Set<bigint>();
  let node = space.word(head);
  while (node !== head) {
    if (node === undefined) return { broken: 'it leads to memory that is not in the dump' };
    if (node === 0n) return { broken: 'it leads to a null pointer' };
    if (seen.has(node)) return { broken: 'it leads into itself' };
    if (seen.size >= limit) return { broken: `it goes on beyond ${limit} entries` };
    seen.add(node);
    yield node;
    node = space.word(node);
  }
  return {};
}

/** All of a list at once, in its order; of one that is torn what its back links lead to from the other end, too. */
export function readList(space: KernelSpace, head: bigint, limit: number): { nodes: bigint[] } & ListEnd {
  const nodes: bigint[] = [];
  const list = listNodes(space, head, limit);
  let next = list.next();
  for (; next.done !== true; next = list.next()) nodes.push(next.value);
  if (next.value.broken !== undefined) nodes.push(...fromTheEnd(space, head, new Set(nodes), limit - nodes.length));
  return { nodes, ...next.value };
}

/** Nodes beyond the tear: those that lead on to the node that was read before, back from the head. */
function fromTheEnd(space: KernelSpace, head: bigint, known: Set<bigint>, limit: number): bigint[] {
  const found: bigint[] = [];
  let after = head;
  while (found.length < limit) {
    const node = space.word(after + BigInt(space.wordSize));
    if (node === undefined || node === head || known.has(node) || space.word(node) !== after) break;
    known.add(node);
    found.push(node);
    after = node;
  }
  return found.reverse();
}
