/** Small files made to keep a reader busy: each would cost hours if work were not bounded by the size of the file. */
import { describe, expect, it } from 'vitest';
import { DebugTypes } from '#engine/dwarf/debug-types.ts';
import { ElfFile } from '#engine/elf-object/elf-file.ts';
import { ArraySource } from '../memory/array-source.ts';

const LIMIT_SECONDS = 30;
const TIMEOUT = { timeout: 60_000 };
const HEADER = 64;
const SECTION = 64;

/** A 64-bit little-endian program of sections. */
function elfOf(contents: Record<string, Uint8Array>): ElfFile {
  const names = ['', ...Object.keys(contents), '.shstrtab'];
  const text = new TextEncoder().encode(names.map((name) => `${name}\0`).join(''));
  const parts = [...Object.values(contents), text];
  const start = HEADER + names.length * SECTION;
  const bytes = new Uint8Array(start + parts.reduce((sum, { length }) => sum + length, 0));
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  for (const [at, value] of [[16, 2], [18, 62], [58, SECTION], [60, names.length], [62, names.length - 1]] as const) view.setUint16(at, value, true); // prettier-ignore
  view.setBigUint64(40, BigInt(HEADER), true);
  let offset = start;
  let nameAt = 1;
  for (const [index, part] of parts.entries()) {
    const at = HEADER + (index + 1) * SECTION;
    view.setUint32(at, nameAt, true);
    view.setUint32(at + 4, 1, true);
    view.setBigUint64(at + 24, BigInt(offset), true);
    view.setBigUint64(at + 32, BigInt(part.length), true);
    bytes.set(part, offset);
    offset += part.length;
    nameAt += names[index + 1]!.length + 1;
  }
  return new ElfFile(new ArraySource(bytes, 'hostile'));
}

/** A DWARF 4 unit: its root has abbreviation 1, `entries` follow. */
function unitOf(entries: Uint8Array, abbreviations = 0): Uint8Array {
  const bytes = new Uint8Array(12 + entries.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length - 4, true);
  view.setUint16(4, 4, true);
  view.setUint32(6, abbreviations, true);
  bytes[10] = 8;
  bytes[11] = 1;
  bytes.set(entries, 12);
  return bytes;
}

function soon(elf: ElfFile): DebugTypes {
  const began = performance.now();
  const types = DebugTypes.of(elf)!;
  expect(types.struct('nowhere')).toBeUndefined();
  expect([...types.structNames()]).toEqual([]);
  expect(types.variable('nowhere', { unit: 'nowhere.c' })).toBeUndefined();
  expect((performance.now() - began) / 1000).toBeLessThan(LIMIT_SECONDS);
  return types;
}

const COUNT = 300_000;
const ROOT = [1, 0x11, 1, 0, 0];

describe('a small file that wants to be busy', () => {
  it('with names that never end', TIMEOUT, () => {
    // typedef, DW_AT_name of form strp: each at another place of a table without a zero byte.
    const entries = new Uint8Array(COUNT * 5);
    const view = new DataView(entries.buffer);
    for (let index = 0; index < COUNT; index++) {
      entries[index * 5] = 2;
      view.setUint32(index * 5 + 1, index * 8, true);
    }
    const abbreviations = Uint8Array.from([...ROOT, 2, 0x16, 0, 3, 0x0e, 0, 0, 0]);
    soon(elfOf({ '.debug_info': unitOf(entries), '.debug_abbrev': abbreviations, '.debug_str': new Uint8Array(COUNT * 8).fill(0x41) }));
  });

  it('with variables that all take their name from one long entry', TIMEOUT, () => {
    // 2: variable with DW_AT_specification (ref4) and a location of no bytes; 3: variable with an inline name of 1 MiB.
    const long = 2 ** 20;
    const entries = new Uint8Array(1 + long + 1 + COUNT * 6);
    entries[0] = 3;
    entries.fill(0x41, 1, 1 + long);
    const view = new DataView(entries.buffer);
    for (let at = long + 2; at + 6 <= entries.length; at += 6) {
      entries[at] = 2;
      view.setUint32(at + 1, 12, true);
    }
    const abbreviations = Uint8Array.from([...ROOT, 2, 0x34, 0, 0x47, 0x13, 2, 0x18, 0, 0, 3, 0x34, 0, 3, 8, 0, 0, 0]);
    const types = soon(elfOf({ '.debug_info': unitOf(entries), '.debug_abbrev': abbreviations }));
    expect(types.damage.map(({ message }) => message)).toEqual([expect.stringMatching(/one long entry over and over/)]);
  });

  it('with tables of abbreviations that overlap', TIMEOUT, () => {
    // Every unit begins its table one byte further into a megabyte of abbreviations.
    const table = new Uint8Array(2 ** 20);
    for (let at = 0; at + 5 < table.length; at += 5) table.set([1, 0x11, 0, 0, 0], at);
    const count = 20_000;
    const units = new Uint8Array(count * 12);
    for (let index = 0; index < count; index++) units.set(unitOf(new Uint8Array(0), index * 5), index * 12);
    const types = soon(elfOf({ '.debug_info': units, '.debug_abbrev': table }));
    expect(types.damage[0]?.message).toMatch(/tables that overlap/);
  });

  it('with a struct that is an anonymous member of itself, twice', TIMEOUT, () => {
    // struct "s" of 8 bytes; member without a name of type ref4 → the struct.
    const entries = Uint8Array.from([2, 0x73, 0, 8, 3, 12, 0, 0, 0, 3, 12, 0, 0, 0, 0, 0]);
    const abbreviations = Uint8Array.from([...ROOT, 2, 0x13, 1, 3, 8, 0x0b, 0x0b, 0, 0, 3, 0x0d, 0, 0x49, 0x13, 0, 0, 0]);
    const types = DebugTypes.of(elfOf({ '.debug_info': unitOf(entries), '.debug_abbrev': abbreviations }))!;
    expect(types.struct('s')?.members).toHaveLength(2);
    expect(() => types.offsetOf('s', 'nowhere')).toThrow(/struct s has no member “nowhere”/);
  });
});
