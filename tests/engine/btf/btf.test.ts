/** BTF as pahole writes it for the kernel, against what the compiled program says of its own types; and damaged. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BtfData } from '#engine/btf/btf-data.ts';
import { BtfTypes } from '#engine/btf/btf-types.ts';
import { resolved } from '#engine/dwarf/type-model.ts';
import { DumpFormatError } from '#shared/errors.ts';

const folder = new URL('../../fixtures/btf/', import.meta.url);
const bytes = new Uint8Array(readFileSync(new URL('types.btf', folder)));
const rows = JSON.parse(readFileSync(new URL('offsets.json', folder), 'utf8')) as [string, string, number, number][];
const types = new BtfTypes(new BtfData(bytes, 'types.btf'));

describe('a member lies where the compiler put it', () => {
  it.each(rows)('%s.%s', (struct, path, offset, size) => {
    expect(types.offsetOf(struct, path)).toMatchObject({ offset, size });
  });

  it('bit fields by their bits, in the storage unit of their type', () => {
    expect(types.offsetOf('flags', 'middle')).toMatchObject({ offset: 0, bitField: { bitOffset: 3, bitSize: 7 } });
    expect(types.offsetOf('flags', 'high')).toMatchObject({ bitField: { bitOffset: 14, bitSize: 18 } });
    expect(types.offsetOf('outer', 'flags.long_one')).toMatchObject({ offset: 96, bitField: { bitOffset: 96 * 8, bitSize: 40 } });
  });

  it('types lead to each other in circles, through qualifiers', () => {
    const next = resolved(types.offsetOf('node', 'next').type);
    expect(next.kind === 'pointer' && next.target).toBe(types.struct('node'));
    const name = resolved(types.offsetOf('node', 'name').type);
    expect(name.kind === 'pointer' && name.target).toMatchObject({ kind: 'base', name: 'char', size: 1 });
  });

  it('enums have their signs, typedefs their targets', () => {
    expect([...(types.enum('colour')?.values ?? [])]).toEqual([
      ['RED', -1n],
      ['GREEN', 5n],
      ['BLUE', 0x7fff_ffffn],
    ]);
    expect(resolved(types.offsetOf('word', 'whole').type)).toMatchObject({ kind: 'base', size: 8, signed: false });
  });

  it('what is not there is named', () => {
    expect(() => types.offsetOf('nobody', 'x')).toThrow('there is no struct nobody in the BTF');
    expect(() => types.offsetOf('node', 'previous')).toThrow('no member “previous”');
    expect(types.find('node', 'previous')).toBeUndefined();
    expect(types.struct('later')).toBeUndefined();
    const announced = resolved(types.offsetOf('outer', 'announced').type);
    expect(announced.kind === 'pointer' && announced.target).toMatchObject({ kind: 'struct', name: 'later', declared: true });
  });
});

describe("a module's BTF goes on where the kernel's ends", () => {
  /** Two types of a module: a struct that holds a struct node of the kernel, under a name of its own and with a member whose name is the kernel's. */
  function split(base: BtfData): BtfData {
    const strings = new TextEncoder().encode('holder\0held\0');
    const nodeId = Array.from({ length: base.endId - 1 }, (_, index) => index + 1).find(
      (id) => base.string(base.word(base.find(id)!.offset)) === 'node',
    )!;
    const nextName = base.word(base.find(nodeId)!.offset + 12);
    const stringsAt = new BtfData(bytes, 'base').view.getUint32(20, true);
    const words = [stringsAt, (4 << 24) | 2, 32, stringsAt + 7, nodeId, 0, nextName, nodeId, 24 * 8];
    const out = new Uint8Array(24 + 4 * words.length + strings.length);
    const view = new DataView(out.buffer);
    view.setUint16(0, 0xeb9f, true);
    out[2] = 1;
    [24, 0, 4 * words.length, 4 * words.length, strings.length].forEach((word, index) => view.setUint32(4 + 4 * index, word, true));
    words.forEach((word, index) => view.setUint32(24 + 4 * index, word, true));
    out.set(strings, 24 + 4 * words.length);
    return new BtfData(out, 'BTF of a module', base);
  }

  it('with the names and types of both', () => {
    const module = new BtfTypes(split(new BtfData(bytes, 'types.btf')));
    expect(module.offsetOf('holder', 'held.name')).toMatchObject({ offset: 8 });
    expect(module.offsetOf('holder', 'next.next')).toMatchObject({ offset: 24 });
    expect(module.struct('outer')?.size).toBe(types.struct('outer')?.size);
  });
});

describe('damaged BTF is refused with the place or read without harm', () => {
  /** Everything that it says, with a bound. */
  function readAll(damaged: Uint8Array): void {
    const read = new BtfTypes(new BtfData(damaged, 'damaged'));
    for (let id = 0; id < 64; id++)
      JSON.stringify(read.type(id), (key, value: unknown) =>
        key === 'target' || key === 'element' || key === 'type' ? 0 : typeof value === 'bigint' ? 0 : value,
      );
    for (const [struct, path] of rows) read.find(struct, path);
  }

  it('cut at every length', () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(() => readAll(bytes.slice(0, length))).toThrow(DumpFormatError);
    }
  });

  it('with every byte changed', () => {
    for (let at = 0; at < bytes.length; at++) {
      for (const flip of [0x01, 0x80, 0xff]) {
        const damaged = bytes.slice();
        damaged[at]! ^= flip;
        try {
          readAll(damaged);
        } catch (error) {
          expect(error).toBeInstanceOf(DumpFormatError);
        }
      }
    }
  });
});
