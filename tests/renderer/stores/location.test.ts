// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from 'vitest';
import { usePanelLocation } from '../../../src/renderer/src/composables/use-panel-location.ts';
import { useBookmarksStore } from '../../../src/renderer/src/stores/bookmarks.store.ts';
import { useDumpsStore } from '../../../src/renderer/src/stores/dumps.store.ts';
import { HISTORY_LIMIT, useLocationStore } from '../../../src/renderer/src/stores/location.store.ts';
import { fixture } from '../../fixtures/fixture.ts';
import { useRealWorkbench } from '../real-workbench.ts';

useRealWorkbench();
const gva = (address: bigint): { space: 'gva'; address: bigint } => ({ space: 'gva', address });

beforeEach(async () => {
  await useDumpsStore().open({ kind: 'path', path: fixture('tiny/stream.qevm') });
});

describe('where you are', () => {
  it('goes back and forward through addresses and roots alike', () => {
    const location = useLocationStore();
    location.goTo(gva(1n));
    location.setRoot({ kind: 'cpu', cpu: 1 });
    location.goTo(gva(2n));
    expect(location.canForward).toBe(false);
    location.back();
    expect([location.address?.address, location.root]).toEqual([1n, { kind: 'cpu', cpu: 1 }]);
    location.back();
    expect(location.root).toEqual({ kind: 'cpu', cpu: 0 });
    location.forward();
    location.forward();
    expect(location.address?.address).toBe(2n);
  });
  it('takes the page tables of another process along with its address, in one step', () => {
    const location = useLocationStore();
    const { length } = location.history;
    location.goTo({ ...gva(1n), root: { kind: 'root', root: 0x2000 } });
    expect([location.root, location.address]).toEqual([{ kind: 'root', root: 0x2000 }, gva(1n)]);
    expect(location.history).toHaveLength(length + 1);
  });
  it('forgets what lay ahead when it turns off', () => {
    const location = useLocationStore();
    location.goTo(gva(1n));
    location.goTo(gva(2n));
    location.back();
    location.goTo(gva(3n));
    expect(location.canForward).toBe(false);
    location.back();
    expect(location.address?.address).toBe(1n);
  });
  it('does not remember going where it is, but shows the panel that was asked for', () => {
    const location = useLocationStore();
    location.goTo(gva(1n));
    const { length } = location.history;
    location.goTo(gva(1n), { panel: 'page-walk' });
    expect(location.history).toHaveLength(length);
    expect(location.wantedPanel?.panel).toBe('page-walk');
  });
  it('asks for a panel again when it is wanted again', () => {
    const location = useLocationStore();
    location.showPanel('memory');
    const first = location.wantedPanel;
    location.showPanel('memory');
    expect(location.wantedPanel).not.toBe(first);
  });
  it('keeps a bounded history', () => {
    const location = useLocationStore();
    for (let step = 0; step < HISTORY_LIMIT * 2; step++) location.goTo(gva(BigInt(step)));
    expect(location.history).toHaveLength(HISTORY_LIMIT);
    expect(location.address?.address).toBe(BigInt(HISTORY_LIMIT * 2 - 1));
  });
  it('is each dump’s own', async () => {
    const location = useLocationStore();
    const dumps = useDumpsStore();
    const first = dumps.activeId ?? '';
    location.goTo(gva(1n));
    await dumps.open({ kind: 'path', path: fixture('tiny/filtered.elf') });
    expect(location.address).toBeNull();
    dumps.select(first);
    expect(location.address?.address).toBe(1n);
  });
});

describe('a pinned panel', () => {
  it('stays while the rest moves on, and follows again when it is let go', () => {
    const location = useLocationStore();
    const panel = usePanelLocation('memory');
    location.goTo(gva(1n));
    panel.pinned.value = true;
    location.goTo(gva(2n));
    location.setRoot({ kind: 'cpu', cpu: 1 });
    expect([panel.address.value?.address, panel.root.value]).toEqual([1n, { kind: 'cpu', cpu: 0 }]);
    panel.pinned.value = false;
    expect([panel.address.value?.address, panel.root.value]).toEqual([2n, { kind: 'cpu', cpu: 1 }]);
  });
  it('moves itself by its own field, and the rest by its links', () => {
    const location = useLocationStore();
    const panel = usePanelLocation('memory');
    panel.pinned.value = true;
    panel.goHere(gva(7n));
    expect([panel.address.value?.address, location.address]).toEqual([7n, null]);
    panel.goTo(gva(8n));
    expect([panel.address.value?.address, location.address?.address]).toEqual([7n, 8n]);
    panel.pinned.value = false;
  });
});

describe('bookmarks', () => {
  it('are the file’s, survive a restart, and are taken back by the same command', async () => {
    const bookmarks = useBookmarksStore();
    bookmarks.toggle(gva(0xffff_ffff_8100_0000n));
    expect(JSON.parse(localStorage.getItem('vmcore-workbench.bookmarks') ?? '{}')).toEqual({
      [fixture('tiny/stream.qevm')]: ['gva:ffffffff81000000'],
    });
    expect(bookmarks.has(gva(0xffff_ffff_8100_0000n))).toBe(true);
    bookmarks.toggle(gva(0xffff_ffff_8100_0000n));
    expect(bookmarks.places).toEqual([]);
  });
  it('that somebody edited by hand do not break the page', () => {
    localStorage.setItem('vmcore-workbench.bookmarks', JSON.stringify({ [fixture('tiny/stream.qevm')]: ['gva:zz', 7, 'cpu:1', 'gpa:10'] }));
    expect(useBookmarksStore().places).toEqual([{ space: 'gpa', address: 0x10n }]);
  });
});
