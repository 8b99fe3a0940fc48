/** The kernel's tables of a crashed kernel's dump, whose notes have no CR3: by VMCOREINFO of a real Linux guest, against the CR3 that QEMU saved of it. */
import { describe, expect, it } from 'vitest';
import { pagingOf } from '#engine/arch/regime.ts';
import { x86_64 } from '#engine/arch/x86-64/index.ts';
import type { CpuState } from '#engine/arch/cpu-state.ts';
import { parseVmcoreinfo } from '#engine/formats/vmcoreinfo.ts';
import { lookForRoots } from '#engine/session/look-for-roots.ts';
import { walkableTables } from '#engine/translate/regime-tables.ts';
import { TranslationSpace } from '#engine/translate/translation-space.ts';
import { fixture } from '../../../fixtures/fixture.ts';
import { openToExport, SILENT } from '../../export/export-case.ts';

const { dump, memory } = openToExport(fixture('linux/stream.qevm'));
const values = parseVmcoreinfo(dump.vmcoreinfo!);
const bare: CpuState = { index: 0, registers: { rax: { value: 1n, width: 64, source: 'NT_PRSTATUS' } }, segments: {} };
const symbol = BigInt(`0x${values.get('SYMBOL(init_uts_ns)')}`);

function translate(cpu: CpuState, address: bigint): number | undefined {
  const space = new TranslationSpace(memory, walkableTables(x86_64, cpu));
  return space.translateAddress(address) ? space.found.physical : undefined;
}

describe('a CPU without control registers', () => {
  const [cpu] = x86_64.completeCpus!([bare], { memory, vmcoreinfo: values }) as [CpuState];

  it("translates the kernel's addresses as the CPU that ran it does", () => {
    const running = dump.cpus.map((each) => translate(each, symbol)).find((found) => found !== undefined);
    expect(running).toBeDefined();
    expect(translate(cpu, symbol)).toBe(running);
    expect(pagingOf(x86_64, cpu).mode).toBe(pagingOf(x86_64, dump.cpus[0]!).mode);
  });

  it('says that its root is inferred, and keeps what the dump holds', () => {
    expect(cpu.registers.cr3).toMatchObject({ inferred: true, source: expect.stringContaining('SYMBOL(swapper_pg_dir)') });
    expect(cpu.registers.rax).toBe(bare.registers.rax);
  });

  it.each([['SYMBOL(swapper_pg_dir)'], ['NUMBER(phys_base)']])('stays as it is without %s', (key) => {
    const less = new Map(values);
    less.delete(key);
    expect(x86_64.completeCpus!([bare], { memory, vmcoreinfo: less })).toEqual([bare]);
  });
});

it('one that has its CR3 keeps it', () => {
  expect(x86_64.completeCpus!(dump.cpus, { memory, vmcoreinfo: values })).toEqual(dump.cpus);
});

describe('looking for page tables', () => {
  it('completes the CPUs of a dump without control registers, by the VMCOREINFO in memory', () => {
    const found = lookForRoots(memory, { ...dump, cpus: [bare], vmcoreinfo: undefined }, x86_64, SILENT);
    expect(found.completed).toBe(true);
    expect(found.candidates).toHaveLength(1);
    expect(found.candidates[0]?.root).toBe(pagingOf(x86_64, found.cpus[0]!).root);
    expect(found.vmcoreinfo?.description).toEqual(dump.vmcoreinfo!.description);
  });
});
