/**
 * The list of everything in the machine that has state: SaveStateEntry (QEMU migration/savevm.c), on 64-bit hosts. It is what migration goes through, and tells of each
 * device its name, the description of its state, and where it lies.
 *
 * ```
 *  0 entry: tqe_next, tqe_prev   16 idstr[256]  272 instance_id (u32)  276 alias_id … load_section_id (int)  296 ops  304 vmsd  312 opaque
 * ```
 * The list's head is a static variable. The first entry points back at it, as that of every tail queue does, which is how it is found among the variables.
 */
import type { ProcessMemory } from '../process-core/process-memory.ts';
import type { AddressRange } from './qemu-program.ts';
import { findPointer } from './variables.ts';

export interface SavevmEntry {
  /** `cpu`, `0000:00:02.0/virtio-blk`. */
  name: string;
  instance: number;
  /** Its VMStateDescription; 0 for what saves itself in another way (RAM). */
  description: number;
  /** What the description is of. */
  object: number;
}

const IDSTR = 16;
const IDSTR_SIZE = 256;
const INSTANCE = 272;
const VMSD = 304;
const OPAQUE = 312;
/** A machine with 4096 CPUs has some 20,000. */
const MAX_ENTRIES = 2 ** 17;

/** Empty when it is not found. */
export function findSavevmEntries(memory: ProcessMemory, data: readonly AddressRange[]): SavevmEntry[] {
  let found: SavevmEntry[] = [];
  findPointer(memory, data, (where, first) => {
    if (memory.pointer(first + 8) !== where) return false;
    const entries = listFrom(memory, first);
    // One alone could be anything with a name.
    if (entries.length > 1 && entries.some(({ description }) => description !== 0)) found = entries;
    return found.length > 0;
  });
  return found;
}

function listFrom(memory: ProcessMemory, first: number): SavevmEntry[] {
  const entries: SavevmEntry[] = [];
  const seen = new Set<number>();
  for (let at = first; at !== 0 && !seen.has(at) && entries.length < MAX_ENTRIES;) {
    seen.add(at);
    const name = nameAt(memory, at);
    const instance = memory.u32(at + INSTANCE);
    const [description, object] = [memory.pointer(at + VMSD), memory.pointer(at + OPAQUE)];
    const next = memory.pointer(at);
    if (name === undefined || instance === undefined || description === undefined || object === undefined || next === undefined) break;
    entries.push({ name, instance, description, object });
    at = next;
  }
  return entries;
}

/** Allocated zeroed, so that zeros fill up the name's 256 bytes. */
function nameAt(memory: ProcessMemory, entry: number): string | undefined {
  const name = memory.text(entry + IDSTR, IDSTR_SIZE - 1);
  const rest = name === undefined ? undefined : memory.bytes(entry + IDSTR + name.length, IDSTR_SIZE - name.length);
  return rest?.every((byte) => byte === 0) ? name : undefined;
}
