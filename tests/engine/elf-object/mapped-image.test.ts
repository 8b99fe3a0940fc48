/** ELF images read out of a real process's memory (fixtures/debug/make.py: process), against the addresses that the process printed. */
import { describe, expect, it } from 'vitest';
import { DT_DEBUG, type AddressedBytes } from '#engine/elf-object/dynamic-symbols.ts';
import { MappedImage } from '#engine/elf-object/mapped-image.ts';
import { debugBytes, processAnswer } from './debug-fixture.ts';

const { pieces, printed } = processAnswer();
const base = (file: string) => BigInt(pieces.find(([, , name]) => name === file)![0]);

/** Memory with some of the pieces. */
function memory(has: (index: number) => boolean = () => true): AddressedBytes {
  const bytes = debugBytes('process-memory');
  return {
    read(virtualAddress, length) {
      let at = 0;
      for (const [index, [start, size]] of pieces.entries()) {
        const offset = Number(virtualAddress - BigInt(start));
        if (has(index) && offset >= 0 && offset + length <= size) return bytes.subarray(at + offset, at + offset + length);
        at += size;
      }
      return undefined;
    },
  };
}

describe('an image in a process', () => {
  it('exports a library’s symbols where the process saw them', () => {
    const image = MappedImage.at(memory(), base('libgnu.so'));
    for (const name of ['exported_10', 'exported_42', 'exported_function']) expect(image.find(name)?.value, name).toBe(BigInt(printed[name]!));
    for (const name of ['imported', 'not_exported', 'exported_99']) expect(image.find(name), name).toBeUndefined();
    expect(image.find('of_each_thread'), 'an offset is no address').toBeUndefined();
    expect(image.symbols!.find('of_each_thread')?.name).toBe('of_each_thread');
  });

  it('knows a library by its name and build id', () => {
    const image = MappedImage.at(memory(), base('libgnu.so'));
    expect(image.soname).toBe('libgnu.so');
    expect(image.buildId).toBe('0123456789abcdef');
    expect(image.end).toBeGreaterThan(BigInt(printed['exported_42']!));
  });

  it('finds the way to the link map in the executable', () => {
    const image = MappedImage.at(memory(), base('process'));
    expect(image.bias).toBe(image.base);
    expect(image.dynamic.get(DT_DEBUG)).toBeGreaterThan(0x7f00_0000_0000n);
  });

  it('lists every symbol of the library for lookups by address', () => {
    const image = MappedImage.at(memory(), base('libgnu.so'));
    const nearest = image.symbols!.table()!.nearest(BigInt(printed['exported_42']!) - image.bias + 1n);
    expect(nearest).toMatchObject({ symbol: { name: 'exported_42' }, offset: 1n });
  });

  it('says what is not in the core, and finds nothing rather than something wrong in what is cut', () => {
    expect(() =>
      MappedImage.at(
        memory(() => false),
        base('libgnu.so'),
      ),
    ).toThrow(/ELF header at 0x[0-9a-f]+ is not in the core/);
    const first = pieces.findIndex(([, , name]) => name === 'libgnu.so');
    const image = MappedImage.at(
      memory((index) => index === first),
      base('libgnu.so'),
    );
    expect(image.find('exported_10')).toBeUndefined();
    expect(() => MappedImage.at(memory(), base('libgnu.so') + 0x40n)).toThrow(/No ELF header/);
  });
});
