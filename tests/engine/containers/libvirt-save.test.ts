/**
 * Save images by libvirt 11.3 (QEMU 10.0.13): each of the seven formats holds the memory and the CPUs that `virsh dump --memory-only` gave of the
 * same suspended guest. And damaged ones: never a hang, a wrong byte, or an allocation that a number in the file asks for.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { WorkbenchError } from '#shared/errors.ts';
import { libvirtSave } from '#engine/containers/libvirt-save/index.ts';
import type { Unwrapped } from '#engine/containers/container.ts';
import { openDump } from '#engine/formats/registry.ts';
import type { OpenSource } from '#engine/io/open-source.ts';
import { domainOf } from '#engine/libvirt/domain.ts';
import { fixture } from '../../fixtures/fixture.ts';
import { fixtureBytes, SILENT } from '../formats/open-bytes.ts';
import { ArraySource } from '../memory/array-source.ts';
import { openFile } from './opened-image.ts';

const FORMATS = ['raw', 'gzip', 'bzip2', 'xz', 'lzop', 'zstd', 'sparse'];
const answers = JSON.parse(readFileSync(fixture('libvirt/answers.json'), 'utf8')) as Record<
  string,
  { memory: Record<string, string>; rip: string[] }
>;

/** Bytes as an open file; `claimed` makes it larger than they are, as a sparse file is. */
class BytesAsFile extends ArraySource implements OpenSource {
  override readonly size: number;
  largest = 0;

  constructor(bytes: Uint8Array, claimed = bytes.length) {
    super(bytes, 'guest.save');
    this.size = claimed;
  }

  override read(offset: number, target: Uint8Array): number {
    this.largest = Math.max(this.largest, target.length);
    return super.read(offset, target);
  }

  get shared(): never {
    throw new Error('no thread asks for it');
  }

  close(): void {
    // Nothing is open.
  }
}

function unwrapBytes(bytes: Uint8Array, claimed?: number): { source: BytesAsFile; unwrapped: Promise<Unwrapped> } {
  const source = new BytesAsFile(bytes, claimed);
  return { source, unwrapped: libvirtSave.unwrap({ source, start: 0 }, { mapping: false, progress: SILENT }) };
}

const raw = fixtureBytes('libvirt/raw.save');
const STREAM_START = 67859;
const codes = (diagnostics: { code: string }[] = []) => diagnostics.map(({ code }) => code);

/** A header with other values: `fields` by offset. */
function withHeader(fields: Record<number, number>, { magic, littleEndian = true }: { magic?: string; littleEndian?: boolean } = {}): Uint8Array {
  const bytes = raw.slice();
  const view = new DataView(bytes.buffer);
  if (!littleEndian) for (let at = 16; at < 92; at += 4) view.setUint32(at, view.getUint32(at, true), false);
  if (magic !== undefined) bytes.set(Buffer.from(magic, 'latin1'), 0);
  for (const [at, value] of Object.entries(fields)) view.setUint32(Number(at), value, littleEndian);
  return bytes;
}

describe.each(FORMATS)('%s.save', (format) => {
  it("holds the memory and the CPUs of libvirt's memory-only dump of the same guest", async () => {
    const { dump, memory, source } = await openFile(fixture(`libvirt/${format}.save`));
    const digests = Object.keys(answers[format]!.memory).map((range) => {
      const [start, length] = range.split('+').map(Number) as [number, number];
      return [range, createHash('sha256').update(memory.readExact(start, length)).digest('hex')];
    });
    expect(Object.fromEntries(digests)).toEqual(answers[format]!.memory);
    expect(dump.cpus.map(({ registers }) => `0x${registers['rip']!.value!.toString(16)}`)).toEqual(answers[format]!.rip);
    expect(dump.diagnostics).toEqual([]);
    source.close();
  });

  it('shows its XML and its cookie, how it was saved, and what is inside what', async () => {
    const { dump, source } = await openFile(fixture(`libvirt/${format}.save`));
    const [xml, cookie] = dump.documents!.map(({ text }) => text);
    expect(xml).toMatch(/^<domain type='qemu'>\n {2}<name>tiny<\/name>[^]*<\/domain>\n$/);
    expect(cookie).toMatch(/^<cookie>[^]*<\/cookie>\n$/);
    expect(domainOf(dump.documents!)).toMatchObject({
      name: 'tiny',
      machine: 'pc-q35-10.0',
      memory: 8 * 2 ** 20,
      cpu: { mode: 'maximum' },
      devices: [],
    });
    const facts = Object.fromEntries(dump.facts.map(({ label, value }) => [label, value]));
    expect(facts).toMatchObject({ 'Save format': format, 'Guest name': 'tiny', 'Saved by libvirt': 'was paused; stays paused when restored' });
    expect(dump.layers.length).toBe(format === 'raw' || format === 'sparse' ? 2 : 3);
    expect(dump.layers[0]).toMatchObject({ title: 'libvirt save image', offset: 0 });
    expect(dump.layers[1]!.offset).toBe(STREAM_START);
    source.close();
  });
});

describe('other headers', () => {
  it('a big-endian one is read the same', async () => {
    const { unwrapped } = unwrapBytes(withHeader({}, { littleEndian: false }));
    const { inside, layer, documents, diagnostics } = await unwrapped;
    expect([inside.start, documents?.length, codes(diagnostics)]).toEqual([STREAM_START, 2, []]);
    expect(layer.detail).toContain('big-endian');
  });

  it('version 1 is raw and has no cookie, whatever the later fields hold', async () => {
    const { inside, documents, diagnostics } = await unwrapBytes(withHeader({ 16: 1, 28: 5, 32: 77 })).unwrapped;
    expect([inside.start, documents?.length, codes(diagnostics)]).toEqual([STREAM_START, 1, []]);
  });

  it('an incomplete image opens, and says first that it is one', async () => {
    const { source, unwrapped } = unwrapBytes(withHeader({}, { magic: 'LibvirtQemudPart' }));
    const { inside, diagnostics } = await unwrapped;
    expect(diagnostics).toMatchObject([{ code: 'libvirt-incomplete', severity: 'data-loss' }]);
    const context = { progress: SILENT, start: inside.start, parts: [{ name: 'guest.save', start: inside.start, length: 1 }], documents: [] };
    expect(openDump(source, context).cpus.length).toBe(2);
  });

  it.each([
    ['another format than what follows', { 28: 1 }, 'libvirt-format-mismatch'],
    ['a format that is not known', { 28: 9 }, 'libvirt-format-mismatch'],
    ['a cookie beyond the data', { 32: 0xfffffff0 }, 'libvirt-cookie-outside'],
    // The cookie's offset in the middle of the XML cuts that in two.
    ['a cookie inside the XML', { 32: 100 }, 'libvirt-text-unterminated'],
  ])('%s is named', async (_what, fields, code) => {
    const { inside, diagnostics } = await unwrapBytes(withHeader(fields)).unwrapped;
    expect(inside.start).toBe(STREAM_START);
    expect(codes(diagnostics)).toEqual([code]);
  });

  it.each([
    ['version', { 16: 3 }],
    ['version', { 16: 0 }],
    ['data_len', { 20: 0 }],
    ['data_len', { 20: raw.length - 92 }],
    ['data_len', { 20: 2 ** 30 }],
    ['data_len', { 20: 2 ** 32 - 1 }],
  ])('a %s that cannot be is refused by name and place', async (field, fields) => {
    const offset = Number(Object.keys(fields)[0]);
    await expect(unwrapBytes(withHeader(fields)).unwrapped).rejects.toMatchObject({
      code: 'bad-format',
      details: { field, fileOffset: offset, source: 'guest.save' },
    });
  });

  it('1 GiB of XML in a file that large is not read whole', async () => {
    const { source, unwrapped } = unwrapBytes(withHeader({ 20: 2 ** 30, 32: 0 }).fill(0x20, 92), 2 ** 31);
    const { inside, diagnostics } = await unwrapped;
    expect(inside.start).toBe(2 ** 30 + 92);
    expect(codes(diagnostics)).toEqual(['libvirt-text-unterminated', 'libvirt-format-mismatch']);
    expect(source.largest).toBeLessThanOrEqual(4 * 2 ** 20);
  });
});

describe('damage', () => {
  /** The container and the stream in it. Anything but a WorkbenchError that names the file is a bug. */
  async function openDamaged(bytes: Uint8Array, what: string): Promise<{ cpus: number; diagnostics: number } | undefined> {
    const { source, unwrapped } = unwrapBytes(bytes);
    try {
      const { inside, diagnostics = [] } = await unwrapped;
      const context = { progress: SILENT, start: inside.start, parts: [{ name: 'guest.save', start: inside.start, length: 1 }], documents: [] };
      const dump = openDump(source, context);
      return { cpus: dump.cpus.length, diagnostics: diagnostics.length + dump.diagnostics.length };
    } catch (error) {
      if (!(error instanceof WorkbenchError)) throw new Error(`${what}: ${String((error as Error).stack)}`, { cause: error });
      expect(error.message, what).toContain('guest.save');
      return undefined;
    }
  }

  it('cut at every length of its header and start, and in steps further on, it opens with the loss shown or is refused', async () => {
    let opened = 0;
    for (let length = 0; length < raw.length; length += length < 200 || (length > STREAM_START - 20 && length < STREAM_START + 300) ? 1 : 2003) {
      const dump = await openDamaged(raw.subarray(0, length), `cut at ${length}`);
      if (!dump) continue;
      opened++;
      expect(dump.diagnostics, `cut at ${length}`).toBeGreaterThan(0);
    }
    expect(opened).toBeGreaterThan(200);
  });

  it('with each byte of its header changed, it opens or is refused', async () => {
    let opened = 0;
    for (let at = 0; at < 92; at++) {
      for (const flip of [0x01, 0x80, 0xff]) {
        const bytes = raw.slice();
        bytes[at]! ^= flip;
        if (!libvirtSave.probe(bytes)) continue;
        if (await openDamaged(bytes, `byte ${at} ^ ${flip}`)) opened++;
      }
    }
    // What follows the fields is unused, and where the stream starts is two fields: all else opens.
    expect(opened).toBeGreaterThan(180);
  });

  it('with bytes of the XML changed, it opens as before', async () => {
    for (let at = 92; at < 92 + 2600; at += 13) {
      const bytes = raw.slice();
      bytes[at]! ^= 0x1f;
      const { documents, inside } = await unwrapBytes(bytes).unwrapped;
      expect(inside.start).toBe(STREAM_START);
      expect(() => domainOf(documents!)).not.toThrow();
    }
  });
});
