/** The hashed page table of a pseries guest, which a stream without footers and description holds between parts of RAM. */
import { describe, expect, it } from 'vitest';
import { endOfHashTablePart } from '#engine/formats/qemu-stream/hash-table-part.ts';
import { translationTables } from '#engine/session/translation-root.ts';
import { ppc64 } from '#engine/arch/ppc64/index.ts';
import { TranslationSpace } from '#engine/translate/translation-space.ts';
import { readGuest, unpack } from '../../arch/ppc64/power-guests.ts';
import { ArraySource } from '../../memory/array-source.ts';
import { openBytes } from '../open-bytes.ts';
import { END, EOS, FULL, MEM_SIZE, PAGE, PART, START, StreamWriter } from './stream-writer.ts';

const guest = readGuest('hashed');
const table = unpack(guest.table!);
/** The table's part with the header that every part but the first has. */
const part = Uint8Array.from([0, 0, 0, 0, ...table.subarray(4)]);

describe('a part of section spapr/htab', () => {
  it('ends after the chunk that holds nothing, wherever the file goes on', () => {
    for (const kind of [PART, END])
      expect(endOfHashTablePart(new ArraySource(Uint8Array.from([9, ...part, 1, 2, 3])), { kind, start: 1 })).toBe(1 + part.length);
  });

  it('is its header alone where it starts, and where the guest has no such table', () => {
    const none = new ArraySource(Uint8Array.from([255, 255, 255, 255, 1, 2, 3, 4, 5, 6, 7, 8]));
    expect(endOfHashTablePart(new ArraySource(table), { kind: START, start: 0 })).toBe(4);
    expect(endOfHashTablePart(none, { kind: PART, start: 0 })).toBe(4);
  });

  it('has no end where the file is cut inside of it', () => {
    for (let length = 0; length < part.length; length += 37) {
      expect(endOfHashTablePart(new ArraySource(part.subarray(0, length)), { kind: PART, start: 0 })).toBeUndefined();
    }
  });
});

describe('a stream of a pseries machine up to 2.3', () => {
  it('opens with memory, CPU and hashed page table', () => {
    const { section, common } = guest.cpus[0]!;
    const stream = new StreamWriter().header();
    stream.section(START, 1, 'spapr/htab', 1).raw(table.subarray(0, 4));
    stream
      .section(START, 2, 'ram', 4)
      .u64(2 * PAGE + MEM_SIZE)
      .name('ppc_spapr.ram')
      .u64(2 * PAGE)
      .u64(EOS);
    stream.part(PART, 1).raw(part);
    stream
      .part(END, 2)
      .u64(0x02)
      .name('ppc_spapr.ram')
      .u8(0)
      .u64(PAGE + 0x22)
      .u8(1)
      .u64(EOS);
    stream.part(END, 1).raw([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    stream.section(FULL, 3, 'cpu_common', 1).raw(unpack(common)).section(FULL, 4, 'cpu', 5).raw(unpack(section)).u8(0);
    const { dump, memory } = openBytes(stream.bytes());
    expect(dump).toMatchObject({ architecture: 'ppc64', littleEndian: true, cpus: [{ hashTable: { shift: 22 }, halted: true }] });
    expect(dump.diagnostics.map(({ code }) => code)).toEqual(['no-vmdesc']);
    const space = new TranslationSpace(memory, translationTables(ppc64, dump.cpus, { kind: 'cpu', cpu: 0 }));
    for (const { gva, gpa } of guest.translations.filter(({ cpu }) => cpu === 0)) {
      const mapped = space.translateAddress(BigInt(`0x${gva}`));
      expect([gva, mapped ? space.found.physical.toString(16) : null]).toEqual([gva, gpa]);
    }
  });
});
