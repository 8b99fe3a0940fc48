/** --map and the other options that say how a file is opened, as text. */
import { describe, expect, test } from 'vitest';
import { CPU_FAMILIES as ENGINE_FAMILIES } from '#engine/arch/families.ts';
import { CPU_FAMILIES } from '#shared/open-choices.ts';
import { openOptions, parseMapOption } from '../../src/cli/open-options.ts';

describe('--map', () => {
  test.each([
    ['0=pc.ram:8000000', { start: 0, last: 0x7ff_ffff, block: 'pc.ram', blockOffset: 0 }],
    ['0x100000000=pc.ram+0xc0000000:0x1000', { start: 0x1_0000_0000, last: 0x1_0000_0fff, block: 'pc.ram', blockOffset: 0xc000_0000 }],
    ['fd000000=0000:00:02.0/vga.vram+1000:1000', { start: 0xfd00_0000, last: 0xfd00_0fff, block: '0000:00:02.0/vga.vram', blockOffset: 0x1000 }],
    ['0=a+b+10:1000', { start: 0, last: 0xfff, block: 'a+b', blockOffset: 0x10 }],
    ['0=a=b:1000', { start: 0, last: 0xfff, block: 'a=b', blockOffset: 0 }],
    ['80000000=none:1000', { start: 0x8000_0000, last: 0x8000_0fff, block: null, blockOffset: 0 }],
    // A block of that name is reached by an offset.
    ['0=none+0:1000', { start: 0, last: 0xfff, block: 'none', blockOffset: 0 }],
    ['ffffffffff000=x:1000', { start: 0xf_ffff_ffff_f000, last: 0xf_ffff_ffff_ffff, block: 'x', blockOffset: 0 }],
  ])('%s', (text, correction) => {
    expect(parseMapOption(text)).toEqual(correction);
  });

  test.each([
    ['', 'expected START=BLOCK'],
    ['0', 'expected START=BLOCK'],
    ['0=pc.ram', 'expected START=BLOCK'],
    ['=pc.ram:1000', 'START'],
    ['0=:1000', 'expected START=BLOCK'],
    ['0=+10:1000', 'no name'],
    ['0=pc.ram:', 'LENGTH'],
    ['0=pc.ram:0', 'LENGTH is 0'],
    ['0=pc.ram:1g', 'LENGTH "1g" is not a hexadecimal number'],
    ['0=pc.ram+x:1000', 'OFFSET "x"'],
    ['-1=pc.ram:1000', 'START "-1"'],
    ['ffffffffff000=x:2000', 'beyond 52 bits'],
    ['10000000000000=x:1000', 'wider than a physical address'],
  ])('refuses %j', (text, reason) => {
    expect(() => parseMapOption(text)).toThrow(reason);
  });
});

test('the CPU families offered are those that the engine knows', () => {
  expect(Object.entries(CPU_FAMILIES)).toEqual(ENGINE_FAMILIES.map(({ id, title }) => [id, title]));
});

test('options become what the contract takes, and nothing that was not said', () => {
  expect(openOptions({}, 'format')).toEqual({});
  expect(openOptions({ format: 'raw', arch: 'x86-64', snapshot: 'before' }, 'format')).toEqual({
    format: 'raw',
    architecture: 'x86-64',
    snapshot: 'before',
  });
  expect(openOptions({ format: 'elf', 'input-format': 'kdump' }, 'input-format')).toEqual({ format: 'kdump' });
  expect(openOptions({ vm: '174.1' }, 'format')).toEqual({ vm: '174.1' });
});

describe('--ram', () => {
  const ram = (...texts: string[]) => openOptions({ ram: texts }, 'format').ramFiles;

  test('names a block and a file, whose path may hold anything', () => {
    expect(ram('pc.ram=/dev/shm/a=b', '0000:00:02.0/vga.vram=vram file')).toEqual({
      'pc.ram': '/dev/shm/a=b',
      '0000:00:02.0/vga.vram': 'vram file',
    });
  });

  test.each([[['pc.ram']], [['=file']], [['pc.ram=']], [['']], [['a=1', 'a=2']]])('refuses %j', (texts) => {
    expect(() => ram(...texts)).toThrow(/^--ram/);
  });
});
