/** Bytes for people: 16 a line, missing ones as ??, equal lines folded to one *, as hexdump does. */
import type { StateSpan } from '#shared/model/index.ts';

const WIDTH = 16;

/** `digits`: least digits of an address. */
export function hexDump(address: bigint, bytes: Uint8Array, spans: readonly StateSpan[], digits = 16): string {
  const missing = new Uint8Array(bytes.length);
  for (const { start, end, state } of spans) if (state !== 'present' && state !== 'zero') missing.fill(1, start, end);
  const lines: string[] = [];
  let before = '';
  let folding = false;
  for (let at = 0; at < bytes.length; at += WIDTH) {
    const body = dumpLine(bytes.subarray(at, at + WIDTH), missing.subarray(at, at + WIDTH));
    const last = at + WIDTH >= bytes.length;
    if (body === before && !last) {
      if (!folding) lines.push('*');
      folding = true;
      continue;
    }
    before = body;
    folding = false;
    lines.push(`${(address + BigInt(at)).toString(16).padStart(digits, '0')}  ${body}`);
  }
  return lines.join('\n');
}

function dumpLine(bytes: Uint8Array, missing: Uint8Array): string {
  const cells = Array.from(bytes, (byte, index) => (missing[index] ? '??' : byte.toString(16).padStart(2, '0')));
  const text = Array.from(bytes, (byte, index) => (missing[index] ? '?' : byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
  const halves = [cells.slice(0, WIDTH / 2).join(' '), cells.slice(WIDTH / 2).join(' ')];
  return `${halves.join('  ').padEnd(WIDTH * 3)}  |${text}|`;
}
