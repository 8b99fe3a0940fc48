/** RAM that a real stream left out (x-ignore-shared, QEMU 7.2), taken from the file that backed it; and files that do not fit. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { linkSync, mkdirSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DumpSession } from '#engine/session/dump-session.ts';
import { fixture } from '../../fixtures/fixture.ts';
import { copyOfIgnoreShared, SHARED_BLOCK, SHARED_LENGTH } from '../../hosts/ignore-shared.ts';
import { newFolder } from '../../hosts/sample-dump.ts';
import { fixtureBytes, loadsOf } from '../formats/open-bytes.ts';
import { END, EOS, PAGE, START, StreamWriter, writeBlockList, writePages } from '../formats/qemu-stream/stream-writer.ts';
import { readAll } from './read-all.ts';

const SILENT = { report: () => undefined };
/** Both nodes. */
const MEMORY = 8 * 2 ** 20;

let folder: string;
const sessions: DumpSession[] = [];

beforeEach(() => {
  folder = newFolder();
});
afterEach(() => {
  for (const session of sessions.splice(0)) session.close();
});

async function open(file: string, ramFiles?: Record<string, string>): Promise<DumpSession> {
  const session = await DumpSession.open({ paths: [file], mapping: true, options: ramFiles ? { ramFiles } : {} }, SILENT);
  sessions.push(session);
  return session;
}

const diagnosticsOf = (session: DumpSession) => session.summary('x').diagnostics;
const codesOf = (session: DumpSession) => diagnosticsOf(session).map(({ code }) => code);

/** QEMU's own ELF of the same moment, as far as RAM goes. */
function truth(): Uint8Array {
  const elf = fixtureBytes('qemu-streams/ignore-shared-numa/paging-off.elf');
  const bytes = new Uint8Array(MEMORY);
  for (const { physical, length, offset } of loadsOf(elf)) {
    if (physical + length <= MEMORY) bytes.set(elf.subarray(offset, offset + length), physical);
  }
  return bytes;
}

describe('the backing file of a shared node', () => {
  it('makes memory what QEMU dumped, ROMs over it included', async () => {
    const { stream, backing } = copyOfIgnoreShared(folder);
    const { bytes, states } = readAll(await open(stream, { [SHARED_BLOCK]: backing }), MEMORY);
    expect(Buffer.compare(bytes, truth())).toBe(0);
    expect(new Set(states)).toEqual(new Set(['present', 'zero']));
    const without = readAll(await open(stream), MEMORY);
    expect(without.states.filter((state) => state === 'absent')).toHaveLength((SHARED_LENGTH - 0x40000) / PAGE);
  });

  it('is told wherever its bytes are: notice, fact, evidence, options', async () => {
    const { stream, backing } = copyOfIgnoreShared(folder);
    const session = await open(stream, { [SHARED_BLOCK]: backing });
    const words = `from ${backing}, as it is now, not as of the dump`;
    const summary = session.summary('x');
    expect(summary.options).toEqual({ ramFiles: { [SHARED_BLOCK]: backing } });
    expect(summary.files).toEqual([stream]);
    expect(summary.diagnostics).toMatchObject([{ severity: 'suspect', code: 'ram-from-file' }]);
    expect(summary.diagnostics[0]!.message).toContain(words);
    expect(summary.facts.find(({ label }) => label === `RAM of ${SHARED_BLOCK}`)?.value).toBe(`4 MiB ${words}`);
    const { regions } = session.getMemoryMap();
    for (const { block, evidence } of regions) expect(evidence.text.includes(words)).toBe(block === SHARED_BLOCK);
    expect(regions.filter(({ block }) => block === SHARED_BLOCK).length).toBeGreaterThan(1);
  });

  it('without it, the notice names the block that a file can be named for', async () => {
    const { stream } = copyOfIgnoreShared(folder);
    expect(diagnosticsOf(await open(stream))).toMatchObject([{ code: 'block-incomplete', missingBlock: SHARED_BLOCK }]);
  });

  it('reads the same in another thread', async () => {
    const { stream, backing } = copyOfIgnoreShared(folder);
    const session = await open(stream, { [SHARED_BLOCK]: backing });
    const { bytes, states } = readAll(session, MEMORY);
    const worker = new Worker(new URL('./adopting.worker.ts', import.meta.url), { workerData: { image: session.image, length: MEMORY } });
    const [seen] = (await once(worker, 'message')) as [{ digest: string; states: string[] }];
    await worker.terminate();
    expect(seen).toEqual({ digest: createHash('sha256').update(bytes).digest('hex'), states });
  });

  it('leads from memory to its own bytes and back', async () => {
    const { stream, backing } = copyOfIgnoreShared(folder);
    const session = await open(stream, { [SHARED_BLOCK]: backing });
    const root = { kind: 'cpu', cpu: 0 } as const;
    const { fileOffset } = session.describeAddress({ space: 'gpa', address: 0x200000n, root });
    expect(fileOffset).toBeGreaterThan(readFileSync(stream).length);
    expect(session.describeAddress({ space: 'file', address: BigInt(fileOffset!), root }).physical).toBe(0x200000);
    const file = session.readMemory({ space: 'file', address: BigInt(fileOffset!), length: PAGE, root });
    expect(Buffer.compare(file.bytes, readFileSync(backing).subarray(0x200000, 0x201000))).toBe(0);
  });
});

describe('a file of another length', () => {
  it.each([SHARED_LENGTH - PAGE, 0x123456, 0xa0000, 1])('of %d bytes: the rest is absent, and said to be', async (length) => {
    const { stream, backing } = copyOfIgnoreShared(folder, length);
    const session = await open(stream, { [SHARED_BLOCK]: backing });
    const { bytes } = readAll(session, MEMORY);
    const from = session.readMemory({ space: 'gpa', address: 0x100000n, length: PAGE, root: { kind: 'cpu', cpu: 0 } });
    if (length <= 0x100000) expect(from.spans).toMatchObject([{ state: 'absent' }]);
    const end = session.readMemory({ space: 'gpa', address: BigInt(SHARED_LENGTH - PAGE), length: PAGE, root: { kind: 'cpu', cpu: 0 } });
    expect(end.spans).toMatchObject([{ state: 'absent' }]);
    const shown = Math.min(length, 0xa0000);
    expect(Buffer.compare(bytes.subarray(0, shown), truth().subarray(0, shown))).toBe(0);
    expect(diagnosticsOf(session)).toMatchObject([
      { code: 'block-incomplete', severity: 'data-loss', missingBlock: SHARED_BLOCK },
      { code: 'ram-from-file' },
    ]);
    expect(diagnosticsOf(session)[0]!.message).toContain(`nor in ${backing}, which ends after`);
  });

  it('ends within a page: the page is present up to there', async () => {
    const { stream, backing } = copyOfIgnoreShared(folder, 0x200123);
    const session = await open(stream, { [SHARED_BLOCK]: backing });
    const { spans } = session.readMemory({ space: 'gpa', address: 0x200000n, length: PAGE, root: { kind: 'cpu', cpu: 0 } });
    expect(spans).toMatchObject([
      { start: 0, end: 0x123, state: 'present' },
      { start: 0x123, end: PAGE, state: 'absent' },
    ]);
  });

  it('empty: everything of the block is absent', async () => {
    const { stream, backing } = copyOfIgnoreShared(folder, 0);
    expect(codesOf(await open(stream, { [SHARED_BLOCK]: backing }))).toEqual(['block-incomplete', 'ram-file-unused']);
  });

  it('longer than the block: its first bytes are the block', async () => {
    const { stream, backing } = copyOfIgnoreShared(folder, SHARED_LENGTH + 0x12345);
    const session = await open(stream, { [SHARED_BLOCK]: backing });
    expect(Buffer.compare(readAll(session, MEMORY).bytes, truth())).toBe(0);
    expect(codesOf(session)).toEqual(['ram-from-file']);
  });
});

describe('what the stream holds', () => {
  const block = { name: 'pc.ram', length: 8 * PAGE, bytes: new Uint8Array(8 * PAGE) };
  /** Page 1 is data, page 2 is zero, page 3 is a change to a page that is not there, page 4 a malformed one. */
  function crafted(): Uint8Array {
    const writer = new StreamWriter().header().configuration('of-no-known-rules');
    writer.subsection('configuration/capabilities').u32(1).name('x-ignore-shared').section(START, 2, 'ram', 4);
    writeBlockList(writer, [block], (into) => into.u64(0));
    writer
      .u64(PAGE + 0x08)
      .name('pc.ram')
      .raw(new Uint8Array(PAGE).fill(0x11));
    writer.u64(2 * PAGE + 0x22).u8(0);
    writer
      .u64(3 * PAGE + 0x60)
      .u8(1)
      .u16(3)
      .raw([0, 1, 0x33]);
    writer
      .u64(4 * PAGE + 0x60)
      .u8(1)
      .u16(1)
      .raw([0x80]);
    return writer.u64(EOS).footer(2).part(END, 2).u64(EOS).footer(2).eof().bytes();
  }

  it('wins over the file, and what it holds damaged is not covered up', async () => {
    const stream = path.join(folder, 'stream.qevm');
    const backing = path.join(folder, 'ram');
    writeFileSync(stream, crafted());
    writeFileSync(backing, new Uint8Array(8 * PAGE).fill(0x77));
    const session = await open(stream, { 'pc.ram': backing });
    const { bytes, states } = readAll(session, 8 * PAGE);
    expect(states).toEqual(['present', 'present', 'zero', 'corrupt', 'corrupt', 'present', 'present', 'present']);
    expect([0, 1, 5, 7].map((page) => bytes[page * PAGE])).toEqual([0x77, 0x11, 0x77, 0x77]);
    expect(codesOf(session)).toContain('ram-from-file');
  });

  it('a block that it holds whole is left as it is, with a note', async () => {
    const { stream, backing } = copyOfIgnoreShared(folder);
    const plain = readAll(await open(stream), MEMORY);
    const session = await open(stream, { 'ram-node1': backing });
    expect(codesOf(session)).toEqual(['block-incomplete', 'ram-file-unused']);
    const { bytes, states } = readAll(session, MEMORY);
    expect(states).toEqual(plain.states);
    expect(Buffer.compare(bytes, plain.bytes)).toBe(0);
  });

  it.each([65536, 131072])('ends where its own file ends: cut at %d, it does not go on in the file behind it', async (cut) => {
    const own = { name: 'own', length: 64 * PAGE, bytes: Uint8Array.from({ length: 64 * PAGE }, (_, at) => (at * 7 + (at >> 12)) & 0xff) };
    const writer = new StreamWriter().header().configuration('of-no-known-rules').section(START, 2, 'ram', 4);
    writeBlockList(writer, [own, block]);
    writePages(writer, own);
    const whole = writer.u64(EOS).footer(2).part(END, 2).u64(EOS).footer(2).eof().bytes();
    expect(whole.length).toBeGreaterThan(cut);
    const stream = path.join(folder, 'stream.qevm');
    const backing = path.join(folder, 'ram');
    // A joined file starts on a boundary of 64 KiB: here, where the stream is cut.
    writeFileSync(stream, whole.subarray(0, cut));
    writeFileSync(backing, whole.subarray(cut));
    const session = await open(stream, { 'pc.ram': backing });
    expect(codesOf(session)).toContain('stream-truncated');
    const { bytes, states } = readAll(session, own.length);
    const pages = states.findIndex((state) => state === 'absent');
    expect(pages).toBe(Math.floor((cut - 60) / (PAGE + 8)));
    expect(new Set(states.slice(pages))).toEqual(new Set(['absent']));
    expect(Buffer.compare(bytes.subarray(0, pages * PAGE), own.bytes.subarray(0, pages * PAGE))).toBe(0);
  });
});

describe('is refused', () => {
  const refusal = async (file: string, ramFiles: Record<string, string>) => {
    const before = readdirSync('/proc/self/fd').length;
    const error = await open(file, ramFiles).then(
      () => undefined,
      (thrown: unknown) => thrown as { code: string; message: string },
    );
    expect(readdirSync('/proc/self/fd'), 'nothing stays open').toHaveLength(before);
    return error;
  };

  it('a block that the stream does not have, with those that it has', async () => {
    const { stream, backing } = copyOfIgnoreShared(folder);
    const error = await refusal(stream, { 'pc.ram': backing });
    expect(error).toMatchObject({ code: 'bad-request' });
    expect(error!.message).toMatch(/no RAM block "pc\.ram": the dump has ram-node\d, ram-node\d, .*pc\.bios/);
  });

  it('the dump itself, under any name', async () => {
    const { stream } = copyOfIgnoreShared(folder);
    const other = path.join(folder, 'other');
    symlinkSync(stream, other);
    for (const file of [stream, other]) expect(await refusal(stream, { [SHARED_BLOCK]: file })).toMatchObject({ code: 'bad-request' });
  });

  it('a file that is not there, and a folder', async () => {
    const { stream, backing } = copyOfIgnoreShared(folder);
    mkdirSync(path.join(folder, 'sub'));
    for (const file of ['missing', 'sub']) {
      expect(await refusal(stream, { 'ram-node1': backing, [SHARED_BLOCK]: path.join(folder, file) })).toMatchObject({ code: 'io' });
    }
  });

  it('a file for a dump that names no blocks', async () => {
    const { backing } = copyOfIgnoreShared(folder);
    const error = await refusal(fixture('qemu-streams/ignore-shared-numa/paging-off.elf'), { [SHARED_BLOCK]: backing });
    expect(error).toMatchObject({ code: 'bad-request', message: expect.stringContaining('names no RAM blocks') });
  });
});

describe('an export', () => {
  const options = { format: 'elf', layout: 'portable' } as const;

  it('never writes onto the backing file, under any name', async () => {
    const { stream, backing } = copyOfIgnoreShared(folder);
    const before = readFileSync(backing);
    const linked = path.join(folder, 'linked');
    linkSync(backing, linked);
    symlinkSync(backing, path.join(folder, 'new.elf.part'));
    const session = await open(stream, { [SHARED_BLOCK]: backing });
    for (const target of [backing, linked, path.join(folder, 'new.elf')]) {
      expect(() => session.export.begin({ options, target }, SILENT)).toThrow(expect.objectContaining({ code: 'cannot-write' }));
    }
    expect(Buffer.compare(readFileSync(backing), before)).toBe(0);
  });

  it('holds the memory that came from the file', async () => {
    const { stream, backing } = copyOfIgnoreShared(folder);
    const target = path.join(folder, 'out.elf');
    const session = await open(stream, { [SHARED_BLOCK]: backing });
    const { work } = session.export.begin({ options, target }, SILENT);
    const outcomes = [session.export.copy(work, SILENT)];
    await session.export.seal({ ...options, verify: false }, outcomes, SILENT);
    session.export.publish(outcomes, null, SILENT);
    expect(Buffer.compare(readAll(await open(target), MEMORY).bytes, truth())).toBe(0);
  });

  it('fails rather than write zeros when the backing file has shrunk meanwhile', async () => {
    const { stream, backing } = copyOfIgnoreShared(folder);
    const session = await open(stream, { [SHARED_BLOCK]: backing });
    truncateSync(backing, 0x1000);
    const copy = () => session.export.copy(session.export.begin({ options, target: path.join(folder, 'out.elf') }, SILENT).work, SILENT);
    expect(copy).toThrow(expect.objectContaining({ code: 'source-changed' }));
    session.export.discard();
  });
});
