/**
 * Looks for VMCOREINFO in a guest's memory, for dumps that came without it: QEMU has it of guests with a vmcoreinfo device alone.
 *
 * The kernel keeps the text twice: on a page of its own (in .bss, anywhere, before v4.13), and behind the header of an ELF note. Memory may hold more copies: of a kernel that ran
 * before, or of a vmcore in the page cache. The one whose kernel is in memory ends the search.
 */
import type { GuestMemory } from '../memory/guest-memory.ts';
import { isRunning, type Translate } from './kernel-place.ts';
import { lowcoreText } from './s390-lowcore.ts';
import { FIRST_KEY, MAX_VMCOREINFO, readVmcoreinfoText, type PlacedText } from './vmcoreinfo-text.ts';

const CHUNK = 2 ** 20;
/** More texts than that are made to hold somebody up. */
const MAX_TEXTS = 64;

export interface FoundTexts {
  /** The text of the kernel that is in memory, or the only one; undefined when there is none, or nobody can tell. */
  chosen?: PlacedText;
  /** Texts of other kernels, one place each. */
  others: PlacedText[];
  /** Whether the kernel that `chosen` describes was seen in memory. */
  proven: boolean;
}

/** Reads memory until it is found. `report` gets bytes done and bytes in all, and may throw to end the search. */
export function findVmcoreinfo(memory: GuestMemory, translate: Translate | undefined, report: (done: number, total: number) => void): FoundTexts {
  const others: PlacedText[] = [];
  const seen = new Set<string>();
  for (const address of textAddresses(memory, report)) {
    const bytes = new Uint8Array(MAX_VMCOREINFO);
    // Memory that the dump lacks reads as 0, which ends the text.
    memory.read(address, bytes);
    const text = readVmcoreinfoText(bytes);
    const key = text && String.fromCharCode(...text.bytes);
    if (text === undefined || key === undefined || seen.has(key)) continue;
    seen.add(key);
    if (isRunning(memory, text, translate)) return { chosen: { ...text, address }, others, proven: true };
    if (others.push({ ...text, address }) >= MAX_TEXTS) break;
  }
  const [only] = others;
  return others.length === 1 ? { chosen: only, others: [], proven: false } : { others, proven: false };
}

/** Where the first key stands; where the kernel itself says so first. */
function* textAddresses(memory: GuestMemory, report: (done: number, total: number) => void): Generator<number> {
  const said = lowcoreText(memory);
  if (said !== undefined) yield said;
  const { regions } = memory;
  const buffer = Buffer.alloc(CHUNK);
  let total = 0;
  for (let region = 0; region < regions.count; region++) total += regions.lasts[region]! - regions.starts[region]! + 1;
  let done = 0;
  for (let region = 0; region < regions.count; region++) {
    const end = regions.lasts[region]! + 1;
    for (let at = regions.starts[region]!; at < end;) {
      const { length, fileOffset, coded } = memory.stretchAt(at, end - at);
      let step = length;
      // Only what the file has bytes for can hold the text; fills and what is missing are passed over.
      if (fileOffset !== null || coded) {
        const bytes = buffer.subarray(0, Math.min(CHUNK, end - at));
        memory.read(at, bytes);
        for (let found = bytes.indexOf(FIRST_KEY); found >= 0; found = bytes.indexOf(FIRST_KEY, found + 1)) yield at + found;
        // A key may stand across the end of what was read.
        step = at + bytes.length === end ? bytes.length : Math.max(1, bytes.length - FIRST_KEY.length + 1);
      }
      at += step;
      done += step;
      report(done, total);
    }
  }
}
