/** A guest's memory out of disk images: QEMU's own against the ELF of the same moment, and layouts that QEMU does not write for machine states. */
import { describe, expect, it } from 'vitest';
import { qcow2 } from '#engine/containers/qcow2/index.ts';
import { adoptSource } from '#engine/io/adopt-source.ts';
import { DumpSession } from '#engine/session/dump-session.ts';
import { WorkbenchError } from '#shared/errors.ts';
import { parseInfoRegisters } from '../../arch/qemu-answers.ts';
import { fixture, readOracle } from '../../../fixtures/fixture.ts';
import { fixtureBytes, loadsOf, SILENT } from '../../formats/open-bytes.ts';
import { seededRandom } from '../../io/seeded-random.ts';
import { writeImage, type ClusterKind, type PlannedImage } from './image-writer.ts';
import { BytesFile, contentOf, unwrapBytes } from './opened-bytes.ts';

const codes = (found: { diagnostics?: { code: string }[] }) => (found.diagnostics ?? []).map(({ code }) => code);
const thrownBy = (action: Promise<unknown>) =>
  action.then(
    () => expect.unreachable('nothing was thrown'),
    (error: unknown) => error as WorkbenchError,
  );

/** Bytes of which no two clusters are alike and which still compress; `length` need not be whole clusters. */
function stateOf(length: number, seed = 1): Uint8Array {
  const random = seededRandom(seed);
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 64) bytes.fill(Math.floor(random() * 256), at, at + 1 + Math.floor(random() * 60));
  return bytes;
}

/** What the state is once clusters that hold nothing read as zeros. */
function withZeros(state: Uint8Array, clusterSize: number, kindOf: (index: number) => ClusterKind): Uint8Array {
  const bytes = state.slice();
  for (let index = 0; index * clusterSize < bytes.length; index++) {
    const kind = kindOf(index);
    if (kind === 'zeros' || kind === 'none') bytes.fill(0, index * clusterSize, (index + 1) * clusterSize);
  }
  return bytes;
}

describe('an image by QEMU 7.2 (savevm)', () => {
  const open = (snapshot?: string) =>
    DumpSession.open({ paths: [fixture('qcow2/tiny.qcow2')], mapping: true, options: snapshot === undefined ? {} : { snapshot } }, SILENT);

  it("gives the guest's memory as QEMU's ELF of the same moment has it, byte for byte", async () => {
    const session = await open();
    const elf = fixtureBytes('tiny/paging-off.elf');
    let compared = 0;
    for (const { physical, length, offset } of loadsOf(elf)) {
      for (let at = 0; at < length; at += 65536) {
        const size = Math.min(65536, length - at);
        const { bytes, spans } = session.readMemory({
          space: 'gpa',
          address: BigInt(physical + at),
          length: size,
          root: { kind: 'cpu', cpu: 0 },
        });
        expect(spans.filter(({ state }) => state !== 'present' && state !== 'zero')).toEqual([]);
        expect(Buffer.compare(bytes, elf.subarray(offset + at, offset + at + size)), `GPA 0x${(physical + at).toString(16)}`).toBe(0);
        compared += size;
      }
    }
    expect(compared).toBeGreaterThan(8 * 2 ** 20);
    session.close();
  });

  it('gives every register of both CPUs as `info registers` does', async () => {
    const session = await open();
    const cpus = session.getCpus();
    const answers = readOracle('tiny').cpus!;
    expect(cpus).toHaveLength(answers.length);
    for (const [index, { registers: text }] of answers.entries()) {
      const answer = parseInfoRegisters(text);
      const held = new Map(cpus[index]!.registers.map(({ name, value }) => [name, value]));
      expect(answer.registers.size).toBeGreaterThanOrEqual(41);
      for (const [name, expected] of answer.registers) {
        const value = held.get(name) ?? -1n;
        const shown = answer.short && !/^(dr|[xy]mm|st|efer)/.test(name) ? BigInt.asUintN(32, value) : value;
        expect(`${name} ${shown.toString(16)}`, `CPU ${index}`).toBe(`${name} ${expected.toString(16)}`);
      }
    }
    session.close();
  });

  it('lists the snapshot as `qemu-img snapshot -l` does, and says how the file is built', async () => {
    const session = await open('lab');
    const { snapshots, layers, diagnostics } = session.summary('dump');
    const image = new DataView(fixtureBytes('qcow2/tiny.qcow2').buffer);
    const table = Number(image.getBigUint64(64));
    const takenAt = new Date(image.getUint32(table + 16) * 1000 + Math.floor(image.getUint32(table + 20) / 1e6)).toISOString();
    const stateSize = fixtureBytes('tiny/stream.qevm').length;
    expect(snapshots).toEqual([{ id: '1', name: 'lab', takenAt, stateSize, open: true }]);
    expect(layers.map(({ title, offset, length }) => [title, offset, length])).toEqual([
      ["qcow2 image, snapshot 'lab'", 0, image.byteLength],
      ['QEMU migration stream', 0, stateSize],
    ]);
    expect(layers[0]!.detail).toBe('version 3, clusters of 64 KiB, 8 MiB disk, 1 snapshot');
    expect(diagnostics).toEqual([]);
    session.close();
  });
});

const MIXED: ClusterKind[] = ['data', 'compressed', 'zeros', 'data', 'none', 'compressed', 'compressed'];
const SIZES: [string, Omit<PlannedImage, 'snapshots'>, number][] = [
  ['version 2', { version: 2, diskSize: 1000 }, 700_001],
  ['version 3', { version: 3, diskSize: 2 ** 30 }, 1_000_000],
  ['clusters of 512 bytes: hundreds of L2 tables', { clusterBits: 9, diskSize: 12 * 2 ** 20 + 512 }, 3_000_123],
  ['clusters of 4 KiB', { clusterBits: 12, diskSize: 5 * 2 ** 20 }, 3_000_123],
  ['clusters of 2 MiB', { clusterBits: 21, diskSize: 2 ** 40 }, 12 * 2 ** 20 + 1],
  ['zstd', { compression: 'zstd' }, 900_000],
  ['zstd, clusters of 512 bytes', { compression: 'zstd', clusterBits: 9 }, 300_000],
  ['zstd, clusters of 2 MiB', { compression: 'zstd', clusterBits: 21 }, 7 * 2 ** 20],
  ['extended L2 entries', { extendedL2: true, diskSize: 2 ** 29 + 1 }, 1_000_000],
  ['extended L2 entries, clusters of 16 KiB', { extendedL2: true, clusterBits: 14 }, 20_000_000],
  ['extended L2 entries, zstd, clusters of 2 MiB', { extendedL2: true, clusterBits: 21, compression: 'zstd' }, 8 * 2 ** 20 + 70_000],
];

describe.each(SIZES)('an image of %s', (_, plan, length) => {
  const clusterSize = 2 ** (plan.clusterBits ?? 16);
  const state = stateOf(length);

  it.each<[string, (index: number) => ClusterKind]>([
    ['as QEMU writes it', () => 'data'],
    ['in compressed clusters', () => 'compressed'],
    ['in clusters of every kind', (index) => MIXED[index % MIXED.length]!],
    ['that begins with a cluster that is not there', (index) => (index === 0 ? 'none' : 'data')],
  ])('gives the state %s', async (_name, kindOf) => {
    const { bytes } = writeImage({ ...plan, snapshots: [{ id: '1', name: 'a', state, kindOf }] });
    const found = await unwrapBytes(bytes);
    expect(found.inside.source.size).toBe(length);
    expect(Buffer.compare(contentOf(found), withZeros(state, clusterSize, kindOf))).toBe(0);
    const zeros = Array.from({ length: Math.ceil(length / clusterSize) }, (__, index) => kindOf(index)).some(
      (kind) => kind === 'none' || kind === 'zeros',
    );
    expect(codes(found)).toEqual(zeros ? ['qcow2-unwritten-state'] : []);
  });
});

describe('an image', () => {
  it('that lies inside something else is read from where it starts', async () => {
    const state = stateOf(500_000);
    const kindOf = (index: number) => MIXED[index % MIXED.length]!;
    const { bytes } = writeImage({ snapshots: [{ id: '1', name: 'a', state, kindOf }] });
    const start = 4711;
    const wrapped = new Uint8Array(start + bytes.length).fill(0xee);
    wrapped.set(bytes, start);
    const found = await unwrapBytes(wrapped, { start });
    expect(Buffer.compare(contentOf(found), withZeros(state, 65536, kindOf))).toBe(0);
    expect(found.layer).toMatchObject({ offset: start, length: bytes.length });
  });

  it('whose disk was resized after the snapshot has the state where the disk ended then', async () => {
    const state = stateOf(100_000);
    const { bytes } = writeImage({ clusterBits: 9, diskSize: 2 ** 20, snapshots: [{ id: '1', name: 'a', state, diskSize: 2 ** 18 }] });
    expect(Buffer.compare(contentOf(await unwrapBytes(bytes)), state)).toBe(0);
  });

  it('whose entries carry more than is known of them (icount, QEMU 5.2) is read all the same', async () => {
    const states = [stateOf(70_000, 1), stateOf(70_000, 2)];
    const snapshots = states.map((state, index) => ({ id: String(index + 1), name: `s${index}`, state, extraSize: 24 }));
    const { bytes } = writeImage({ snapshots });
    for (const [index, state] of states.entries()) {
      expect(Buffer.compare(contentOf(await unwrapBytes(bytes, { snapshot: `s${index}` })), state)).toBe(0);
    }
  });

  it('of subclusters of which some are there, some are marked as zeros and some are neither, reads each as what it is', async () => {
    const state = stateOf(65536 * 2);
    const { bytes, l2 } = writeImage({ extendedL2: true, snapshots: [{ id: '1', name: 'a', state }] });
    const view = new DataView(bytes.buffer);
    view.setUint32(l2[0]![0]! + 8, 0x0000_0002);
    view.setUint32(l2[0]![0]! + 12, 0xffff_fff9);
    const expected = state.slice().fill(0, 2048, 3 * 2048);
    const found = await unwrapBytes(bytes);
    expect(Buffer.compare(contentOf(found), expected)).toBe(0);
    expect(found.diagnostics?.[0]?.message).toMatch(/^4,096 bytes of the snapshot's state were never written/);
  });

  it('reads in another thread as in this one', async () => {
    const session = await DumpSession.open({ paths: [fixture('qcow2/tiny.qcow2')], mapping: true, options: {} }, SILENT);
    const view = adoptSource(session.image.source);
    const magic = new Uint8Array(8);
    view.read(0, magic);
    expect(Buffer.from(magic).toString('latin1')).toBe('QEVM\0\0\0\x03');
    session.close();
  });

  it('is closed with what is inside, and left open when nothing can be', async () => {
    const { bytes } = writeImage({ snapshots: [{ id: '1', name: 'a', state: stateOf(1000) }] });
    const good = new BytesFile(bytes, 'a');
    const { inside } = await qcow2.unwrap({ source: good, start: 0 }, { mapping: false, progress: SILENT });
    inside.source.close();
    const bad = new BytesFile(bytes.slice(0, 100), 'b');
    await thrownBy(qcow2.unwrap({ source: bad, start: 0 }, { mapping: false, progress: SILENT }));
    expect([good.closed, bad.closed]).toEqual([1, 0]);
  });

  it('stops when the user cancels', async () => {
    const { bytes } = writeImage({ clusterBits: 9, snapshots: [{ id: '1', name: 'a', state: stateOf(500_000) }] });
    let reports = 0;
    const progress = {
      report(phase: string, done: number, total: number) {
        expect([phase, total]).toEqual(["reading the snapshot's tables", 500_000]);
        expect(done).toBeLessThan(total);
        if (++reports === 5) throw new WorkbenchError('cancelled', 'enough');
      },
    };
    const unwrapped = qcow2.unwrap({ source: new BytesFile(bytes), start: 0 }, { mapping: false, progress });
    expect((await thrownBy(unwrapped)).code).toBe('cancelled');
  });
});

describe('which snapshot', () => {
  const state = stateOf(1000);
  const other = stateOf(1000, 2);
  const { bytes } = writeImage({
    snapshots: [
      { id: '1', name: 'first', date: 1000, state },
      { id: '2', name: 'before the upgrade of ä', date: 3000, state: other },
      { id: '3', name: 'disk only', date: 4000 },
      { id: '4', name: 'twice', date: 2000, state },
      { id: '5', name: 'twice', date: 2500, state: other },
      { id: '6', name: '1', date: 2600, state: other },
    ],
  });

  it('is the newest with machine state unless one is named, and the others are mentioned', async () => {
    const found = await unwrapBytes(bytes);
    expect(Buffer.compare(contentOf(found), other)).toBe(0);
    expect(found.snapshots?.map(({ id, stateSize, open }) => [id, stateSize, open])).toEqual([
      ['1', 1000, false],
      ['2', 1000, true],
      ['3', 0, false],
      ['4', 1000, false],
      ['5', 1000, false],
      ['6', 1000, false],
    ]);
    expect(found.diagnostics).toMatchObject([{ severity: 'info', code: 'qcow2-newest-snapshot' }]);
    expect(found.diagnostics![0]!.message).toContain("5 snapshots with machine state; this is the newest, 2 'before the upgrade of ä'");
  });

  it.each([
    ['first', state],
    ['before the upgrade of ä', other],
    ['2', other],
    ['4', state],
    ['5', other],
  ])('%j names is opened, by id or name, with nothing to remark', async (snapshot, expected) => {
    const found = await unwrapBytes(bytes, { snapshot });
    expect(Buffer.compare(contentOf(found), expected)).toBe(0);
    expect(found.diagnostics).toEqual([]);
  });

  it.each([
    ['upgrade', "has no snapshot 'upgrade'; it has 1 'first', 2 'before the upgrade of ä', 3 'disk only', 4 'twice', 5 'twice', 6 '1'"],
    ['', "has no snapshot ''"],
    ['twice', "'twice' may be any of 4 'twice', 5 'twice'"],
    ['1', "'1' may be any of 1 'first', 6 '1'"],
    ['disk only', 'holds the disk alone, no machine state; those with machine state are 1'],
  ])('%j names is refused with the list of what there is', async (snapshot, message) => {
    const error = await thrownBy(unwrapBytes(bytes, { snapshot }));
    expect(error.code).toBe('bad-request');
    expect(error.message).toContain(message);
  });

  it('is named in part when there are hundreds', async () => {
    const snapshots = Array.from({ length: 300 }, (_, index) => ({ id: String(index + 1), name: `n${index}`, state: stateOf(10) }));
    const { message } = await thrownBy(unwrapBytes(writeImage({ clusterBits: 9, snapshots }).bytes, { snapshot: 'x' }));
    expect(message).toContain("20 'n19' and 280 more");
    expect(message.length).toBeLessThan(500);
  });

  it('is shown with the start of its name when that is as long as the table allows', async () => {
    const snapshots = [1, 2].map((id) => ({ id: String(id), name: `${id}`.repeat(65535), state }));
    const found = await unwrapBytes(writeImage({ snapshots }).bytes);
    expect(found.snapshots?.[1]?.name).toHaveLength(65535);
    expect(found.layer.title).toBe(`qcow2 image, snapshot '${'2'.repeat(80)}…'`);
    expect((await thrownBy(unwrapBytes(writeImage({ snapshots }).bytes, { snapshot: 'x' }))).message.length).toBeLessThan(300);
  });

  it.each([
    ['no snapshots', [], 'has no internal snapshots'],
    ['snapshots of the disk alone', [{ id: '1', name: 'clean install' }], "hold the disk alone: 1 'clean install'"],
  ])('cannot be said of an image with %s, and the user learns where machine state comes from', async (_, snapshots, found) => {
    for (const snapshot of [undefined, 'clean install']) {
      const error = await thrownBy(unwrapBytes(writeImage({ diskSize: 2 ** 20, snapshots }).bytes, { snapshot }));
      expect(error.code).toBe('unsupported');
      expect(error.message).toContain(found);
      expect(error.details.hint).toContain('savevm or virsh snapshot-create');
    }
  });
});

describe('an image that cannot be read says why', () => {
  const plain = () => writeImage({ snapshots: [{ id: '1', name: 'a', state: stateOf(200_000) }] });
  /** With a feature bit set, and an extension behind the header. */
  function withExtension(bit: number, type: number, data: Uint8Array): Uint8Array {
    const { bytes } = plain();
    const view = new DataView(bytes.buffer);
    view.setUint32(bit < 32 ? 76 : 72, 2 ** (bit % 32));
    view.setUint32(112, type);
    view.setUint32(116, data.length);
    bytes.set(data, 120);
    return bytes;
  }
  function withField(at: number, value: number): Uint8Array {
    const { bytes } = plain();
    new DataView(bytes.buffer).setUint32(at, value);
    return bytes;
  }
  const featureName = (bit: number, name: string) => Uint8Array.from([0, bit, ...Buffer.from(name.padEnd(46, '\0'))]);

  it.each<[string, Uint8Array, string, string]>([
    ['encrypted with AES', withField(32, 1), 'unsupported', 'the image is encrypted (AES)'],
    ['encrypted with LUKS', withField(32, 2), 'unsupported', 'the image is encrypted (LUKS)'],
    ['encrypted somehow', withField(32, 3), 'unsupported', 'the image is encrypted (method 3)'],
    ['of version 1', withField(4, 1), 'unsupported', 'version 1 of the format is not read'],
    ['of version 4', withField(4, 4), 'unsupported', 'version 4 of the format is not read'],
    ['with a data file', withExtension(2, 0x44415441, Buffer.from('/vm/disk.raw')), 'unsupported', 'in another file, /vm/disk.raw,'],
    ['with a data file without name', withExtension(2, 0, Buffer.alloc(0)), 'unsupported', 'in another file and so'],
    ['with a feature it names itself', withExtension(7, 0x6803f857, featureName(7, 'time travel')), 'unsupported', 'the image uses time travel'],
    ['with a feature without name', withExtension(40, 0, Buffer.alloc(0)), 'unsupported', 'incompatible feature bit 40'],
    ['with clusters of 256 bytes', withField(20, 8), 'bad-format', 'cluster_bits at 0x14: expected 9 to 21, found 8'],
    ['with clusters of 4 MiB', withField(20, 22), 'bad-format', 'cluster_bits at 0x14: expected 9 to 21, found 22'],
    ['with a short header', withField(100, 96), 'bad-format', 'header_length at 0x64'],
    ['with too many snapshots', withField(60, 65537), 'bad-format', 'nb_snapshots at 0x3c: expected at most 65536, found 65537'],
    ['with a table beyond the end', withField(64, 1), 'bad-format', 'snapshots_offset at 0x40'],
    ['with an unannounced compression', withField(104, 1 << 24), 'bad-format', 'compression_type at 0x68'],
  ])('%s', async (_, bytes, code, message) => {
    const error = await thrownBy(unwrapBytes(bytes));
    expect(error).toBeInstanceOf(WorkbenchError);
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(message)]);
    expect(error.message).toContain('disk.qcow2');
  });

  it('and opens one that is marked dirty or corrupt, saying so', async () => {
    expect(codes(await unwrapBytes(withField(76, 1)))).toEqual(['qcow2-dirty']);
    expect(codes(await unwrapBytes(withField(76, 2)))).toEqual(['qcow2-corrupt']);
  });

  it('is known by its first bytes, whatever follows them', () => {
    expect(qcow2.probe(plain().bytes)).toBe(true);
    expect(qcow2.probe(plain().bytes.subarray(0, 7))).toBe(false);
    expect(qcow2.probe(new Uint8Array(65536))).toBe(false);
  });
});
