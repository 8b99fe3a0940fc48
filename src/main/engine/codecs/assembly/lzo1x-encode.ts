// AssemblyScript: compiled to WebAssembly by scripts/build-wasm.mjs, which writes ../lzo1x-encode-wasm.ts. Twice as fast as the same in JavaScript, for its loads of four and eight bytes at any address.
//
// LZO1X compression of one unit: greedy, with one hash table, for speed. What it writes every LZO1X decoder reads (../lzo1x.ts has the instructions); it uses literals, the matches of up to 2 KiB and of up
// to 16 KiB, and the end mark.
//
// Memory: the hash table from 0 to 16384 (a position for each hash, counted on from unit to unit, so that it need not be emptied for each); then what the caller puts there. Behind input and output there must be
// eight bytes more: literals are copied in eights.

const HASH_BITS: u32 = 12;
const TABLE_BYTES: usize = 16384;
/** Bytes that are looked up, and so the shortest match that is found. */
const MIN_MATCH: usize = 4;
/** Longest distance of the instruction 001LLLLL. */
const MAX_DISTANCE: usize = 16384;
/** Longest distance and length of the short instructions. */
const NEAR: usize = 2048;
const SHORT: usize = 8;
/** Where positions start again, so that they fit into 31 bits. */
const MAX_BASE: i32 = 0x4000_0000;

/** Added to positions in the unit at hand: those of earlier units are smaller. */
let base: i32 = 1;

/** Compresses `length` bytes at `input` into what lies at `output`; returns how many bytes it wrote. */
export function encode(input: usize, length: i32, output: usize): i32 {
  if (base > MAX_BASE) {
    memory.fill(0, 0, TABLE_BYTES);
    base = 1;
  }
  const origin = base;
  base += length;
  const end = input + <usize>length;
  const last = end - MIN_MATCH;
  let at = input;
  let literals = input;
  let out = output;
  while (at <= last) {
    const word = load<u32>(at);
    const slot = (<usize>((word * 0x9e3779b1) >>> (32 - HASH_BITS))) << 2;
    const before = load<i32>(slot) - origin;
    store<i32>(slot, origin + <i32>(at - input));
    const found = input + <usize>before;
    if (before < 0 || at - found > MAX_DISTANCE || load<u32>(found) != word) {
      // Where nothing repeats, look less and less often.
      at += 1 + ((at - literals) >> 5);
      continue;
    }
    const size = lengthOf(found, at, end);
    out = writeLiterals(literals, at, out, output);
    out = writeMatch(at - found, size, out);
    at += size;
    literals = at;
  }
  out = writeLiterals(literals, end, out, output);
  store<u8>(out, 17);
  store<u8>(out + 1, 0);
  store<u8>(out + 2, 0);
  return <i32>(out + 3 - output);
}

/** How many bytes from `found` on are also those from `at` on: MIN_MATCH at least. */
function lengthOf(found: usize, at: usize, end: usize): usize {
  const room = end - at;
  let size = MIN_MATCH;
  while (size + 8 <= room) {
    const different = load<u64>(found + size) ^ load<u64>(at + size);
    if (different != 0) return size + <usize>(ctz(different) >> 3);
    size += 8;
  }
  while (size < room && load<u8>(found + size) == load<u8>(at + size)) size++;
  return size;
}

/** Up to 3 literals ride in the match before them; a run at the very start may have a form of its own. */
function writeLiterals(from: usize, to: usize, start: usize, output: usize): usize {
  const count = to - from;
  let out = start;
  if (count == 0) return out;
  if (out == output && count <= 238) store<u8>(out++, <u8>(17 + count));
  else if (count <= 3) store<u8>(out - 2, <u8>(load<u8>(out - 2) | count));
  else if (count <= 18) store<u8>(out++, <u8>(count - 3));
  else {
    store<u8>(out++, 0);
    out = writeExtension(count - 18, out);
  }
  for (let copied: usize = 0; copied < count; copied += 8) store<u64>(out + copied, load<u64>(from + copied));
  return out + count;
}

function writeMatch(distance: usize, length: usize, start: usize): usize {
  let out = start;
  const back = distance - 1;
  if (length <= SHORT && distance <= NEAR) {
    store<u8>(out, <u8>(((length - 1) << 5) | ((back & 7) << 2)));
    store<u8>(out + 1, <u8>(back >> 3));
    return out + 2;
  }
  if (length <= 33) store<u8>(out++, <u8>(32 | (length - 2)));
  else {
    store<u8>(out++, 32);
    out = writeExtension(length - 33, out);
  }
  store<u8>(out, <u8>(back << 2));
  store<u8>(out + 1, <u8>(back >> 6));
  return out + 2;
}

/** 255 for each zero byte, then the rest, which is not zero. */
function writeExtension(value: usize, start: usize): usize {
  let out = start;
  let left = value;
  for (; left > 255; left -= 255) store<u8>(out++, 0);
  store<u8>(out++, <u8>left);
  return out;
}
