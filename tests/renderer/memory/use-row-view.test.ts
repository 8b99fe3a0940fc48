import { effectScope, nextTick, ref, shallowRef } from 'vue';
import { describe, expect, test } from 'vitest';
import { VIRTUAL_LAST } from '#shared/units.ts';
import type { Mapping, MemoryChunk, MemoryRegion, MemoryState } from '#shared/model/index.ts';
import type { WorkbenchApi } from '#shared/contract.ts';
import { useHexCursor } from '../../../src/renderer/src/features/memory/use-hex-cursor.ts';
import { useMemorySource, type SourcePlace } from '../../../src/renderer/src/features/memory/use-memory-source.ts';
import { useRowView } from '../../../src/renderer/src/features/memory/use-row-view.ts';
import type { BytesPerRow } from '../../../src/renderer/src/features/memory/row-layout.ts';

/** A guest of one page at 0x1000 and one at the top of the kernel half; it answers from its page list, and counts the questions. */
function guest(pages: bigint[], states: (address: bigint) => MemoryState = () => 'present', lostTable: (address: bigint) => boolean = () => false) {
  const asked = { reads: 0, listings: [] as bigint[] };
  const mappings: Mapping[] = pages.map((start) => ({
    start,
    last: start + 0xfffn,
    physical: Number(start & 0xffffffn),
    pageSize: 4096,
    flags: [],
    effective: { writable: true, user: false, executable: true },
  }));
  const api: Pick<WorkbenchApi, 'readMemory' | 'listMappings' | 'walk'> = {
    readMemory: async ({ address, length, space }): Promise<MemoryChunk> => {
      asked.reads++;
      const spans = [];
      for (let at = 0; at < length;) {
        const page = (address + BigInt(at)) & ~0xfffn;
        const end = Math.min(length, Number(page + 0x1000n - address));
        const mapped = space !== 'gva' || pages.includes(page);
        spans.push({ start: at, end, state: mapped ? states(page) : ('unmapped' as const), reason: mapped ? undefined : 'PT entry not present' });
        at = end;
      }
      return { address, bytes: new Uint8Array(length), spans };
    },
    walk: async ({ address }) => ({
      address,
      mode: {
        id: 'x86-64-4level',
        title: '',
        levels: [{ level: 1, name: 'PT', shift: 12, bits: 9 }],
        virtualBits: 48,
        upperBits: 'sign' as const,
        entrySize: 8,
        tableAlignment: 4096,
      },
      root: 0,
      rootSource: '',
      steps: [
        {
          level: 1,
          levelName: 'PT',
          table: 0x2000,
          index: Number((address >> 12n) & 511n),
          indexHighBit: 20,
          indexLowBit: 12,
          entryAddress: 0,
          entry: null,
          flags: [],
          conclusion: lostTable(address) ? { kind: 'table-missing', state: 'absent' } : { kind: 'not-present' },
          sentence: '',
        },
      ],
      result: { kind: 'fault', reason: lostTable(address) ? 'table-missing' : 'not-present', sentence: '' },
    }),
    listMappings: async ({ from }) => {
      asked.listings.push(from);
      return { mappings: mappings.filter((mapping) => mapping.last >= from), next: null };
    },
  };
  return { api, asked };
}

const region: MemoryRegion = {
  start: 0,
  last: 0xffffff,
  block: 'pc.ram',
  blockOffset: 0,
  readOnly: false,
  evidence: { strength: 'proven', text: '' },
  states: {},
};
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 200; turn++) await nextTick();
};

function show(api: ReturnType<typeof guest>['api'], place: SourcePlace, rows = 20) {
  const at = shallowRef<SourcePlace | null>(place);
  return effectScope(true).run(() => {
    const source = useMemorySource(
      () => api,
      () => at.value,
    );
    const view = useRowView(source, ref<BytesPerRow>(16), ref(rows));
    const cursor = useHexCursor(
      view,
      () => rows,
      () => {},
      source.explore,
    );
    return { at, source, view, cursor };
  })!;
}
const GVA: SourcePlace = { dumpId: 'd', space: 'gva', root: { kind: 'cpu', cpu: 0 }, bits: 64, fileSize: 0, regions: [region] };

describe('the view of a space', () => {
  test('a virtual space of two pages is five rows of holes and bytes, with the reason of each hole', async () => {
    const { api, asked } = guest([0x1000n, 0xffffffff81000000n]);
    const { view, source } = show(api, GVA);
    await settle();
    expect(view.layout.value.extents.map((extent) => extent.kind)).toEqual(['hole', 'bytes', 'hole', 'bytes', 'hole']);
    expect(view.layout.value.rowCount).toBe(3n + 512n);
    expect(view.rows.value[0]).toMatchObject({ kind: 'hole', start: 0n, last: 0xfffn });
    expect(source.reasons.value.get(0n)).toBe('PT[0] not present');
    expect(asked.listings).toEqual([0n]);
  });

  test('a hole that ends in a missing table is two holes: unmapped and absent', async () => {
    const { api } = guest([0x40_0000n], undefined, (address) => address >= 0x20_0000n && address < 0x40_0000n);
    const { view } = show(api, GVA);
    await settle();
    expect(view.layout.value.extents.slice(0, 3).map(({ start, state }) => [start, state])).toEqual([
      [0n, 'unmapped'],
      [0x20_0000n, 'absent'],
      [0x40_0000n, undefined],
    ]);
  });

  test('a jump into what is not listed yet lists from there, and stays there when the rest becomes known', async () => {
    const { api } = guest([0x1000n, 0xffffffff81000000n]);
    const { view, source, cursor } = show(api, GVA);
    source.explore(0xffffffff81000040n);
    cursor.moveTo(0xffffffff81000040n);
    await settle();
    const shown = view.rows.value.filter((row) => row.kind === 'bytes').map((row) => row.start);
    expect(shown).toContain(0xffffffff81000040n);
    expect(cursor.place.value.address).toBe(0xffffffff81000040n);
  });

  test('a hole of the whole space costs a bounded number of reads', async () => {
    const { api, asked } = guest([], () => 'absent');
    show(api, { ...GVA, space: 'file', fileSize: 2 ** 50 });
    while (asked.reads < 5000) {
      const before = asked.reads;
      await settle();
      if (asked.reads === before) break;
    }
    expect(asked.reads).toBeLessThanOrEqual(2100);
    expect(asked.reads).toBeGreaterThan(1);
  });

  test('absent pages found by reading are folded into one row', async () => {
    const { api } = guest([], (page) => (page >= 0x1000n && page < 0x4000n ? 'absent' : 'present'));
    const { view } = show(api, { ...GVA, space: 'gpa' });
    await settle();
    expect(view.rows.value.length).toBeGreaterThan(0);
    const hole = view.layout.value.rowAt(0x100n);
    expect(hole).toMatchObject({ kind: 'hole', start: 0x1000n, last: 0x3fffn });
  });

  test('Enter opens a hole and closes it again, and the cursor stays where it was', async () => {
    const { api } = guest([0x1000n]);
    const { view, cursor } = show(api, GVA);
    await settle();
    cursor.moveTo(0x123456789n);
    const press = (key: string): boolean => cursor.press({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false });
    expect(press('Enter')).toBe(true);
    expect(view.layout.value.rowCount).toBeGreaterThan(1n << 59n);
    expect(cursor.place.value.address).toBe(0x123456789n);
    const row = view.layout.value.rowAt(view.layout.value.rowOf(0x123456789n));
    expect(row).toMatchObject({ kind: 'bytes', start: 0x123456780n });
    press('Enter');
    expect(view.layout.value.rowCount).toBe(2n + 256n);
  });

  test('a page table with millions of mappings is listed up to a cap, and on when asked to', async () => {
    const { api, asked } = guest([]);
    let calls = 0;
    const endless: typeof api = {
      ...api,
      listMappings: async ({ from }) => {
        calls++;
        const start = (from & ~0xffffn) + 0x10000n;
        const mapping = {
          start,
          last: start + 0xfffn,
          physical: 0x1000,
          pageSize: 4096,
          flags: [],
          effective: { writable: false, user: false, executable: false },
        };
        return { mappings: [mapping], next: start + 0x1000n };
      },
    };
    const { view, cursor } = show(endless, GVA);
    await settle();
    expect(calls).toBe(16);
    expect(asked.reads).toBeLessThan(200);
    cursor.moveTo(1n << 40n);
    const press = (): boolean => cursor.press({ key: 'Enter', ctrlKey: false, metaKey: false, altKey: false, shiftKey: false });
    expect(view.layout.value.extents.at(-1)?.kind).toBe('unexplored');
    press();
    await settle();
    expect(calls).toBe(17);
    expect(cursor.place.value.address).toBe(1n << 40n);
  });

  test('Ctrl+End shows the last row of 2^64 addresses', async () => {
    const { api } = guest([0x1000n]);
    const { view, cursor } = show(api, GVA);
    await settle();
    cursor.press({ key: 'End', ctrlKey: true, metaKey: false, altKey: false, shiftKey: false });
    expect(cursor.place.value.address).toBe(VIRTUAL_LAST);
    expect(view.rows.value.at(-1)).toMatchObject({ kind: 'hole', last: VIRTUAL_LAST });
  });

  test('another root starts anew instead of showing the old one', async () => {
    const first = guest([0x1000n]);
    const { at, view } = show(first.api, GVA);
    await settle();
    at.value = { ...GVA, root: { kind: 'cpu', cpu: 1 } };
    expect(view.layout.value.extents.map((extent) => extent.kind)).toEqual(['unexplored']);
    await settle();
    expect(first.asked.listings).toHaveLength(2);
  });
});
