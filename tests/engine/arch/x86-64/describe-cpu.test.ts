/** What the registers panel gets: mode line, paging, bits in words. */
import { describe, expect, it } from 'vitest';
import { alignRoot } from '#engine/translate/paging-mode.ts';
import type { CpuState, RegisterValue } from '#engine/arch/cpu-state.ts';
import { pagingOf } from '#engine/arch/regime.ts';
import { x86_64 } from '#engine/arch/x86-64/index.ts';
import { fromElf, fromStream } from './tiny-cpus.ts';

function withRegisters(state: CpuState, values: Record<string, bigint>): CpuState {
  const changed: Record<string, RegisterValue> = {};
  for (const [name, value] of Object.entries(values)) changed[name] = { value, width: 64, source: 'test' };
  return { ...state, registers: { ...state.registers, ...changed } };
}

const fieldOf = (state: CpuState, register: string, name: string) =>
  x86_64
    .describeCpu(state)
    .registers.find((row) => row.name === register)
    ?.fields.find((field) => field.name === name);

describe('the mode line', () => {
  it('tells a 64-bit kernel from a 32-bit firmware', () => {
    expect(x86_64.describeCpu(fromStream(0)).mode).toBe('64-bit kernel, CPL 0, halted');
    expect(x86_64.describeCpu(fromStream(1)).mode).toBe('32-bit protected mode, kernel, paging off, CPL 0, halted');
    expect(x86_64.describeCpu(fromElf(0)).mode).toBe('64-bit kernel, CPL 0');
  });

  it('tells user mode, real mode and compatibility mode', () => {
    const kernel = fromStream(0);
    const segment = (flags: number, selector: number) => ({ selector, base: 0n, limit: 0xffff_ffff, flags, source: 'test' });
    const user = { ...kernel, segments: { ...kernel.segments, cs: segment(0xaffb00, 0x33), ss: segment(0xcff300, 0x2b) } };
    expect(x86_64.describeCpu(user).mode).toBe('64-bit user, CPL 3, halted');
    const compatibility = { ...user, segments: { ...user.segments, cs: segment(0xcffb00, 0x23) } };
    expect(x86_64.describeCpu(compatibility).mode).toBe('32-bit user (compatibility mode), CPL 3, halted');
    expect(x86_64.describeCpu(withRegisters(kernel, { cr0: 0x10n })).mode).toBe('real mode, paging off, CPL 0, halted');
  });
});

describe('paging', () => {
  it.each([
    [{}, 'x86-64-4level'],
    [{ cr4: 0x16a0n }, 'x86-64-5level'],
    [{ cr0: 0x33n }, 'off'],
    [{ efer: 0n }, 'x86-pae'],
    [{ efer: 0n, cr4: 0x10n }, 'x86-32'],
  ])('with %o is %s', (values, mode) => {
    expect(pagingOf(x86_64, withRegisters(fromStream(0), values)).mode).toBe(mode);
  });

  it('does not take PCID, LAM or no-flush bits of CR3 for the root', () => {
    const state = withRegisters(fromStream(0), { cr3: 0xe000_0000_0107_8fffn });
    expect(pagingOf(x86_64, state).root).toBe(0x1078000);
  });

  it('aligns the root of each mode as the CPU does', () => {
    for (const [cr4, root] of [
      [0x6d0n, 0x127c000],
      [0x6f0n, 0x127cb40],
    ] as const) {
      const paging = pagingOf(x86_64, withRegisters(fromStream(0), { cr0: 0x80050033n, cr4, cr3: 0x127cb58n, efer: 0n }));
      expect([paging.root, alignRoot(x86_64.pagingMode(paging.mode), paging.root!)]).toEqual([root, root]);
    }
  });
});

describe('bit fields', () => {
  it('are those that QEMU shows set in CR0 of the tiny guest', () => {
    const cr0 = x86_64.describeCpu(fromStream(0)).registers.find(({ name }) => name === 'cr0');
    expect(cr0?.fields.filter(({ value }) => value === 1n).map(({ name }) => name)).toEqual(['PG', 'WP', 'NE', 'ET', 'MP', 'PE']);
    expect(cr0?.fields.some(({ reserved }) => reserved)).toBe(false);
  });

  it('mark reserved bits that are set and fixed bits that are clear', () => {
    expect(fieldOf(withRegisters(fromStream(0), { cr4: 0x8000_06a0n }), 'cr4', 'bit 31')).toMatchObject({ reserved: true, value: 1n });
    expect(fieldOf(withRegisters(fromStream(0), { rflags: 0x46n & ~2n }), 'rflags', 'fixed')).toMatchObject({ reserved: true });
  });

  it('show CR3 with a PCID only when CR4.PCIDE is set', () => {
    const state = withRegisters(fromStream(0), { cr3: 0x200018n });
    expect(fieldOf(state, 'cr3', 'PWT')?.value).toBe(1n);
    expect(fieldOf(withRegisters(state, { cr4: 0x206a0n }), 'cr3', 'PCID')?.value).toBe(0x18n);
  });

  it('of an inferred EFER are only the bits that are known', () => {
    const efer = x86_64.describeCpu(fromElf(0)).registers.find(({ name }) => name === 'efer');
    expect(efer?.fields.map(({ name }) => name)).toEqual(['LMA', 'LME']);
  });

  it('account for every bit that is set, whatever the value, and never overlap', () => {
    let seed = 0x2545_f491n;
    const random = () => (seed = BigInt.asUintN(64, seed * 6364136223846793005n + 1442695040888963407n));
    const base = fromStream(0);
    for (let round = 0; round < 40; round++) {
      const registers = Object.fromEntries(
        Object.entries(base.registers).map(([name, held]) => [
          name,
          { ...held, value: BigInt.asUintN(held.width, (random() << 64n) ^ (random() >> 7n)) },
        ]),
      );
      for (const { name, value, fields } of x86_64.describeCpu({ ...base, registers }).registers) {
        if (fields.length === 0) continue;
        let covered = 0n;
        for (const field of fields) {
          expect([name, field.name, covered & (((1n << BigInt(field.width)) - 1n) << BigInt(field.bit))]).toEqual([name, field.name, 0n]);
          covered |= ((1n << BigInt(field.width)) - 1n) << BigInt(field.bit);
          expect(field.value).toBe(BigInt.asUintN(field.width, value >> BigInt(field.bit)));
          expect(field.meaning).not.toBe('');
        }
        expect([name, value & ~covered]).toEqual([name, 0n]);
      }
    }
  });
});

describe('segments', () => {
  it('read as the tiny guest loaded them', () => {
    const segments = new Map(x86_64.describeCpu(fromStream(0)).segments.map((segment) => [segment.name, segment]));
    expect(segments.get('cs')).toMatchObject({ selector: 0x10, meaning: '64-bit code, DPL 0, readable, accessed' });
    expect(segments.get('ss')?.meaning).toBe('data, DPL 0, writable, accessed');
    expect(segments.get('tr')?.meaning).toBe('TSS, available, DPL 0');
    expect(segments.get('gdt')?.meaning).toBe('global descriptor table, 8 entries');
    expect(segments.get('cs')?.fields.find(({ name }) => name === 'L')?.value).toBe(1n);
  });
});
