/**
 * The log since v5.10: a ring of descriptors beside a ring of texts.
 *
 * Facts: Linux kernel/printk/printk_ringbuffer.[ch] (v5.10 to v6.12), Documentation/admin-guide/kdump/vmcoreinfo.rst. A descriptor's state_var has its number and, in the two highest bits, its state; a text's
 * logical positions count on for ever, an odd one stands for no text; a text that would not fit before the end of the ring begins at its start.
 */
import type { LinuxLogLine } from '#shared/model/index.ts';
import type { LinuxKernel } from './kernel.ts';
import type { KernelLog } from './log.ts';

/** Descriptors and bytes of text that no kernel exceeds (CONFIG_LOG_BUF_SHIFT up to 25, log_buf_len up to 2^31). */
const MAX_COUNT_BITS = 26;
const MAX_SIZE_BITS = 31;
const COMMITTED = 1n;
const FINALIZED = 2n;
/** Set in caller_id for a CPU (kernel/printk/printk.c, printk_caller_id). */
const CPU_CALLER = 0x8000_0000;

/** Members that are read, by struct. */
const MEMBERS = {
  printk_ringbuffer: ['desc_ring', 'text_data_ring'],
  prb_desc_ring: ['count_bits', 'descs', 'infos', 'head_id', 'tail_id'],
  prb_data_ring: ['size_bits', 'data'],
  prb_desc: ['state_var', 'text_blk_lpos'],
  prb_data_blk_lpos: ['begin', 'next'],
  printk_info: ['seq', 'ts_nsec', 'text_len', 'caller_id'],
} as const;

export function readRing(kernel: LinuxKernel): KernelLog {
  const { space } = kernel;
  const at = new Map<string, number>();
  for (const [struct, members] of Object.entries(MEMBERS)) {
    for (const member of members) {
      const offset = kernel.offset(struct, member);
      if (offset === undefined) return { lines: [], problem: `Neither VMCOREINFO nor BTF says where ${struct}.${member} lies.` };
      at.set(`${struct}.${member}`, offset);
    }
  }
  const place = (name: string) => BigInt(at.get(name) ?? 0);
  const infoSize = kernel.size('printk_info');
  const descSize = kernel.size('prb_desc');
  const ring = space.word(kernel.address('prb') ?? 0n);
  if (infoSize === undefined || descSize === undefined || ring === undefined)
    return { lines: [], problem: 'The log’s ring buffer is not in the dump.' };
  const descRing = ring + place('printk_ringbuffer.desc_ring');
  const textRing = ring + place('printk_ringbuffer.text_data_ring');
  const countBits = space.u32(descRing + place('prb_desc_ring.count_bits'));
  const sizeBits = space.u32(textRing + place('prb_data_ring.size_bits'));
  const descs = space.word(descRing + place('prb_desc_ring.descs'));
  const infos = space.word(descRing + place('prb_desc_ring.infos'));
  const head = space.word(descRing + place('prb_desc_ring.head_id'));
  const tail = space.word(descRing + place('prb_desc_ring.tail_id'));
  const data = space.word(textRing + place('prb_data_ring.data'));
  if (
    countBits === undefined ||
    sizeBits === undefined ||
    descs === undefined ||
    infos === undefined ||
    head === undefined ||
    tail === undefined ||
    data === undefined
  )
    return { lines: [], problem: 'The log’s ring buffer is not in the dump.' };
  if (countBits > MAX_COUNT_BITS || sizeBits > MAX_SIZE_BITS)
    return { lines: [], problem: 'The log’s ring buffer makes no sense: it is larger than any kernel’s.' };

  const wordBits = BigInt(8 * space.wordSize);
  const idMask = (1n << (wordBits - 2n)) - 1n;
  const textSize = 1n << BigInt(sizeBits);
  const callers = at.get('printk_info.caller_id');
  const lines: LinuxLogLine[] = [];
  let lost = 0;
  const count = (head - tail) & idMask;
  for (let step = 0n; step <= count && step < 1n << BigInt(countBits); step++) {
    const id = (tail + step) & idMask;
    const index = id & ((1n << BigInt(countBits)) - 1n);
    const desc = descs + index * BigInt(descSize);
    const state = space.word(desc + place('prb_desc.state_var'));
    // A record that is being written, or was given back.
    if (state === undefined) lost++;
    if (state === undefined || (state & idMask) !== id) continue;
    const kind = state >> (wordBits - 2n);
    if (kind !== COMMITTED && kind !== FINALIZED) continue;
    const blocks = desc + place('prb_desc.text_blk_lpos');
    const info = infos + index * BigInt(infoSize);
    const text = readText(
      kernel,
      { data, textSize },
      space.word(blocks + place('prb_data_blk_lpos.begin')),
      space.word(blocks + place('prb_data_blk_lpos.next')),
      space.u16(info + place('printk_info.text_len')),
    );
    const time = space.u64(info + place('printk_info.ts_nsec'));
    const sequence = space.u64(info + place('printk_info.seq'));
    // facility, then 5 bits of flags and 3 of level, follow text_len.
    const after = info + place('printk_info.text_len') + 2n;
    const facility = space.u8(after);
    const bits = space.u8(after + 1n);
    if (text === undefined || time === undefined || sequence === undefined || facility === undefined || bits === undefined) {
      lost++;
      continue;
    }
    const caller = callers === undefined ? undefined : space.u32(info + BigInt(callers));
    const level = space.littleEndian ? bits >>> 5 : bits & 7;
    lines.push({ sequence: Number(sequence), time, level, facility, text, ...(caller ? { caller: callerText(caller) } : {}) });
  }
  return lost > 0 ? { lines, problem: `${lost} records of the log are not in the dump.` } : { lines };
}

function callerText(caller: number): string {
  return caller >= CPU_CALLER ? `C${caller - CPU_CALLER}` : `T${caller}`;
}

/** The text between two logical positions; empty for a record without one, undefined when it cannot be read. */
function readText(
  { space }: LinuxKernel,
  { data, textSize }: { data: bigint; textSize: bigint },
  begin: bigint | undefined,
  next: bigint | undefined,
  length: number | undefined,
): string | undefined {
  if (begin === undefined || next === undefined || length === undefined) return undefined;
  if ((begin & 1n) !== 0n) return '';
  const wrapped = begin / textSize !== (next - 1n) / textSize;
  const from = wrapped ? 0n : begin % textSize;
  const end = next % textSize === 0n && !wrapped ? textSize : next % textSize;
  // A number of the record stands before its text.
  const header = BigInt(space.wordSize);
  const room = end - from - header;
  if (room < 0n) return undefined;
  const bytes = space.bytes(data + from + header, Math.min(length, Number(room)));
  return bytes && new TextDecoder().decode(bytes);
}
