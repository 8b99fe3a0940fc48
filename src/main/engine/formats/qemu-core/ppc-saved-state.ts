/**
 * What QEMU writes into a POWER CPU's special registers only when it saves them (QEMU target/ppc/machine.c, cpu_pre_save; cpu.h, CPUPPCState, 5.2 to 10.0): until then they have
 * places of their own, behind the general registers, on 64-bit targets.
 *
 * ```
 * env.gpr  + 256 gprh (256)  + 512 lr  + 520 ctr  + 528 crf (u32 each, 8)  + 560 cfar  + 568 xer, without:  + 576 so  + 584 ov  + 592 ca  + 600 ov32  + 608 ca32 (0 or 1)
 * ```
 * Bits of XER: Power ISA 3.0B, book I, 3.2.2.
 */
import type { VmStruct } from '../../arch/vmstate.ts';
import type { ProcessMemory } from '../process-core/process-memory.ts';
import type { ReadState } from './described-state.ts';

const CRF = 528;
const SPR = { xer: 1, lr: 8, ctr: 9, cfar: 28 } as const;
const XER_FLAGS: readonly [offset: number, bit: bigint][] = [
  [576, 31n],
  [584, 30n],
  [592, 29n],
  [600, 19n],
  [608, 18n],
];

/** The state as QEMU would save it. Where the condition register is not in its place among these, it is left as it is. */
export function withSpecialRegisters(memory: ProcessMemory, { state, addresses }: ReadState): VmStruct {
  const gpr = addresses.get('env.gpr');
  if (gpr === undefined || addresses.get('env.crf') !== gpr + CRF) return state;
  const [lr, ctr, cfar, rest] = [512, 520, 560, 568].map((offset) => memory.u64(gpr + offset));
  const flags = XER_FLAGS.map(([offset, bit]) => (memory.u64(gpr + offset) ?? 0n) << bit);
  const xer = rest === undefined || flags.some((flag) => flag >> 32n) ? undefined : flags.reduce((sum, flag) => sum | flag, rest);
  const computed = new Map([
    [SPR.lr, lr],
    [SPR.ctr, ctr],
    [SPR.cfar, cfar],
    [SPR.xer, xer],
  ] as [number, bigint | undefined][]);
  const fields = state.fields.map((field) =>
    field.name === 'env.spr' ? { ...field, values: field.values.map((value, number) => computed.get(number) ?? value) } : field,
  );
  return { ...state, fields };
}
