/** Host addresses of a core of QEMU 7.2, asked as the window asks; the answers are QEMU's own (gva2gpa, gpa2hva). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DumpSession } from '#engine/session/dump-session.ts';
import { fixture } from '../../fixtures/fixture.ts';
import { coreOracle } from '../formats/qemu-core/cores.ts';

const CPU0 = { kind: 'cpu', cpu: 0 } as const;
const quiet = { report: () => undefined };
const paths = [fixture('qemu-core/tiny-7.2.core')];
const { translations = [] } = coreOracle('7.2');
const mapped = translations.flatMap(({ gva, gpa, hva }) =>
  gpa !== null && typeof hva === 'string' ? [{ gva: BigInt(`0x${gva}`), gpa: Number(`0x${gpa}`), hva: BigInt(`0x${hva}`) }] : [],
);

let guest: DumpSession;
let ofProcess: DumpSession;
beforeAll(async () => {
  guest = await DumpSession.open({ paths, mapping: true, options: {} }, quiet);
  ofProcess = await DumpSession.open({ paths, mapping: true, options: { view: 'process' } }, quiet);
});
afterAll(() => [guest, ofProcess].forEach((session) => session.close()));

describe('the guest in a core', () => {
  it("has QEMU's answers to compare with", () => expect(mapped.length).toBeGreaterThan(3));

  it.each(mapped)('translates $gva to the host address that QEMU says', ({ gva, gpa, hva }) => {
    expect(guest.translate({ addresses: [gva], root: CPU0 })).toMatchObject([{ physical: gpa, host: hva }]);
    expect(guest.walk({ address: gva, root: CPU0 }).result).toMatchObject({ physical: gpa, host: { address: hva, block: 'pc.ram' } });
    expect(guest.describeAddress({ space: 'gpa', address: BigInt(gpa), root: CPU0 }).host?.address).toBe(hva);
    expect(guest.describeAddress({ space: 'hva', address: hva, root: CPU0 })).toMatchObject({
      physical: gpa,
      label: expect.stringContaining('pc.ram + 0x') as string,
    });
  });

  it('reads the same bytes by either address, and at the file offset that it names', () => {
    const { host } = guest.describeAddress({ space: 'gpa', address: 0x200ff8n, root: CPU0 });
    const [byHost, byGuest, inFile] = (
      [
        ['hva', host!.address],
        ['gpa', 0x200ff8n],
        ['file', BigInt(host!.fileOffset!)],
      ] as const
    ).map(([space, address]) => guest.readMemory({ space, address, length: 8, root: CPU0 }).bytes);
    expect(byHost).toEqual(byGuest);
    expect(inFile).toEqual(byGuest);
    expect(byGuest!.some((byte) => byte !== 0)).toBe(true);
  });

  it('knows no guest memory where the process had its own', () => {
    const { rsp } = Object.fromEntries(ofProcess.getCpus()[0]!.registers.map(({ name, value }) => [name, value]));
    expect(guest.describeAddress({ space: 'hva', address: rsp!, root: CPU0 })).toMatchObject({
      state: 'absent',
      label: expect.stringContaining('process view') as string,
    });
    expect(guest.readMemory({ space: 'hva', address: rsp!, length: 4, root: CPU0 }).spans).toMatchObject([{ state: 'absent' }]);
  });

  it('leads from typed text to host addresses', () => {
    expect(guest.resolveText({ text: 'hva:7f6c8b600000', root: CPU0 })).toMatchObject([{ space: 'hva', address: 0x7f6c8b600000n }]);
  });

  it('says so in its summary and its map', () => {
    expect(guest.summary('d')).toMatchObject({ space: 'gpa', hasHostAddresses: true });
    expect(guest.getMemoryMap().blocks[0]).toMatchObject({ name: 'pc.ram', host: 0x7f6c8b600000 });
  });
});

describe('the process in the same core', () => {
  it('is a map of its mappings, named by their files', () => {
    const summary = ofProcess.summary('d');
    expect(summary).toMatchObject({ format: 'process-core', space: 'hva', hasHostAddresses: true, rootModes: [] });
    expect(summary.sentence).toContain('/usr/bin/qemu-system-x86_64, with 7 threads');
    const names = new Set(ofProcess.getMemoryMap().blocks.map(({ name }) => name));
    expect(names).toContain('/usr/bin/qemu-system-x86_64');
    expect(names).toContain('[vdso]');
  });

  it("has its threads' registers, which lead to its own addresses", () => {
    const cpus = ofProcess.getCpus();
    expect(cpus).toHaveLength(7);
    expect(ofProcess.resolveText({ text: 'rsp', root: CPU0 })).toMatchObject([{ space: 'hva' }]);
    expect(ofProcess.resolveText({ text: '7f6c8b600000', root: CPU0 })).toMatchObject([{ space: 'hva', address: 0x7f6c8b600000n }]);
  });

  it('holds the guest at its host addresses', () => {
    const { host } = guest.describeAddress({ space: 'gpa', address: 0x200000n, root: CPU0 });
    const bytes = guest.readMemory({ space: 'gpa', address: 0x200000n, length: 64, root: CPU0 }).bytes;
    for (const space of ['hva', 'gva', 'gpa'] as const)
      expect(ofProcess.readMemory({ space, address: host!.address, length: 64, root: CPU0 }).bytes).toEqual(bytes);
  });

  it('has addresses up to the last without an error', () => {
    expect(ofProcess.readMemory({ space: 'hva', address: 0xffff_ffff_ff60_0000n, length: 16, root: CPU0 }).spans).toMatchObject([
      { state: 'absent' },
    ]);
    expect(ofProcess.describeAddress({ space: 'gva', address: 0xffff_ffff_ff60_0000n, root: CPU0 }).state).toBe('absent');
  });

  it('is neither walked nor corrected nor exported', () => {
    expect(() => ofProcess.walk({ address: 0n, root: CPU0 })).toThrow('virtual ones already');
    expect(() => ofProcess.correctMemoryMap({ corrections: [] })).toThrow('nothing to correct');
    expect(() => ofProcess.planExport({ options: { format: 'elf', layout: 'portable' } })).toThrow('not exported');
  });
});
