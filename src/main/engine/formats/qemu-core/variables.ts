/** Words of a program's variables that are pointers: where exported symbols do not say which variable is which, what they lead to does. */
import type { ProcessMemory } from '../process-core/process-memory.ts';
import type { AddressRange } from './qemu-program.ts';

/** Read at once. */
const PIECE = 1024 * 1024;
/** Most bytes of variables that are looked at; Debian's qemu-system-x86_64 7.2 has 4 MiB. */
const MOST = 256 * 1024 * 1024;

/** Calls `visit(where, value)` for each aligned word that points into a writable mapping, until it returns true. 64-bit hosts. */
export function findPointer(memory: ProcessMemory, ranges: readonly AddressRange[], visit: (where: number, value: number) => boolean): boolean {
  const { core } = memory;
  const { littleEndian } = core.kind;
  let left = MOST;
  // Pointers lie close together, so the segment of the last is mostly that of the next.
  let low = 0;
  let high = 0;
  for (const { start, end } of ranges) {
    for (let at = start; at < end && left > 0; at += PIECE) {
      const bytes = memory.present(at, Math.min(PIECE, end - at, left));
      left -= PIECE;
      const view = new DataView(bytes.buffer);
      for (let offset = 0; offset + 8 <= bytes.length; offset += 8) {
        const upper = view.getUint32(littleEndian ? offset + 4 : offset, littleEndian);
        // Hosts have up to 52 bits of addresses.
        if (upper >= 2 ** 20) continue;
        const value = upper * 2 ** 32 + view.getUint32(littleEndian ? offset : offset + 4, littleEndian);
        if (value < 65536 || value % 8 !== 0) continue;
        if (value < low || value >= high) {
          const segment = core.segmentAt(value);
          if (!segment || !(segment.flags & 2)) continue;
          low = segment.start;
          high = segment.end;
        }
        if (visit(at + offset, value)) return true;
      }
    }
  }
  return false;
}
