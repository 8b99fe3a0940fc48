/** The rows of a device's tree: folding, filtering, long buffers; typing letters. */
import { describe, expect, it } from 'vitest';
import { listRows } from '../../../src/renderer/src/features/devices/device-groups.ts';
import { filterFields, treeRows, unfoldedAtFirst } from '../../../src/renderer/src/features/devices/field-rows.ts';
import { createTypeAhead } from '../../../src/renderer/src/features/devices/type-ahead.ts';
import type { DeviceField, DeviceSummary } from '../../../src/shared/model/index.ts';

const number = (name: string, value: bigint, words?: string): DeviceField => ({
  name,
  type: 'uint32',
  offset: 0,
  size: 4,
  value,
  ...(words ? { words } : {}),
});
const struct = (name: string, children: DeviceField[], type = 'struct'): DeviceField => ({ name, type, offset: 0, size: 4, value: null, children });

const TREE = [
  number('id', 7n),
  struct('timer', [number('config', 0x134n, 'enabled'), struct('cmp', [number('low', 0xffffn)])]),
  { name: 'data', type: 'buffer', offset: 0x100, size: 40, value: new Uint8Array(40).map((_, at) => at) } satisfies DeviceField,
];
const names = (rows: ReturnType<typeof treeRows>): string[] =>
  rows.map((row) => (row.kind === 'field' ? `${row.level} ${row.field.name}` : `${row.level} +${row.offset.toString(16)}`));

describe('rows', () => {
  it('are the roots while all is folded, and say where they stand', () => {
    const rows = treeRows(TREE, new Set());
    expect(names(rows)).toEqual(['1 id', '1 timer', '1 data']);
    expect(rows[1]).toMatchObject({ foldable: true, open: false, position: 2, siblings: 3 });
  });

  it('have the fields of what is unfolded, and the bytes of a long buffer, sixteen a row', () => {
    const rows = treeRows(TREE, new Set(['1', '2']));
    expect(names(rows)).toEqual(['1 id', '1 timer', '2 config', '2 cmp', '1 data', '2 +100', '2 +110', '2 +120']);
    expect(rows.at(-1)).toMatchObject({ bytes: Uint8Array.of(32, 33, 34, 35, 36, 37, 38, 39) });
  });

  it('unfold at first what fits, but not arrays that say nothing more', () => {
    const plain = struct('isr', [number('[0]', 0n)], 'uint32[1]');
    expect([...unfoldedAtFirst([...TREE, plain])]).toEqual(['1', '1.1']);
    expect([...unfoldedAtFirst([plain], true)]).toEqual(['0']);
    const many = struct(
      'many',
      Array.from({ length: 200 }, (_, at) => number(`n${at}`, 0n, 'x')),
    );
    expect([...unfoldedAtFirst([many, struct('few', [number('a', 0n)])])]).toEqual(['1']);
  });
});

describe('the filter', () => {
  const filtered = (filter: string): string[] => names(treeRows(TREE, new Set(), filterFields(TREE, filter)));

  it.each([
    ['config', ['1 timer', '2 config']],
    ['ENABLED', ['1 timer', '2 config']],
    ['0x134', ['1 timer', '2 config']],
    ['ffff', ['1 timer', '2 cmp', '3 low']],
    ['timer', ['1 timer']],
    ['config 134', ['1 timer', '2 config']],
    ['config nothing', []],
    ['  ', ['1 id', '1 timer', '1 data']],
  ])('%s finds %j', (filter, found) => expect(filtered(filter)).toEqual(found));

  it('shows all that is in a structure whose own name was found', () => {
    expect(names(treeRows(TREE, new Set(['1']), filterFields(TREE, 'timer')))).toEqual(['1 timer', '2 config', '2 cmp']);
  });
});

describe('the list', () => {
  const device = (index: number, name: string, group: DeviceSummary['group'], title?: string): DeviceSummary => {
    return { index, name, instance: 0, version: 1, offset: 0, length: 1, described: 'stream', group, ...(title ? { title } : {}) };
  };
  const devices = [device(0, 'hpet', 'clocks', 'HPET'), device(1, 'cpu', 'cpus', 'CPU 0'), device(2, 'odd', 'other')];
  const told = (filter: string): string[] =>
    listRows(devices, filter).map((row) => (row.kind === 'head' ? `# ${row.title} ${row.count}` : row.device.name));

  it('has the groups in their order, and none that is empty', () => {
    expect(told('')).toEqual(['# CPUs 1', 'cpu', '# Clocks and timers 1', 'hpet', '# Other 1', 'odd']);
  });

  it('finds by name, title and group', () => {
    expect(told('HPET')).toEqual(['# Clocks and timers 1', 'hpet']);
    expect(told('cpus')).toEqual(['# CPUs 1', 'cpu']);
    expect(told('zzz')).toEqual([]);
  });
});

describe('typing letters', () => {
  const NAMES = ['apicbase', 'id', 'arb_id', 'tpr', 'isr'];
  const key = (letter: string, ctrlKey = false) => ({ key: letter, ctrlKey, altKey: false, metaKey: false });

  it('goes to the next that starts with them, around the end, and starts anew after a pause', () => {
    let time = 0;
    const { next, reset } = createTypeAhead(() => time);
    expect(next(key('a'), NAMES, 0)).toBe(2);
    expect(next(key('r'), NAMES, 2)).toBe(2);
    time += 1000;
    expect(next(key('i'), NAMES, 2)).toBe(4);
    reset();
    expect(next(key('i'), NAMES, 4)).toBe(1);
    time += 1000;
    expect(next(key('z'), NAMES, 1)).toBeNull();
    expect(next(key('a', true), NAMES, 1)).toBeNull();
    expect(next(key('ArrowDown'), NAMES, 1)).toBeNull();
  });
});
