/** Damaged debug files: cut at every length, bytes changed. Every question is answered or refused with an error of ours, and soon. */
import { describe, expect, it } from 'vitest';
import { WorkbenchError } from '#shared/errors.ts';
import { DebugTypes } from '#engine/dwarf/debug-types.ts';
import { resolved, sizeOf, typeText } from '#engine/dwarf/type-model.ts';
import { ElfFile } from '#engine/elf-object/elf-file.ts';
import { seededRandom } from '../../engine/io/seeded-random.ts';
import { debugBytes } from '../elf-object/debug-fixture.ts';
import { ArraySource } from '../memory/array-source.ts';

const FILES = [
  'gcc-dwarf5',
  'clang-names',
  'type-units4',
  'dwz-common',
  'lto',
  'zlib',
  'zstd',
  'gdb-index',
  'debug-names',
  's390x.o',
  'riscv64.o',
  'libgnu.so',
  'libs390x.so',
];
const FLIPS = 150;
const LIMIT_SECONDS = 3;
const TIMEOUT = { timeout: 120_000 };

/** Lets errors of ours pass, and no others. */
function ask(what: string, question: () => unknown): void {
  const began = performance.now();
  try {
    question();
  } catch (error) {
    if (!(error instanceof WorkbenchError)) throw new Error(`${what}: ${String((error as Error).stack)}`, { cause: error });
    expect(['bad-format', 'bad-request', 'unsupported'], what).toContain(error.code);
  }
  expect((performance.now() - began) / 1000, what).toBeLessThan(LIMIT_SECONDS);
}

/** Looks at everything there is to see of a file. */
function questions(bytes: Uint8Array, what: string): void {
  let elf: ElfFile | undefined;
  ask(what, () => (elf = new ElfFile(new ArraySource(bytes, 'damaged'))));
  if (!elf) return;
  const file = elf;
  ask(what, () => [file.buildId, file.debugLink, file.altLink]);
  ask(what, () => [file.findSymbol('shapes'), file.nearestSymbol(0x4080n)]);
  ask(what, () => [file.dynamicSymbols?.find('exported_42'), file.dynamicSymbols?.table()]);
  let types: DebugTypes | undefined;
  ask(what, () => (types = DebugTypes.of(file)));
  const known = types;
  if (!known) return;
  ask(what, () => known.offsetOf('Shapes', 'deeper[3]'));
  ask(what, () => known.variable('counter', { unit: 'other.c' }));
  ask(what, () => [known.variable('shapes'), known.variable('per_thread')]);
  ask(what, () => known.enum('Colour')?.values);
  ask(what, () => known.definitions('Node'));
  for (const struct of ['Shapes', 'Bits', 'NoTag', 'Opaque']) {
    ask(what, () => known.struct(struct)?.members.map(({ type }) => [sizeOf(type), typeText(type), resolved(type)]));
  }
  ask(what, () => [...known.structNames()]);
  ask(what, () => known.damage);
}

describe.each(FILES)('%s', (name) => {
  const good = debugBytes(name);

  it('cut off anywhere', TIMEOUT, () => {
    const step = Math.max(1, Math.floor(good.length / 400));
    for (let length = 0; length < good.length; length += length < 64 ? 1 : step) questions(good.subarray(0, length), `cut at ${length}`);
  });

  it('with bytes changed', TIMEOUT, () => {
    const random = seededRandom(name.length);
    const { sections } = new ElfFile(new ArraySource(good, name));
    const spots = sections.filter(({ name: section, size }) => size > 0 && /debug|index|sym|rela|dynamic|hash|strtab/.test(section));
    for (let round = 0; round < FLIPS; round++) {
      const bytes = good.slice();
      for (let count = Math.ceil(random() * 6); count > 0; count--) {
        const { offset, size } = spots[Math.floor(random() * spots.length)]!;
        bytes[offset + Math.floor(random() * Math.min(size, random() < 0.5 ? 64 : size))] = [0, 0xff, 0x80, Math.floor(random() * 256)][
          Math.floor(random() * 4)
        ]!;
      }
      questions(bytes, `round ${round}`);
    }
  });
});

describe('files that lie on purpose', () => {
  /** Overwrites the value of an attribute of the unit’s first entries: finds `from` in .debug_info. */
  function patched(name: string, section: string, edit: (view: DataView) => void): Uint8Array {
    const bytes = debugBytes(name);
    const { offset, size } = new ElfFile(new ArraySource(bytes, name)).section(section)!;
    edit(new DataView(bytes.buffer, offset, size));
    return bytes;
  }

  it('a unit longer than the section ends the list, and says so', () => {
    const types = DebugTypes.of(
      new ElfFile(
        new ArraySource(
          patched('gcc-dwarf5', '.debug_info', (view) => view.setUint32(0, 0x7fffffff, true)),
          'liar',
        ),
      ),
    )!;
    expect(types.struct('Shapes')).toBeUndefined();
    expect(types.damage.map(({ message }) => message)).toEqual([
      expect.stringMatching(/liar: DWARF \.debug_info unit_length at 0x4: expected a unit inside the section/),
    ]);
  });

  it('a version from the future is named', () => {
    const types = DebugTypes.of(
      new ElfFile(
        new ArraySource(
          patched('gcc-dwarf5', '.debug_info', (view) => view.setUint16(4, 6, true)),
          'future',
        ),
      ),
    )!;
    expect(types.struct('Shapes')).toBeUndefined();
    expect(types.damage[0]!.message).toMatch(/version at 0x6: expected 2 to 5, found 6/);
  });

  it('a compressed section that claims more than its stream can hold is not believed', () => {
    const bytes = patched('zlib', '.debug_info', (view) => view.setBigUint64(8, 2n ** 40n, true));
    expect(() => DebugTypes.of(new ElfFile(new ArraySource(bytes, 'bomb')))).toThrow(/decompressed size/);
  });
});
