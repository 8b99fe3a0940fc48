import { describe, expect, it, test } from 'vitest';
import { parseLength } from '#shared/length-text.ts';
import { draftOf, FRESH_DRAFT, keptChoices, optionsOf, type ExportDraft } from '../../../src/renderer/src/stores/export-draft.ts';

describe('a length', () => {
  test.each([
    ['4096', 4096],
    ['0x1000', 4096],
    ['64K', 65536],
    ['64 KiB', 65536],
    ['64kb', 65536],
    ['1.5 GiB', 1.5 * 1024 ** 3],
    ['512 bytes', 512],
    ['1 b', 1],
    ['2t', 2 * 1024 ** 4],
    [' 10_000 ', 10000],
    ['0', 0],
  ])('%j is %i bytes', (text, bytes) => expect(parseLength(text)).toBe(bytes));

  // Hexadecimal goes without 0x for addresses; a length of ff could be meant either way.
  test.each(['', 'ff', '64Q', '-1', '1.5', '0x', '1e3', '0x1000K', '99999999999999999999', '9999999T', '1 2'])('%j is none', (text) =>
    expect(parseLength(text)).toBeUndefined(),
  );
});

describe('choices that were kept', () => {
  it('come back, without the range, which is one dump’s', () => {
    const draft: ExportDraft = {
      ...FRESH_DRAFT,
      format: 'lime',
      compression: 'snappy',
      sparse: false,
      verify: true,
      ranged: true,
      begin: '0',
      length: '1M',
    };
    expect(draftOf(JSON.parse(JSON.stringify(keptChoices(draft))))).toEqual({ ...draft, ranged: false, begin: '', length: '' });
  });

  it.each([null, undefined, 7, 'elf', [], { format: 'zip', layout: 1, compression: 'constructor', paging: 'yes', verify: null }])(
    'that are %j are as good as none',
    (kept) => expect(draftOf(kept)).toEqual(FRESH_DRAFT),
  );
});

describe('options', () => {
  const everything: ExportDraft = {
    format: 'elf',
    layout: 'qemu',
    paging: true,
    compression: 'zstd',
    flattened: true,
    excludeZero: true,
    sparse: false,
    verify: false,
    ranged: true,
    begin: '0',
    length: '1M',
  };
  const range = { begin: 0, length: 0x10_0000 };

  it('of each format are its own alone, whatever was chosen for the others', () => {
    const optionsFor = (format: ExportDraft['format']) => optionsOf({ ...everything, format }, range);
    expect(optionsFor('elf')).toEqual({ format: 'elf', layout: 'qemu', paging: true, ...range, sparse: false, verify: false });
    expect(optionsFor('kdump')).toEqual({
      format: 'kdump',
      layout: 'portable',
      compression: 'zstd',
      flattened: true,
      excludeZero: true,
      verify: false,
    });
    for (const format of ['raw', 'lime'] as const) {
      expect(optionsFor(format)).toEqual({ format, layout: 'portable', ...range, sparse: false, verify: false });
    }
  });

  it('that nobody chose are left to the engine', () => {
    expect(optionsOf(FRESH_DRAFT)).toEqual({ format: 'elf', layout: 'portable' });
  });

  it('have no range that was typed and then switched off', () => {
    expect(optionsOf({ ...everything, ranged: false }, range)).not.toHaveProperty('begin');
  });
});
