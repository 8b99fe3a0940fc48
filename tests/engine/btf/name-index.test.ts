/** Names of types in a BTF that is put together here: what the kernels of the lab do not have of them. */
import { describe, expect, it } from 'vitest';
import { BtfData } from '#engine/btf/btf-data.ts';
import { BtfTypes } from '#engine/btf/btf-types.ts';
import { BTF_MAGIC, KIND } from '#engine/btf/layout.ts';

/** Bytes of the strings of each. */
const lengths = new Map<BtfData, number>();

/** Types without members: kind, name, size. `names` follow one another without an end where `endless`. */
function btf(types: readonly [kind: number, name: string, size: number][], base?: BtfData, endless = false): BtfData {
  const names = types.map(([, name]) => name);
  const strings = Buffer.from(`\0${names.join(endless ? '' : '\0')}${endless ? '' : '\0'}`);
  // Offsets of strings go on behind the base's.
  const first = base === undefined ? 0 : lengths.get(base)!;
  const bytes = Buffer.alloc(24 + 12 * types.length + strings.length);
  bytes.writeUInt16LE(BTF_MAGIC, 0);
  bytes.writeUInt8(1, 2);
  for (const [index, word] of [24, 0, 12 * types.length, 12 * types.length, strings.length].entries()) bytes.writeUInt32LE(word, 4 + 4 * index);
  let place = 1;
  for (const [index, [kind, name, size]] of types.entries()) {
    for (const [at, word] of [first + place, kind << 24, size].entries()) bytes.writeUInt32LE(word >>> 0, 24 + 12 * index + 4 * at);
    place += name.length + (endless ? 0 : 1);
  }
  strings.copy(bytes, 24 + 12 * types.length);
  const data = new BtfData(bytes, 'test', base);
  lengths.set(data, strings.length);
  return data;
}

describe('names of types', () => {
  it('are told apart by what they name: a struct, a union, an enum, a typedef', () => {
    const types = new BtfTypes(
      btf([
        [KIND.enum, 'same', 4],
        [KIND.union, 'same', 8],
        [KIND.struct, 'same', 16],
        [KIND.struct, 'other', 24],
      ]),
    );
    expect(types.struct('same')).toMatchObject({ kind: 'struct', size: 16 });
    expect(types.enum('same')).toMatchObject({ kind: 'enum', size: 4 });
    expect(types.struct('sam')).toBeUndefined();
    expect(types.enum('other')).toBeUndefined();
  });

  it('that come twice mean the first, those of a module before those of the kernel', () => {
    const base = btf([
      [KIND.struct, 'kvm', 1],
      [KIND.struct, 'list', 2],
      [KIND.struct, 'list', 3],
    ]);
    const types = new BtfTypes(
      btf(
        [
          [KIND.struct, 'kvm', 4],
          [KIND.struct, 'kvm', 5],
        ],
        base,
      ),
    );
    expect(types.struct('kvm')?.size).toBe(4);
    expect(types.struct('list')?.size).toBe(2);
    expect(new BtfTypes(base).struct('kvm')?.size).toBe(1);
  });

  it('without an end are nobody’s, and cost no more than others', () => {
    const types = new BtfTypes(
      btf(
        [
          [KIND.struct, 'a'.repeat(100_000), 1],
          [KIND.struct, 'b', 2],
        ],
        undefined,
        true,
      ),
    );
    expect(types.struct('b')).toBeUndefined();
    expect(types.struct('a'.repeat(100_000))).toBeUndefined();
  });
});
