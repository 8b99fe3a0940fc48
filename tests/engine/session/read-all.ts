import { READ_LIMIT } from '#shared/contract.ts';
import type { DumpSession } from '#engine/session/dump-session.ts';

/** Guest-physical memory from 0 on, and the state of each of its pages. */
export function readAll(session: DumpSession, length: number): { bytes: Uint8Array; states: string[] } {
  const bytes = new Uint8Array(length);
  const states: string[] = [];
  for (let at = 0; at < length; at += READ_LIMIT) {
    const size = Math.min(READ_LIMIT, length - at);
    const chunk = session.readMemory({ space: 'gpa', address: BigInt(at), length: size, root: { kind: 'cpu', cpu: 0 } });
    bytes.set(chunk.bytes, at);
    for (let page = 0; page < size; page += 4096) {
      const inside = chunk.spans.filter(({ start, end }) => start < page + 4096 && end > page);
      states.push([...new Set(inside.map(({ state }) => state))].join('+'));
    }
  }
  return { bytes, states };
}
