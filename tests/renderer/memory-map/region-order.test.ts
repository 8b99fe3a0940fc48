import { describe, expect, test } from 'vitest';
import { filterBlocks, filterRegions, sortBlocks, sortRegions } from '../../../src/renderer/src/features/memory-map/region-order.ts';
import { PC } from './pc-map.ts';

const starts = (text: string): number[] => filterRegions(PC.regions, text).map((region) => region.start);

describe('filter', () => {
  test('by block, evidence, state and read-only', () => {
    expect(starts('pc.ram')).toEqual([0, 0x10_0000]);
    expect(starts('proven')).toEqual([0xc_0000]);
    expect(starts('absent')).toEqual([0x10_0000]);
    expect(starts('read-only')).toHaveLength(3);
    expect(starts('')).toHaveLength(5);
  });

  test('by an address inside', () => {
    expect(starts('0x7ffff0')).toEqual([0x10_0000]);
    expect(starts('ffff fff0')).toEqual([0xfffc_0000]);
    expect(starts('0xb8000')).toEqual([]);
  });

  test('blocks by name, role, whether mapped, and by an address they are mapped at', () => {
    expect(filterBlocks(PC.blocks, 'firmware').map((block) => block.name)).toEqual(['pc.bios']);
    expect(filterBlocks(PC.blocks, 'not mapped').map((block) => block.name)).toEqual(['/rom@etc/acpi/tables']);
    expect(filterBlocks(PC.blocks, '0xc0000').map((block) => block.name)).toContain('pc.rom');
  });
});

describe('sort', () => {
  test('both ways, and without touching the map', () => {
    const before = [...PC.regions];
    expect(sortRegions(PC.regions, { column: 'start', descending: true })[0]?.start).toBe(0xfffc_0000);
    expect(sortRegions(PC.regions, { column: 'size', descending: true })[0]?.start).toBe(0x10_0000);
    expect(sortRegions(PC.regions, { column: 'states', descending: true })[0]?.start).toBe(0x10_0000);
    expect(sortRegions(PC.regions, { column: 'evidence', descending: false })[0]?.start).toBe(0xc_0000);
    expect(PC.regions).toEqual(before);
  });

  test('blocks that are not mapped come last', () => {
    expect(sortBlocks(PC.blocks, { column: 'mapped', descending: false }).map((block) => block.name)).toEqual([
      'pc.ram',
      'pc.rom',
      'pc.bios',
      '/rom@etc/acpi/tables',
    ]);
  });
});
