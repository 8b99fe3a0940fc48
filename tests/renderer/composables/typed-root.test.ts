import { describe, expect, it } from 'vitest';
import { i386 } from '#engine/arch/i386/index.ts';
import { x86_64 } from '#engine/arch/x86-64/index.ts';
import { rootModesOf } from '#engine/session/translation-root.ts';
import { modeWords, typedRoot } from '../../../src/renderer/src/composables/typed-root.ts';

const modes = rootModesOf(x86_64);

describe('a root that is typed in', () => {
  it('starts a PAE table at any multiple of 32 bytes, the others at a page', () => {
    expect(typedRoot('127cb40', modes, 'x86-pae')).toEqual({ root: 0x127cb40 });
    expect(typedRoot('127cb48', modes, 'x86-pae').problem).toContain('0x20');
    for (const mode of ['x86-32', 'x86-64-4level', 'x86-64-5level', undefined] as const) {
      expect(typedRoot('127cb40', modes, mode).problem).toContain('0x1000');
      expect(typedRoot('0x1016000', modes, mode)).toEqual({ root: 0x1016000 });
    }
  });
  it('is an address below 2^52', () => {
    expect(typedRoot('ffffffffffffe', modes, 'x86-64-4level').problem).toBeDefined();
    expect(typedRoot('10000000000000', modes, 'x86-64-4level').problem).toContain('2^52');
    expect(typedRoot('cr3', modes, undefined).problem).toContain('hexadecimal');
  });
  it('can be walked in every mode of the family, and in no other', () => {
    expect(modes.map(modeWords)).toEqual(['4-level paging', '5-level paging', 'PAE paging (32-bit), 3 levels', '32-bit paging, 2 levels']);
    expect(rootModesOf(i386).map(({ id }) => id)).toEqual(['x86-pae', 'x86-32']);
    expect(rootModesOf(undefined)).toEqual([]);
  });
});
