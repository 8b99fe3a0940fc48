/**
 * One suite for every transport: the same calls must mean the same through each. Values are checked against each other (the bytes at an instruction pointer by two
 * ways, a table's entry against the walk's); that they are QEMU's is for the engine's tests to say.
 */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { METHOD_NAMES, READ_LIMIT, type HostInfo, type MethodName, type WorkbenchApi, type WorkbenchEvent } from '#shared/contract.ts';
import type { DumpSummary, ExportOptions } from '#shared/model/index.ts';
import { writeLargeVmcore } from '../hosts/large-vmcore.ts';
import { recordHost } from '../hosts/record-host.ts';
import { copyOfIgnoreShared, SHARED_BLOCK } from '../hosts/ignore-shared.ts';
import { SPLIT_PAGES, writeSplitDump } from '../hosts/split-dump.ts';
import { copyOfFixture, copyOfSample, firstSample, newFolder } from '../hosts/sample-dump.ts';

/** A workbench behind its transport. */
export interface ContractHost {
  workbench: WorkbenchApi;
  kind: HostInfo['kind'];
  /** Does what permits a path to be opened: nothing where everything is. */
  permit(path: string): Promise<void>;
  /** Prepares what the user answers in the next dialogs; absent without native dialogs. */
  answerDialogs?: { open(path: string | string[] | null): Promise<void>; save(path: string | null): Promise<void> };
  close(): Promise<void>;
}

const CPU_0 = { kind: 'cpu', cpu: 0 } as const;
/** One of each format, with options of its own. */
const EXPORTS: ExportOptions[] = [
  { format: 'elf', layout: 'portable', paging: true, verify: true },
  { format: 'kdump', layout: 'portable', compression: 'lzo', flattened: true, verify: true },
  { format: 'raw', layout: 'portable', begin: 0x10_0000, length: 0x1_0000, verify: true },
  { format: 'lime', layout: 'portable', sparse: false, verify: true },
];
const PORTABLE = { format: 'elf', layout: 'portable' } as const;

/** Counts which methods were called, so that none is forgotten. */
function counting(workbench: WorkbenchApi, called: Set<MethodName>): WorkbenchApi {
  return new Proxy(workbench, {
    get(target, name) {
      if (METHOD_NAMES.includes(name as MethodName)) called.add(name as MethodName);
      return Reflect.get(target, name) as unknown;
    },
  });
}

export function contractSuite(description: string, connect: (folder: string) => Promise<ContractHost>): void {
  describe(`contract: ${description}`, () => {
    const folder = newFolder();
    const called = new Set<MethodName>();
    const events: WorkbenchEvent[] = [];
    let host: ContractHost;
    let workbench: WorkbenchApi;
    let path: string;
    let summary: DumpSummary;
    let dump: { dumpId: string };
    let instruction: bigint;

    async function permitAndOpen(file: string, jobId: string): Promise<DumpSummary> {
      await host.permit(file);
      return workbench.openDump({ location: { kind: 'path', path: file }, jobId });
    }

    async function exportTarget(name: string): Promise<string> {
      const target = join(folder, name);
      if (host.answerDialogs === undefined) return target;
      await host.answerDialogs.save(target);
      expect(await workbench.chooseExportTarget({ ...dump, suggestedName: name })).toBe(target);
      return target;
    }

    beforeAll(async () => {
      host = await connect(folder);
      recordHost(description);
      workbench = counting(host.workbench, called);
      workbench.subscribe((event) => events.push(event));
      path = copyOfSample(folder);
      summary = await permitAndOpen(path, 'first');
      dump = { dumpId: summary.dumpId };
      const [cpu] = await workbench.getCpus(dump);
      instruction = cpu?.registers.find(({ name }) => name === 'rip')?.value ?? -1n;
    });

    afterAll(async () => host?.close());

    it('says which host it is, with the version of package.json', async () => {
      const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
      const found = await workbench.getHost();
      expect(found).toEqual({
        kind: host.kind,
        version,
        platform: process.platform,
        nativeDialogs: host.answerDialogs !== undefined,
        openAtStart: null,
      });
    });

    it('opens a sample by its id, and no other', async () => {
      const samples = await workbench.listSamples();
      expect(samples.map(({ id }) => id)).toContain(firstSample().id);
      for (const { size } of samples) expect(size).toBeGreaterThan(0);
      const opened = await workbench.openDump({ location: { kind: 'sample', id: firstSample().id }, jobId: 'sample' });
      expect(opened.cpus.length).toBeGreaterThan(0);
      await workbench.closeDump({ dumpId: opened.dumpId });
      await expect(workbench.openDump({ location: { kind: 'sample', id: 'no-such' }, jobId: 'none' })).rejects.toMatchObject({ code: 'bad-request' });
    });

    it('opens a file once, however often it is asked to', async () => {
      const again = await workbench.openDump({ location: { kind: 'path', path }, jobId: 'again' });
      expect(again.dumpId).toBe(summary.dumpId);
      expect((await workbench.listDumps()).map(({ dumpId }) => dumpId)).toEqual([summary.dumpId]);
      expect(await workbench.describeDump(dump)).toEqual(summary);
    });

    it('reports the open as an event and in the recent files', async () => {
      await expect.poll(() => events.map(({ type }) => type)).toContain('recent-changed');
      const [recent] = await workbench.listRecent();
      expect(recent).toMatchObject({ path, exists: true, files: [path], options: {} });
    });

    it('opens a file in a chosen way as another dump, which says so, and is recent on its own', async () => {
      const location = { kind: 'path', path } as const;
      const options = { format: 'qemu-stream', architecture: 'x86-64' } as const;
      const chosen = await workbench.openDump({ location, jobId: 'chosen', options });
      expect(chosen).toMatchObject({ options, files: [path], format: 'qemu-stream' });
      expect(chosen.dumpId).not.toBe(summary.dumpId);
      expect((await workbench.openDump({ location, jobId: 'chosen-again', options })).dumpId).toBe(chosen.dumpId);
      expect(await workbench.listRecent()).toMatchObject([
        { path, options },
        { path, options: {} },
      ]);
      await workbench.closeDump({ dumpId: chosen.dumpId });
      await expect(workbench.openDump({ location, jobId: 'wrong', options: { format: 'elf-vmcore' } })).rejects.toMatchObject({
        code: 'bad-format',
        details: { source: 'guest.qevm' },
      });
    });

    it('opens a snapshot of an image by its name or id, and says which it is', async () => {
      const image = copyOfFixture(folder, 'qcow2/three-snapshots.qcow2');
      await host.permit(image);
      const open = (snapshot: string) =>
        workbench.openDump({ location: { kind: 'path', path: image }, jobId: `snapshot ${snapshot}`, options: { snapshot } });
      for (const wanted of ['lab', '1']) {
        const { dumpId, snapshots } = await open(wanted);
        expect(snapshots.map(({ name, open: isOpen }) => [name, isOpen])).toEqual([
          ['lab', true],
          ['second-look', false],
          ['disk-alone', false],
        ]);
        await workbench.closeDump({ dumpId });
      }
      for (const wanted of ['no-such', 'disk-alone']) await expect(open(wanted)).rejects.toMatchObject({ code: 'bad-request' });
    });

    it('opens the parts of a split dump as one, in any order once', async () => {
      const [first, second] = writeSplitDump(folder);
      for (const part of [first, second]) await host.permit(part);
      const opened = await workbench.openDump({ location: { kind: 'set', paths: [first, second] }, jobId: 'parts' });
      expect(opened).toMatchObject({ name: 'vmcore.1', files: [first, second], memory: { total: SPLIT_PAGES * 4096 } });
      const again = await workbench.openDump({ location: { kind: 'set', paths: [second, first] }, jobId: 'parts-again' });
      expect(again.dumpId).toBe(opened.dumpId);
      expect((await workbench.listRecent())[0]).toMatchObject({ path: first, files: [first, second] });
      await workbench.closeDump({ dumpId: opened.dumpId });
    });

    it('refuses a set whose files are not one dump, leaves nothing open, and opens each of them alone', async () => {
      const other = copyOfSample(folder, 'other.qevm');
      await host.permit(other);
      await expect(workbench.openDump({ location: { kind: 'set', paths: [path, other] }, jobId: 'set' })).rejects.toMatchObject({
        code: 'not-one-dump',
      });
      expect((await workbench.listDumps()).map(({ dumpId }) => dumpId)).toEqual([summary.dumpId]);
      const alone = await workbench.openDump({ location: { kind: 'path', path: other }, jobId: 'alone' });
      await workbench.closeDump({ dumpId: alone.dumpId });
    });

    it('takes RAM that a stream left out from a file that may be opened, as another dump', async () => {
      const { stream, backing } = copyOfIgnoreShared(newFolder());
      await host.permit(stream);
      const open = (ramFiles: Record<string, string>, jobId: string) =>
        workbench.openDump({ location: { kind: 'path', path: stream }, jobId, options: { ramFiles } });
      // Where dialogs say what may be opened, the dump's own permit is none for another file.
      if (host.answerDialogs) await expect(open({ [SHARED_BLOCK]: backing }, 'ram-refused')).rejects.toMatchObject({ code: 'not-available' });
      await host.permit(backing);
      const without = await permitAndOpen(stream, 'ram-without');
      const opened = await open({ [SHARED_BLOCK]: backing }, 'ram');
      expect(opened.dumpId).not.toBe(without.dumpId);
      expect((await open({ [SHARED_BLOCK]: backing }, 'ram-again')).dumpId).toBe(opened.dumpId);
      expect(opened).toMatchObject({ files: [stream], options: { ramFiles: { [SHARED_BLOCK]: backing } } });
      expect(without.diagnostics).toMatchObject([{ code: 'block-incomplete', missingBlock: SHARED_BLOCK }]);
      expect(opened.diagnostics).toMatchObject([{ code: 'ram-from-file' }]);
      const read = ({ dumpId }: DumpSummary) => workbench.readMemory({ dumpId, space: 'gpa', address: 0x200000n, length: 4096, root: CPU_0 });
      expect((await read(without)).spans).toMatchObject([{ state: 'absent' }]);
      expect(Buffer.compare((await read(opened)).bytes, readFileSync(backing).subarray(0x200000, 0x201000))).toBe(0);
      await expect(open({ 'no-such': backing }, 'ram-unknown')).rejects.toMatchObject({
        code: 'bad-request',
        message: expect.stringMatching(/ram-node0/),
      });
      for (const { dumpId } of [without, opened]) await workbench.closeDump({ dumpId });
    });

    it('carries bigints: registers and segments', async () => {
      const [cpu] = await workbench.getCpus(dump);
      expect(instruction).toBeGreaterThan(0n);
      expect(summary.cpus[0]?.instructionPointer).toBe(instruction);
      expect(cpu?.segments.every(({ base }) => typeof base === 'bigint')).toBe(true);
    });

    it('walks an address, and every shorter way to its answer agrees with the walk', async () => {
      const { result, steps } = await workbench.walk({ ...dump, address: instruction, root: CPU_0 });
      if (result.kind !== 'page') throw new Error(result.sentence);
      const [translation] = await workbench.translate({ ...dump, addresses: [instruction], root: CPU_0 });
      expect(translation).toMatchObject({ address: instruction, physical: result.physical, pageSize: result.pageSize });

      const last = steps.at(-1);
      if (!last) throw new Error('a walk to a page has steps');
      const table = await workbench.readPageTable({ ...dump, table: last.table, level: last.level, virtual: instruction, root: CPU_0 });
      expect(table.entries[last.index]?.entry).toBe(last.entry);

      const { mappings } = await workbench.listMappings({ ...dump, from: instruction, limit: 1, root: CPU_0 });
      expect(mappings[0]?.start).toBeLessThanOrEqual(instruction);
      expect(mappings[0]?.last).toBeGreaterThanOrEqual(instruction);

      const described = await workbench.describeAddress({ ...dump, space: 'gva', address: instruction, root: CPU_0 });
      expect(described.physical).toBe(result.physical);
      const [target] = await workbench.resolveText({ ...dump, text: 'rip', root: CPU_0 });
      expect(target).toMatchObject({ space: 'gva', address: instruction });
    });

    it('carries bytes: the same from the virtual and the physical address, in a buffer of their own', async () => {
      const [translation] = await workbench.translate({ ...dump, addresses: [instruction], root: CPU_0 });
      const virtual = await workbench.readMemory({ ...dump, space: 'gva', address: instruction, length: 16, root: CPU_0 });
      const physical = await workbench.readMemory({ ...dump, space: 'gpa', address: BigInt(translation?.physical ?? -1), length: 16, root: CPU_0 });
      expect(virtual.bytes).toBeInstanceOf(Uint8Array);
      expect(virtual.bytes).toEqual(physical.bytes);
      expect(virtual.bytes.some((byte) => byte !== 0)).toBe(true);
      expect(virtual.bytes.buffer.byteLength).toBe(16);
      const whole = await workbench.readMemory({ ...dump, space: 'file', address: 0n, length: READ_LIMIT, root: CPU_0 });
      expect(Buffer.from(whole.bytes).equals(readFileSync(path).subarray(0, READ_LIMIT))).toBe(true);
    });

    it('says of a guest without Linux that there is no kernel, and what would help', async () => {
      const answers = [
        workbench.getLinux(dump),
        workbench.readLinuxLog({ ...dump, from: 0, limit: 10 }),
        workbench.listLinuxTasks(dump),
        workbench.listLinuxModules(dump),
        workbench.getLinuxTask({ ...dump, pid: 1 }),
        workbench.getLinuxPage({ ...dump, physical: 0x1000 }),
        workbench.getLinuxLayout(dump),
        workbench.listVms(dump),
        workbench.translateGuest({ ...dump, vm: '174', space: 'gpa', addresses: [0n] }),
        workbench.walkGuest({ ...dump, vm: '174', space: 'gpa', address: 0n }),
        workbench.findGuestOwners({ ...dump, physical: 0x1000 }),
      ];
      for (const asked of answers)
        await expect(asked).rejects.toMatchObject({ code: 'unsupported', message: expect.stringMatching(/VMCOREINFO|kernel/) });
    });

    it('looks for page tables, whose roots can be walked from, and goes on as before', async () => {
      const { candidates, completed } = await workbench.findRoots({ ...dump, jobId: 'roots' });
      expect(completed).toBe(false);
      for (const { root, mode } of candidates) {
        const [answer] = await workbench.translate({ ...dump, addresses: [instruction], root: { kind: 'root', root, mode } });
        expect(answer).toHaveProperty('physical');
      }
      expect((await workbench.walk({ ...dump, address: instruction, root: CPU_0 })).result.kind).toBe('page');
    });

    it('carries device states: numbers as bigints, buffers as bytes, at their places in the file', async () => {
      const devices = await workbench.listDevices(dump);
      const first = devices.find(({ name }) => name === 'globalstate');
      if (!first) throw new Error('the sample is a migration stream, which ends with the global state');
      const { fields, ...device } = await workbench.getDevice({ ...dump, index: first.index });
      expect(device).toMatchObject(first);
      expect(fields.map(({ value }) => typeof value)).toEqual(['bigint', 'object']);
      const [size, state] = fields;
      expect(size?.value).toBe(7n);
      const { bytes } = await workbench.readMemory({ ...dump, space: 'file', address: BigInt(state?.offset ?? -1), length: 100, root: CPU_0 });
      expect(state?.value).toEqual(bytes);
      await expect(workbench.getDevice({ ...dump, index: devices.length })).rejects.toMatchObject({ code: 'bad-request' });
    });

    it('corrects the memory map and takes it back', async () => {
      const before = await workbench.getMemoryMap(dump);
      const [region] = before.regions;
      if (!region) throw new Error('no regions');
      const correction = { start: region.start, last: region.start + 0xfff, block: region.block, blockOffset: region.blockOffset };
      expect(await workbench.correctMemoryMap({ ...dump, corrections: [correction] })).toMatchObject({ corrections: [correction] });
      expect(await workbench.correctMemoryMap({ ...dump, corrections: [] })).toMatchObject({ corrections: [], regions: before.regions });
    });

    it('corrects the memory map for as long as the dump is open, and leaves no file', async () => {
      const [region] = (await workbench.getMemoryMap(dump)).regions;
      if (!region) throw new Error('no regions');
      const correction = { start: 0x4000_0000, last: 0x4000_0fff, block: region.block, blockOffset: region.blockOffset };
      const files = readdirSync(folder);
      const map = await workbench.correctMemoryMap({ ...dump, corrections: [correction], keep: false });
      expect(map.regions).toContainEqual(expect.objectContaining({ start: 0x4000_0000, evidence: expect.objectContaining({ strength: 'user' }) }));
      expect((await workbench.describeDump(dump)).projectFile).toBeUndefined();
      expect(readdirSync(folder)).toEqual(files);
      await workbench.correctMemoryMap({ ...dump, corrections: [], keep: false });
    });

    it('exports what it planned, in one piece under its final name', async () => {
      const plan = await workbench.planExport({ ...dump, options: PORTABLE });
      const target = await exportTarget('out.vmcore');
      const report = await workbench.exportDump({ ...dump, options: PORTABLE, target, jobId: 'export' });
      expect(report.target).toBe(target);
      expect(readFileSync(target)).toHaveLength(plan.fileSize);
      expect(readFileSync(target).subarray(0, 4).toString('latin1')).toBe('\x7fELF');
      expect(readdirSync(folder).filter((name) => name.includes('.part'))).toEqual([]);
    });

    it.each(EXPORTS)('exports as $format as planned, read back and equal', async (options) => {
      const { fileSize, exact } = await workbench.planExport({ ...dump, options });
      const name = `every.${options.format}`;
      const target = await exportTarget(name);
      const report = await workbench.exportDump({ ...dump, options, target, jobId: name });
      const { size } = statSync(target);
      if (exact) expect(size).toBe(fileSize);
      else expect(Math.abs(size - fileSize)).toBeLessThan(fileSize / 5);
      expect(report.verified).toBeGreaterThan(0);
      const files = readdirSync(folder).filter((file) => file.startsWith(name));
      expect(files.sort()).toEqual(options.format === 'raw' ? [name, `${name}.ranges.json`] : [name]);
    });

    it('refuses an export that its format has no place for, when it is planned and when it is written', async () => {
      const options = { format: 'kdump', layout: 'portable', begin: 0, length: 4096 } as const;
      await expect(workbench.planExport({ ...dump, options })).rejects.toMatchObject({ code: 'bad-request' });
      const target = await exportTarget('refused.vmcore');
      await expect(workbench.exportDump({ ...dump, options, target, jobId: 'refused' })).rejects.toMatchObject({ code: 'bad-request' });
      expect(readdirSync(folder).filter((file) => file.startsWith('refused'))).toEqual([]);
    });

    it('cancels a job: progress comes, the call ends, nothing is left behind', async () => {
      const large = join(folder, 'large.vmcore');
      writeLargeVmcore(large, 24 * 1024 ** 3);
      const { dumpId } = await permitAndOpen(large, 'open-large');
      const target = await exportTarget('cancelled.vmcore');
      const exporting = workbench.exportDump({ dumpId, options: PORTABLE, target, jobId: 'cancel-me' });
      exporting.catch(() => undefined);
      const progress = () => events.filter((event) => event.type === 'job' && event.progress.jobId === 'cancel-me');
      await expect.poll(() => progress().length, { timeout: 10_000 }).toBeGreaterThan(0);
      await workbench.cancelJob({ jobId: 'cancel-me' });
      await expect(exporting).rejects.toMatchObject({ code: 'cancelled' });
      expect(readdirSync(folder).filter((name) => name.startsWith('cancelled'))).toEqual([]);
      expect(await workbench.cancelJob({ jobId: 'cancel-me' })).toBeNull();
      await workbench.closeDump({ dumpId });
    });

    it('keeps code and details of an error', async () => {
      const text = join(folder, 'notes.txt');
      writeFileSync(text, 'this is not a dump, '.repeat(400));
      await expect(permitAndOpen(text, 'text')).rejects.toMatchObject({
        code: 'unknown-format',
        details: { source: expect.stringContaining('notes.txt') },
      });
      await expect(permitAndOpen(join(folder, 'missing'), 'missing')).rejects.toMatchObject({ code: 'io' });
      await expect(permitAndOpen(folder, 'folder')).rejects.toMatchObject({ code: 'io' });
    });

    it('refuses arguments that do not fit, naming the place', async () => {
      const refusals: [MethodName, unknown, RegExp][] = [
        ['readMemory', { ...dump, space: 'gpa', address: 0n, length: READ_LIMIT + 1, root: CPU_0 }, /length/],
        ['readMemory', { ...dump, space: 'gpa', address: 0, length: 1, root: CPU_0 }, /address/],
        ['walk', { ...dump, address: -1n, root: CPU_0 }, /address/],
        ['walk', { ...dump, address: 1n << 64n, root: CPU_0 }, /address/],
        ['describeDump', { ...dump, extra: true }, /extra/],
        ['translate', { ...dump, addresses: [1n, 'two'], root: CPU_0 }, /addresses\.1/],
        ['getHost', { unexpected: true }, /getHost/],
        ['openDump', { location: { kind: 'url', url: 'http://example.com/' }, jobId: 'x' }, /location/],
        ['openDump', { location: { kind: 'set', paths: [] }, jobId: 'x' }, /paths/],
        ['openDump', { location: { kind: 'path', path }, jobId: 'x', options: { format: 'zip' } }, /format/],
        ['openDump', { location: { kind: 'path', path }, jobId: 'x', options: { ramFiles: { 'pc.ram': 1 } } }, /ramFiles/],
      ];
      for (const [method, argument, message] of refusals) {
        const call = workbench[method] as (argument: unknown) => Promise<unknown>;
        await expect(call(argument), `${method} ${String(message)}`).rejects.toMatchObject({
          code: 'bad-request',
          message: expect.stringMatching(message),
        });
      }
      await expect(workbench.describeDump({ dumpId: 'dump-99' })).rejects.toMatchObject({ code: 'bad-request' });
    });

    it('answers each of many calls at once with its own answer', async () => {
      const addresses = Array.from({ length: 60 }, (_, index) => BigInt(index) * 64n);
      const chunks = await Promise.all(
        addresses.map((address) => workbench.readMemory({ ...dump, space: 'file', address, length: 64, root: CPU_0 })),
      );
      const content = readFileSync(path);
      chunks.forEach(({ address, bytes }, index) => {
        expect(address).toBe(addresses[index]);
        expect(Buffer.from(bytes).equals(content.subarray(index * 64, index * 64 + 64))).toBe(true);
      });
    });

    it('shows dialogs where the host has them and lists folders where it has not', async () => {
      if (host.answerDialogs) {
        await host.answerDialogs.open(path);
        expect(await workbench.chooseDump()).toEqual({ kind: 'path', path });
        const other = copyOfSample(folder, 'second.qevm');
        await host.answerDialogs.open([path, other]);
        expect(await workbench.chooseDump()).toEqual({ kind: 'set', paths: [path, other] });
        await host.answerDialogs.open(null);
        expect(await workbench.chooseDump()).toBeNull();
        await expect(workbench.listDirectory({ path: folder })).rejects.toMatchObject({ code: 'not-available' });
        return;
      }
      await expect(workbench.chooseDump()).rejects.toMatchObject({ code: 'not-available' });
      await expect(workbench.chooseExportTarget({ ...dump, suggestedName: 'x' })).rejects.toMatchObject({ code: 'not-available' });
      const { entries } = await workbench.listDirectory({ path: folder });
      expect(entries).toContainEqual(expect.objectContaining({ name: 'guest.qevm', path, kind: 'file', size: readFileSync(path).length }));
    });

    it('takes a theme, and only a known one', async () => {
      for (const theme of ['dark', 'high-contrast', 'light', 'system'] as const) expect(await workbench.setTheme({ theme })).toBeNull();
      await expect(workbench.setTheme({ theme: 'pink' as 'dark' })).rejects.toMatchObject({ code: 'bad-request' });
    });

    it('ends a subscription when told', async () => {
      let heard = 0;
      const stop = workbench.subscribe(() => heard++);
      await workbench.clearRecent();
      await expect.poll(() => heard).toBeGreaterThan(0);
      expect(await workbench.listRecent()).toEqual([]);
      stop();
      const before = heard;
      const others = events.length;
      await workbench.clearRecent();
      await expect.poll(() => events.length).toBeGreaterThan(others);
      expect(heard).toBe(before);
    });

    it('closes a dump, which is then unknown', async () => {
      expect(await workbench.closeDump(dump)).toBeNull();
      await expect(workbench.getCpus(dump)).rejects.toMatchObject({ code: 'bad-request' });
      expect(await workbench.listDumps()).toEqual([]);
      expect(existsSync(path)).toBe(true);
    });

    it('was asked every method of the contract', () => {
      expect([...called].sort()).toEqual([...METHOD_NAMES].sort());
    });
  });
}
