/**
 * What QEMU gathers of an ARM CPU's state only when it saves it (QEMU target/arm/machine.c, cpu_pre_save, and helper.c, write_cpustate_to_list; cpu.h, cpregs.h, 5.2 to 10.0), on 64-bit hosts:
 * PSTATE, whose parts have places of their own, and the system registers, of which a table says where each lies.
 *
 * ```
 * ARMCPU        before cpreg_vmstate_array_len (i32): - 48 cp_regs (GHashTable)  - 40 cpreg_indexes (u64 *)  - 32 cpreg_values  - 24 cpreg_array_len (i32)
 * CPUARMState   pc  + 8 pstate (u32)  + 12 aarch64 (u8);  fiq_regs (u32 each, 5)  + 20 CF  + 24 VF  + 28 NF  + 32 ZF;  elr_el  - 16 btype (u32)  - 8 daif (u64),
 *               since 7.1, with svcr (u64, 0 to 3) between: elr_el  - 20 btype  - 16 daif
 * ARMCPRegInfo  0 name  8 cp  9 crn  10 crm  11 opc0  12 opc1  13 opc2 (u8 each)  16 state (u32; 1: AArch64) …  then opaque, resetvalue (u64), fieldoffset (i64: in CPUARMState),
 *               bank_fieldoffsets[2], accessfn, readfn, writefn, raw_readfn
 * GHashTable    mask (u32), after which nnodes …, keys, hashes, values (an array of mask + 1 pointers)   (glib 2.58 to 2.84)
 * ```
 * An id of a register is the kernel's (Documentation/virt/kvm/api.rst, 4.68): op0, op1, CRn, CRm, op2 in its low 16 bits. A register that a function reads is left out.
 */
import type { VmField, VmStruct } from '../../arch/vmstate.ts';
import type { ProcessMemory } from '../process-core/process-memory.ts';
import type { ReadState } from './described-state.ts';

const DAIF = 0x3c0n;
const MAX_REGISTERS = 8192;
const STATE_AARCH64 = 1;
/** Upper half of an id: AArch64, 64 bits, system register. */
const ARM64_SYSREG = 0x6030_0000_0013n;
/** Where fieldoffset may stand: with and without fine-grained traps before it. */
const FIELD_OFFSETS = [56, 48, 64, 72];
/** Registers with a place of their own that the smallest CPU has; a Cortex-A57 has 73. */
const LEAST_PLACED = 20;
/** CPUARMState is smaller. */
const MAX_FIELD = 2 ** 20;

interface RegisterInfo {
  at: number;
  /** op0 … op2 as in an id. */
  code: number;
}

/** The state as QEMU would save it, as far as that can be read; without PSTATE for a CPU in AArch32 state. */
export function withSystemRegisters(memory: ProcessMemory, { state, addresses }: ReadState): VmStruct {
  const [env, length] = [addresses.get('env.regs'), addresses.get('cpreg_vmstate_array_len')];
  const pstate = pstateOf(memory, addresses);
  const fields = [...state.fields.filter(({ name }) => name !== 'cpsr' && !name.startsWith('cpreg_vmstate_'))];
  if (pstate !== undefined)
    fields.push({ name: 'cpsr', type: 'uint32', size: 4, fileOffset: memory.fileOffset(addresses.get('env.pc')! + 8) ?? 0, values: [pstate] });
  const registers = env === undefined || length === undefined ? [] : systemRegisters(memory, env, length);
  const list = (name: string, pick: (register: (typeof registers)[number]) => bigint): VmField => ({
    name,
    type: 'uint64',
    size: 8,
    fileOffset: 0,
    isArray: true,
    values: registers.map(pick),
  });
  if (registers.length > 0)
    fields.push(
      list('cpreg_vmstate_indexes', ({ id }) => id),
      list('cpreg_vmstate_values', ({ value }) => value),
    );
  return { ...state, fields };
}

function pstateOf(memory: ProcessMemory, addresses: ReadonlyMap<string, number>): bigint | undefined {
  const [pc, fiq, elr] = ['env.pc', 'env.fiq_regs', 'env.elr_el'].map((name) => addresses.get(name));
  if (pc === undefined || fiq === undefined || elr === undefined || memory.u8(pc + 12) !== 1) return undefined;
  const [pstate, carry, overflow, negative, zero] = [pc + 8, fiq + 20, fiq + 24, fiq + 28, fiq + 32].map((at) => memory.u32(at));
  const masks = masksOf(memory, elr);
  if (pstate === undefined || carry === undefined || overflow === undefined || negative === undefined || zero === undefined) return undefined;
  if (!masks || carry > 1) return undefined;
  const flags = (BigInt(negative >>> 31) << 31n) | (zero === 0 ? 1n << 30n : 0n) | (BigInt(carry) << 29n) | (BigInt(overflow >>> 31) << 28n);
  return flags | BigInt(pstate) | masks.daif | BigInt(masks.btype << 10);
}

/** DAIF has bits 6 to 9 of PSTATE, so that the two versions can be told by it, but for zeros, which both have in either place. */
function masksOf(memory: ProcessMemory, elr: number): { daif: bigint; btype: number } | undefined {
  const last = memory.u64(elr - 8);
  if (last === undefined) return undefined;
  const older = last !== 0n && (last & ~DAIF) === 0n;
  const daif = older ? last : memory.u64(elr - 16);
  const btype = memory.u32(elr - (older ? 16 : 20));
  if (!older && last > 3n) return undefined;
  return daif === undefined || (daif & ~DAIF) !== 0n || btype === undefined || btype > 3 ? undefined : { daif, btype };
}

function systemRegisters(memory: ProcessMemory, env: number, length: number): { id: bigint; value: bigint }[] {
  const count = memory.u32(length - 24) ?? 0;
  const indexes = memory.pointer(length - 40);
  const table = memory.pointer(length - 48);
  if (!indexes || !table || count === 0 || count > MAX_REGISTERS) return [];
  const infos = new Map(registerInfos(memory, table).map((info) => [info.code, info.at]));
  const offset = fieldOffset(memory, [...infos.values()]);
  if (offset === undefined) return [];
  return Array.from({ length: count }, (_, index) => memory.u64(indexes + 8 * index) ?? 0n).flatMap((id) => {
    const info = id >> 16n === ARM64_SYSREG ? infos.get(Number(id & 0xffffn)) : undefined;
    const value = info === undefined ? undefined : valueOf(memory, env, info, offset);
    return value === undefined ? [] : [{ id, value }];
  });
}

/** A register without a place in the CPU's state has a value that never changes. */
function valueOf(memory: ProcessMemory, env: number, info: number, offset: number): bigint | undefined {
  const place = memory.number64(info + offset);
  const [readfn, rawReadfn] = [memory.u64(info + offset + 32), memory.u64(info + offset + 48)];
  if (place === undefined || readfn !== 0n || rawReadfn !== 0n) return undefined;
  return place === 0 ? memory.u64(info + offset - 8) : memory.u64(env + place);
}

/** The word that in all of them is an offset into CPUARMState, and in the most of them another than 0. */
function fieldOffset(memory: ProcessMemory, infos: readonly number[]): number | undefined {
  let best: { offset: number; used: number } | undefined;
  for (const offset of FIELD_OFFSETS) {
    const places = infos.map((info) => memory.number64(info + offset));
    if (!places.every((place) => place !== undefined && place < MAX_FIELD && place % 4 === 0)) continue;
    const used = places.filter((place) => place !== 0).length;
    if (used >= LEAST_PLACED && used > (best?.used ?? 0)) best = { offset, used };
  }
  return best?.offset;
}

/** Of AArch64. */
function registerInfos(memory: ProcessMemory, table: number): RegisterInfo[] {
  for (const [mask, values] of [
    [12, 48],
    [8, 40],
  ] as const) {
    const size = (memory.u32(table + mask) ?? 0) + 1;
    const array = memory.pointer(table + values);
    if (!array || size < 64 || size > 2 ** 16 || (size & (size - 1)) !== 0) continue;
    const infos = Array.from({ length: size }, (_, index) => memory.pointer(array + 8 * index)).flatMap((at) => {
      const bytes = at ? memory.bytes(at + 8, 12) : undefined;
      if (!at || !bytes || bytes[8] !== STATE_AARCH64) return [];
      const [, crn, crm, op0, op1, op2] = bytes as unknown as [number, number, number, number, number, number];
      return [{ at, code: (op0 << 14) | (op1 << 11) | (crn << 7) | (crm << 3) | op2 }];
    });
    if (infos.length > 16) return infos;
  }
  return [];
}
