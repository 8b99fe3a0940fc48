/** What the `cpu` sections of 64-bit and of 32-bit ARM CPUs share: QEMU saves them alike, and only the ids of their system registers tell them apart. */
import type { VmField, VmStruct } from '../vmstate.ts';

interface ListedRegister {
  id: bigint;
  value: bigint;
  /** Of the value. */
  field: VmField;
  index: number;
}

const valuesOf = (cpu: VmStruct, name: string): VmField[] => cpu.fields.filter((field) => field.name === name);

/** System registers in the order of the section. */
export function listedRegisters(cpu: VmStruct): ListedRegister[] {
  const ids = valuesOf(cpu, 'cpreg_vmstate_indexes').flatMap(({ values }) => values);
  const values = valuesOf(cpu, 'cpreg_vmstate_values').flatMap((field) => field.values.map((value, index) => ({ value, field, index })));
  return values.flatMap(({ value, field, index }, n) => {
    const id = ids[n];
    return typeof id === 'bigint' && typeof value === 'bigint' ? [{ id, value, field, index }] : [];
  });
}

const ARM64 = 0x6n;
const ARM = 0x4n;
/** ID_AA64MMFR0_EL1, which a 32-bit CPU does not have. */
const AARCH64_ALONE = 0x6030_0000_0013_c038n;
/** PSTATE.nRW: clear in AArch64 state. */
const SHORT_STATE = 1n << 4n;

/** The CPU's family; undefined for a section of no ARM CPU. Of registers that both have QEMU lists AArch64's id on 32-bit CPUs, too. */
export function armFamilyOf(cpu: VmStruct): 'arm64' | 'arm' | undefined {
  const ids = valuesOf(cpu, 'cpreg_vmstate_indexes').flatMap(({ values }) => values);
  if (!ids.some((id) => typeof id === 'bigint' && (id >> 60n === ARM64 || id >> 60n === ARM))) return undefined;
  const state = valuesOf(cpu, 'cpsr')[0]?.values[0];
  return ids.includes(AARCH64_ALONE) || (typeof state === 'bigint' && (state & SHORT_STATE) === 0n) ? 'arm64' : 'arm';
}

/** Index of QEMU's banks (target/arm/internals.h, BANK_USRSYS …). */
export const BANK = { usr: 0, svc: 1, abt: 2, und: 3, irq: 4, fiq: 5, hyp: 6, mon: 7 } as const;
