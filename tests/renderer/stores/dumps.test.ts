// @vitest-environment happy-dom
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { nextTick } from 'vue';
import { describe, expect, it, vi } from 'vitest';
import { useDumpDataStore } from '../../../src/renderer/src/stores/dump-data.store.ts';
import { useDumpsStore } from '../../../src/renderer/src/stores/dumps.store.ts';
import { dumpTitle } from '../../../src/renderer/src/stores/dump-title.ts';
import { useExportsStore } from '../../../src/renderer/src/stores/exports.store.ts';
import { useJobsStore } from '../../../src/renderer/src/stores/jobs.store.ts';
import { useShellStore } from '../../../src/renderer/src/stores/shell.store.ts';
import { fixture } from '../../fixtures/fixture.ts';
import { copyOfIgnoreShared, SHARED_BLOCK } from '../../hosts/ignore-shared.ts';
import { useRealWorkbench } from '../real-workbench.ts';

const real = useRealWorkbench();
const tiny = (): { kind: 'path'; path: string } => ({ kind: 'path', path: fixture('tiny/stream.qevm') });

describe('opening a dump', () => {
  it('makes it the one that is looked at, and leaves no job behind', async () => {
    const dumps = useDumpsStore();
    const opened = await dumps.open(tiny());
    expect(opened).toMatchObject({ name: 'stream.qevm', format: 'qemu-stream' });
    expect(dumps.active?.dumpId).toBe(opened?.dumpId);
    expect(dumps.opening).toBeNull();
    expect(useJobsStore().running).toEqual([]);
  });
  it('twice is once', async () => {
    const dumps = useDumpsStore();
    await dumps.open(tiny());
    await dumps.open(tiny());
    expect(dumps.dumps).toHaveLength(1);
  });
  it('that fails keeps the error with its place until it is dismissed, and the dump that was open', async () => {
    const dumps = useDumpsStore();
    const first = await dumps.open(tiny());
    expect(await dumps.open({ kind: 'path', path: `${import.meta.dirname}/dumps.test.ts` })).toBeNull();
    expect(dumps.opening).toBeNull();
    expect(dumps.failures).toMatchObject([{ name: 'dumps.test.ts', error: { code: 'unknown-format' } }]);
    expect(dumps.active?.dumpId).toBe(first?.dumpId);
    dumps.dismiss(dumps.failures[0]!);
    expect(dumps.failures).toEqual([]);
  });
  it('of several files that are not the parts of one opens each, looks at the first, and says which did not open', async () => {
    const dumps = useDumpsStore();
    const copies = ['first.qevm', 'second.qevm'].map((name) => join(real.folder(), name));
    for (const copy of copies) copyFileSync(tiny().path, copy);
    const text = `${import.meta.dirname}/dumps.test.ts`;
    const opened = await dumps.open({ kind: 'set', paths: [copies[0]!, text, copies[1]!] });
    expect(opened?.name).toBe('first.qevm');
    expect(dumps.active?.name).toBe('first.qevm');
    expect(dumps.dumps.map(({ name }) => name)).toEqual(['first.qevm', 'second.qevm']);
    expect(dumps.failures).toMatchObject([{ location: { kind: 'path', path: text }, error: { code: 'unknown-format' } }]);
    // The first of the set decides what it could be: no dump at all is not one dump either.
    await dumps.open({ kind: 'set', paths: [text, copies[0]!] });
    expect(dumps.failures).toHaveLength(1);
    expect(dumps.active?.name).toBe('first.qevm');
  });
  it('in another way is another dump, and its title says in which', async () => {
    const dumps = useDumpsStore();
    await dumps.open(tiny());
    await dumps.open(tiny(), { format: 'qemu-stream' });
    expect(dumps.dumps.map(dumpTitle)).toEqual(['stream.qevm', 'stream.qevm — as QEMU migration stream']);
    expect(dumps.active?.options).toEqual({ format: 'qemu-stream' });
  });
  it('from the host after a reload finds what is open there, and drops what is not', async () => {
    const dumps = useDumpsStore();
    const first = await dumps.open(tiny());
    await real.workbench().closeDump({ dumpId: first?.dumpId ?? '' });
    const other = await real
      .workbench()
      .openDump({ location: { kind: 'sample', id: (await real.workbench().listSamples())[0]?.id ?? '' }, jobId: 'x' });
    await dumps.restore();
    expect(dumps.dumps.map((dump) => dump.dumpId)).toEqual([other.dumpId]);
    expect(dumps.activeId).toBe(other.dumpId);
  });
});

describe('a dump whose engine died', () => {
  it('is gone from the list, and says which it was', async () => {
    const dumps = useDumpsStore();
    const opened = await dumps.open(tiny());
    dumps.lose(opened?.dumpId ?? '', 'out of memory');
    expect(dumps.dumps).toEqual([]);
    expect(dumps.activeId).toBeNull();
    expect(dumps.lost).toEqual({ name: 'stream.qevm', message: 'out of memory' });
  });
});

describe('the data of the active dump', () => {
  it('comes with it, and a correction can be undone and redone', async () => {
    const dumps = useDumpsStore();
    const data = useDumpDataStore();
    const copy = `${real.folder()}/corrected.qevm`;
    copyFileSync(tiny().path, copy);
    await dumps.open({ kind: 'path', path: copy });
    await vi.waitFor(() => expect(data.memoryMap).not.toBeNull());
    expect(data.cpus.length).toBe(dumps.active?.cpus.length);

    const before = data.memoryMap?.regions.map(({ start, last }) => [start, last]);
    await data.correct([{ start: 0xd000_0000, last: 0xd000_ffff, block: 'pc.ram', blockOffset: 0 }]);
    const corrected = (): boolean =>
      data.memoryMap?.regions.some((region) => region.start === 0xd000_0000 && region.evidence.strength === 'user') ?? false;
    expect(corrected()).toBe(true);
    await data.undo();
    expect(data.memoryMap?.regions.map(({ start, last }) => [start, last])).toEqual(before);
    expect(data.canUndo).toBe(false);
    await data.redo();
    expect(corrected()).toBe(true);
  });
  it('refuses a correction that makes no sense and changes nothing', async () => {
    const dumps = useDumpsStore();
    const data = useDumpDataStore();
    await dumps.open(tiny());
    await vi.waitFor(() => expect(data.memoryMap).not.toBeNull());
    await expect(data.correct([{ start: 0x1000, last: 0x1fff, block: 'no.such.block', blockOffset: 0 }])).rejects.toThrow(/no\.such\.block/);
    expect(data.canUndo).toBe(false);
    expect(data.corrections).toEqual([]);
  });
});

describe('a RAM block taken from a file', () => {
  it('opens the dump again beside the first, with a name of its own', async () => {
    const shell = useShellStore();
    const dumps = useDumpsStore();
    const { stream, backing } = copyOfIgnoreShared(real.folder());
    await shell.load();
    const plain = await dumps.open({ kind: 'path', path: stream });
    await shell.takeFromFile(plain!, SHARED_BLOCK);
    // No system dialog here: the page's own asks.
    expect([shell.dialog, shell.ramDraft?.block]).toEqual(['ram-file', SHARED_BLOCK]);
    await shell.openWithRam(backing);
    expect(shell.dialog).toBeNull();
    expect(dumps.dumps.map(dumpTitle)).toEqual(['stream.qevm', 'stream.qevm — with guest-ram']);
    expect(dumps.active?.options).toEqual({ ramFiles: { [SHARED_BLOCK]: backing } });
    // A second block's file joins the first.
    await shell.takeFromFile(dumps.active!, 'ram-node1');
    await shell.openWithRam(backing);
    expect(dumpTitle(dumps.active!)).toBe('stream.qevm — with guest-ram and 1 more RAM file');
  });
});

describe('an export', () => {
  it('is planned, written and reported; the job is over then', async () => {
    const dumps = useDumpsStore();
    const exports = useExportsStore();
    await dumps.open(tiny());
    await exports.plan();
    expect(exports.current.plan?.segments.some((segment) => segment.type === 'LOAD')).toBe(true);
    const target = `${real.folder()}/out.vmcore`;
    await exports.start(target);
    expect(exports.current.report?.target).toBe(target);
    expect(exports.current.jobId).toBeNull();
    await nextTick();
    expect(useJobsStore().running).toEqual([]);
  });
  it('that cannot be written keeps the error and the plan, so that another target can be chosen', async () => {
    const dumps = useDumpsStore();
    const exports = useExportsStore();
    await dumps.open(tiny());
    await exports.plan();
    await exports.start(`${real.folder()}/nowhere/out.vmcore`);
    expect(exports.current.error?.code).toBe('cannot-write');
    expect(exports.current.plan).not.toBeNull();
    expect(exports.current.report).toBeNull();
  });
});
