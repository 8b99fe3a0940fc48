import fs from 'node:fs/promises';
import { formatAddress } from '#shared/address-text.ts';
import { READ_LIMIT } from '#shared/contract.ts';
import { WorkbenchError } from '#shared/errors.ts';
import type { StateSpan } from '#shared/model/index.ts';
import { VIRTUAL_LAST } from '#shared/units.ts';
import { addressBits, addressDigits } from '#shared/virtual-address.ts';
import { addressArgument, lengthArgument, ROOT_HELP, ROOT_OPTIONS, rootOption, type Command, type CommandContext } from '../command.ts';
import { EXIT, UsageError } from '../exit-code.ts';
import { hexDump } from '../hex-dump.ts';
import { toJson } from '../json.ts';
import { openDump } from '../opened-dump.ts';
import { usableRoot } from '../usable-root.ts';

/** Most bytes as JSON or hex dump; --out has no limit. */
const PRINT_LIMIT = 64 * 1024 * 1024;

export const read: Command = {
  name: 'read',
  usage: 'FILE... ADDRESS LENGTH [--virtual] [--cpu N [--regime ID] | --root ADDRESS [--mode ID]] [--out FILE]',
  summary: 'bytes of physical or virtual memory, as a hex dump or into a file',
  details: `  --virtual        ADDRESS is virtual (default: physical)
${ROOT_HELP}
  --out FILE       write the bytes to FILE, or to standard output with -; missing bytes are written as zero, named on stderr, and make the exit code 3

A hex dump shows missing bytes as ?? and says why.`,
  arity: [3, 3],
  options: { ...ROOT_OPTIONS, virtual: { type: 'boolean' }, out: { type: 'string' } },
  async run(context) {
    const chosen = rootOption(context.options);
    const address = addressArgument(context.positionals[1] ?? '');
    const length = lengthArgument(context.positionals[2] ?? '');
    const virtual = context.options['virtual'] === true;
    const out = context.options['out'];
    const limit = virtual ? VIRTUAL_LAST + 1n : 1n << 52n;
    if (address + BigInt(length) > limit) throw new UsageError(`${formatAddress(address)} + ${length} is beyond the end of the address space`);
    if (out === undefined && length > PRINT_LIMIT) throw new UsageError(`more than ${PRINT_LIMIT} bytes go to a file: use --out`);
    const summary = await openDump(context);
    const { dumpId, rootModes } = summary;
    const root = virtual ? await usableRoot(context, summary, chosen) : chosen;
    const bits = virtual ? addressBits(rootModes, root.kind === 'root' ? root.mode : undefined) : 64;
    const pieces = readPieces(context, { dumpId, space: virtual ? 'gva' : 'gpa', root }, address, length);
    return typeof out === 'string' ? writeOut(context, pieces, out) : print(context, pieces, address, length, addressDigits(bits));
  },
};

interface Piece {
  bytes: Uint8Array;
  /** Spans that are missing, with absolute addresses in `start` and `last`. */
  missing: { start: bigint; last: bigint; span: StateSpan }[];
  spans: StateSpan[];
}

async function* readPieces(
  { workbench }: CommandContext,
  from: Pick<Parameters<CommandContext['workbench']['readMemory']>[0], 'dumpId' | 'space' | 'root'>,
  address: bigint,
  length: number,
): AsyncGenerator<Piece> {
  for (let at = 0; at < length; at += READ_LIMIT) {
    const start = address + BigInt(at);
    const { bytes, spans } = await workbench.readMemory({ ...from, address: start, length: Math.min(READ_LIMIT, length - at) });
    const missing = spans
      .filter(({ state }) => state !== 'present' && state !== 'zero')
      .map((span) => ({ start: start + BigInt(span.start), last: start + BigInt(span.end) - 1n, span }));
    yield { bytes, spans, missing };
  }
}

/** Names each hole once, also when it goes on over several pieces. */
class Holes {
  readonly list: { start: bigint; last: bigint; state: string; reason?: string }[] = [];

  add({ missing }: Piece): void {
    for (const { start, last, span } of missing) {
      const before = this.list.at(-1);
      if (before && before.last + 1n === start && before.state === span.state && before.reason === span.reason) before.last = last;
      else this.list.push({ start, last, state: span.state, reason: span.reason });
    }
  }

  tell(note: (text: string) => void): number {
    for (const { start, last, state, reason } of this.list) {
      note(`missing: ${formatAddress(start)} to ${formatAddress(last)} is ${state}${reason ? ` (${reason})` : ''}`);
    }
    return this.list.length > 0 ? EXIT.hole : EXIT.done;
  }
}

async function print(context: CommandContext, pieces: AsyncGenerator<Piece>, address: bigint, length: number, digits: number): Promise<number> {
  const holes = new Holes();
  const bytes = new Uint8Array(length);
  const spans: StateSpan[] = [];
  let filled = 0;
  for await (const piece of pieces) {
    bytes.set(piece.bytes, filled);
    spans.push(...piece.spans.map((span) => ({ ...span, start: span.start + filled, end: span.end + filled })));
    filled += piece.bytes.length;
    holes.add(piece);
  }
  if (context.json)
    context.print(toJson({ address, length, bytes: Buffer.from(bytes).toString('hex'), spans: mergeSpans(spans), missing: holes.list }));
  else context.print(hexDump(address, bytes, spans, digits));
  return holes.tell(context.json ? () => undefined : context.note);
}

function mergeSpans(spans: StateSpan[]): StateSpan[] {
  const merged: StateSpan[] = [];
  for (const span of spans) {
    const last = merged.at(-1);
    if (last && last.state === span.state && last.reason === span.reason) last.end = span.end;
    else merged.push({ ...span });
  }
  return merged;
}

async function writeOut({ note }: CommandContext, pieces: AsyncGenerator<Piece>, out: string): Promise<number> {
  const holes = new Holes();
  const write = async function* () {
    for await (const piece of pieces) {
      holes.add(piece);
      yield piece.bytes;
    }
  };
  if (out === '-') {
    for await (const bytes of write())
      await new Promise<void>((resolve, reject) => process.stdout.write(bytes, (error) => (error ? reject(error) : resolve())));
  } else {
    try {
      await fs.writeFile(out, write());
    } catch (error) {
      if (error instanceof WorkbenchError) throw error;
      throw new WorkbenchError('cannot-write', `${out}: ${(error as Error).message}`);
    }
  }
  return holes.tell(note);
}
