import { describe, expect, it } from 'vitest';
import { i386 } from '#engine/arch/i386/index.ts';
import { pagingOf } from '#engine/arch/regime.ts';
import { x86_64 } from '#engine/arch/x86-64/index.ts';
import type { CpuState } from '#engine/arch/cpu-state.ts';
import { translationTables } from '#engine/session/translation-root.ts';

const cpu = (cr0: bigint, cr4: bigint): CpuState => ({
  index: 0,
  registers: {
    cr0: { value: cr0, width: 32, source: '' },
    cr3: { value: 0x127cb58n, width: 32, source: '' },
    cr4: { value: cr4, width: 32, source: '' },
  },
  segments: {},
});
const tableOf = (...choice: Parameters<typeof translationTables>) => translationTables(...choice)[0]!;
const typed = { kind: 'root', root: 0x1000 } as const;

describe('the mode of a root that is typed in without one', () => {
  it('is the usual one of the family where no CPU says another', () => {
    expect(tableOf(x86_64, [], typed).mode.id).toBe('x86-64-4level');
    expect(tableOf(i386, [], typed).mode.id).toBe('x86-pae');
    expect(tableOf(i386, [cpu(0x11n, 0n)], typed).mode.id).toBe('x86-pae');
  });
  it('is that of the first CPU with paging on', () => {
    expect(tableOf(i386, [cpu(0x8000_0011n, 0x10n)], typed).mode.id).toBe('x86-32');
    expect(tableOf(i386, [cpu(0x8000_0011n, 0x20n)], typed).mode.id).toBe('x86-pae');
  });
});

describe('the root of a 32-bit CPU', () => {
  it('is CR3 without the bits that are no address: 5 of PAE, 12 of two levels', () => {
    expect(tableOf(i386, [cpu(0x8000_0011n, 0x20n)], { kind: 'cpu', cpu: 0 }).root).toBe(0x127cb40);
    expect(tableOf(i386, [cpu(0x8000_0011n, 0x10n)], { kind: 'cpu', cpu: 0 }).root).toBe(0x127c000);
  });
  it('is taken for a PAE one where the dump holds no control registers, not for one of long mode', () => {
    const bare: CpuState = { index: 0, registers: {}, segments: {} };
    expect(pagingOf(i386, bare).mode).toBe('x86-pae');
    expect(i386.describeCpu(bare).paging.mode).toBe('x86-pae');
    expect(pagingOf(x86_64, bare).mode).toBe('x86-64-4level');
  });
});
