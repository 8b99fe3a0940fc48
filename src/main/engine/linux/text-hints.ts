/**
 * Addresses in a kernel's text that a CPU itself names: where it would go on an interrupt, where it is.
 *
 * Facts: Intel SDM vol. 3, 6.11 and 6.14.1 (gates: the handler's address in pieces); Arm ARM D17.2.148 (VBAR_EL1); z/Architecture Principles of Operation, chapter 3, assigned storage locations: new PSWs from 0x1b0 on, the address in the second half; RISC-V
 * Privileged 10.1.2 (stvec); Linux Documentation/arch/powerpc (the kernel's linear map begins at 0xc000000000000000).
 */
import type { Architecture } from '../arch/architecture.ts';
import type { CpuState } from '../arch/cpu-state.ts';
import { rightsOf } from '../translate/paging-mode.ts';
import type { KernelSpace } from './kernel-space.ts';

/** Page fault, general protection, divide error. */
const GATES = [14, 13, 0];
/** Supervisor call, program check, I/O: where new PSWs have their addresses. */
const NEW_PSW_ADDRESSES = [0x1c8, 0x1d8, 0x1f8];
const ENTRY_REGISTERS = ['lstar', 'vbar_el1', 'vbar_el2', 'stvec', 'vbar'];
/** Where kernels lie that are not moved: x86-64, 32-bit ones with the usual split, ppc64, s390x. */
const USUAL: Readonly<Record<string, readonly bigint[]>> = {
  'x86-64': [0xffff_ffff_8100_0000n],
  i386: [0xc100_0000n],
  arm: [0xc010_0000n],
  ppc64: [0xc000_0000_0000_0000n],
  s390x: [0x10_0000n],
};

/** Those that are likely first. Some may be no text of the kernel, or not mapped. */
export function textHints(architecture: Architecture, cpu: CpuState, space: KernelSpace): bigint[] {
  const { registers } = cpu;
  const entries = ENTRY_REGISTERS.flatMap((name) => registers[name]?.value ?? []).filter((value) => value !== 0n);
  const usual = USUAL[architecture.id] ?? [];
  return [...gatesOf(cpu, space), ...newPswsOf(architecture, cpu, space), ...entries, ...hereOf(architecture, cpu, space), ...usual];
}

/** Where the CPU is, unless that is in a program. */
function hereOf({ id, pointers }: Architecture, { registers }: CpuState, { tables }: KernelSpace): bigint[] {
  const here = registers[pointers.instruction]?.value;
  if (here === undefined || !tables.translateAddress(here)) return [];
  return id !== 's390x' && rightsOf(tables.found.rights).user ? [] : [here];
}

function gatesOf({ segments }: CpuState, space: KernelSpace): bigint[] {
  const table = segments.idt?.base;
  if (table === undefined) return [];
  return GATES.flatMap((vector) => {
    const gate = table + BigInt(vector * 2 * space.wordSize);
    const low = space.u16(gate);
    const middle = space.u16(gate + 6n);
    const high = space.wordSize === 8 ? space.u32(gate + 8n) : 0;
    if (low === undefined || middle === undefined || high === undefined) return [];
    return (BigInt(high) << 32n) | (BigInt(middle) << 16n) | BigInt(low);
  });
}

function newPswsOf({ id }: Architecture, { registers }: CpuState, { memory }: KernelSpace): bigint[] {
  const prefix = registers.prefix?.value;
  if (id !== 's390x' || prefix === undefined) return [];
  return NEW_PSW_ADDRESSES.flatMap((offset) => {
    const bytes = new Uint8Array(8);
    const [span] = memory.read(Number(prefix) + offset, bytes);
    return span?.state === 'present' ? new DataView(bytes.buffer).getBigUint64(0) : [];
  });
}
