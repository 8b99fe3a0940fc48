import { describe, expect, it } from 'vitest';
import { choiceOf, inferredFrom, missingRoots, regimeOf, tableFor } from '../../../src/renderer/src/composables/root-words.ts';
import type { CpuPaging } from '../../../src/shared/model/index.ts';
import { cpuView } from '../cpu-view.ts';

const HALF = 0xffff_0000_0000_0000n;
/** An AArch64 CPU at EL1, as far as its page tables go; EL2's are not in the dump. */
function armCpu(ttbr1: number | null) {
  const cpu = cpuView();
  const one = { mode: 'arm64-4k-48', title: '4 KiB granule', reason: '' };
  const tables = [
    { ...one, register: 'TTBR0_EL1', root: 0x4100_0000, first: 0n, last: 0xffff_ffff_ffffn },
    { ...one, register: 'TTBR1_EL1', root: ttbr1, first: HALF, last: 0xffff_ffff_ffff_ffffn },
  ];
  const el1: CpuPaging = { ...one, id: 'el1', register: 'TTBR1_EL1', root: ttbr1, tables };
  const lost = { ...one, register: 'TTBR0_EL2', root: null, first: 0n, last: HALF };
  const el2: CpuPaging = { ...lost, id: 'el2', tables: [lost, { ...lost, register: 'TTBR1_EL2' }] };
  const ttbr = { name: 'ttbr1_el1', value: 0n, width: 64, group: 'system' as const, source: 'VMCOREINFO', inferred: true, fields: [] };
  return { ...cpu, paging: el1, regimes: [el1, el2], registers: [ttbr] };
}

describe('page tables of a CPU with several regimes', () => {
  const cpu = armCpu(0x4200_0000);
  it('are those of its own regime unless another is chosen', () => {
    expect(regimeOf(choiceOf(cpu), [cpu])?.id).toBe('el1');
    expect(regimeOf(choiceOf(cpu, 'el2'), [cpu])?.id).toBe('el2');
    expect(choiceOf(cpu, 'el1')).toEqual({ kind: 'cpu', cpu: 0 });
    expect(regimeOf({ kind: 'cpu', cpu: 1 }, [cpu])).toBeUndefined();
    expect(regimeOf({ kind: 'root', root: 0 }, [cpu])).toBeUndefined();
  });
  it('are named by the register that translates the address at hand', () => {
    expect(tableFor(cpu.paging, 0x1000n).register).toBe('TTBR0_EL1');
    expect(tableFor(cpu.paging, HALF).register).toBe('TTBR1_EL1');
    expect(tableFor(cpu.paging, 0x1_0000_0000_0000n).register).toBe('TTBR1_EL1');
  });
  it('say when their root was worked out', () => {
    expect(inferredFrom(cpu, 'TTBR1_EL1')).toBe('VMCOREINFO');
    expect(inferredFrom(cpu, 'TTBR0_EL1')).toBeUndefined();
  });
  it('name the registers that are missing only where nothing can be walked', () => {
    expect(missingRoots(cpu.paging)).toEqual([]);
    expect(missingRoots(armCpu(null).paging)).toEqual([]);
    expect(missingRoots(cpu.regimes[1]!)).toEqual(['TTBR0_EL2', 'TTBR1_EL2']);
  });
});
