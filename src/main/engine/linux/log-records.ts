/**
 * The log from v3.5 to v5.9: records one behind the other in log_buf.
 *
 * Facts: Linux kernel/printk.c (v3.5), kernel/printk/printk.c (v5.9), struct printk_log (struct log before v3.11): ts_nsec, len, text_len, dict_len, facility, 5 bits of flags and 3 of level; a length of 0 sends the
 * reader back to the start.
 */
import type { LinuxLogLine } from '#shared/model/index.ts';
import type { LinuxKernel } from './kernel.ts';
import type { KernelLog } from './log.ts';

const MAX_BUFFER = 2 ** 31;

export function readRecords(kernel: LinuxKernel): KernelLog {
  const { space } = kernel;
  const struct = kernel.size('printk_log') !== undefined ? 'printk_log' : 'log';
  const size = kernel.size(struct) ?? 16;
  const offset = (member: string, usual: number) => BigInt(kernel.offset(struct, member) ?? usual);
  const read = (name: string, load: (address: bigint) => bigint | number | undefined) => {
    const address = kernel.address(name);
    const value = address === undefined ? undefined : load(address);
    return value === undefined ? undefined : Number(value);
  };
  const bufferAt = kernel.address('log_buf');
  const buffer = bufferAt === undefined ? undefined : space.word(bufferAt);
  const length = read('log_buf_len', (address) => space.u32(address));
  const first = read('log_first_idx', (address) => space.u32(address));
  const next = read('log_next_idx', (address) => space.u32(address));
  if (
    buffer === undefined ||
    length === undefined ||
    first === undefined ||
    next === undefined ||
    length > MAX_BUFFER ||
    first >= length ||
    next > length
  )
    return { lines: [], problem: 'The log’s buffer is not in the dump, or makes no sense.' };
  const lines: LinuxLogLine[] = [];
  let at = first;
  for (let passed = 0; at !== next && passed <= length;) {
    const record = buffer + BigInt(at);
    const whole = space.u16(record + offset('len', 8));
    const textLength = space.u16(record + offset('text_len', 10));
    const time = space.u64(record + offset('ts_nsec', 0));
    if (whole === undefined || textLength === undefined || time === undefined)
      return { lines, problem: `The log cannot be read beyond ${lines.length} records.` };
    if (whole === 0) {
      passed += length - at;
      at = 0;
      continue;
    }
    if (whole < size || textLength > whole - size) return { lines, problem: `The log makes no sense beyond ${lines.length} records.` };
    const bits = space.u8(record + offset('facility', 14) + 1n) ?? 0;
    const bytes = space.bytes(record + BigInt(size), textLength);
    if (!bytes) return { lines, problem: `The log cannot be read beyond ${lines.length} records.` };
    const level = space.littleEndian ? bits >>> 5 : bits & 7;
    lines.push({ time, level, facility: space.u8(record + offset('facility', 14)) ?? 0, text: new TextDecoder().decode(bytes) });
    at += whole;
    passed += whole;
  }
  return { lines };
}
