/**
 * What a CPU's registers say about its mode and its page tables.
 *
 * Source: Intel SDM vol. 3A, chapter "Paging", "Four Paging Modes" and "Paging-Mode Enabling"; AMD APM vol. 2 section 5.1.
 */
import { groupedHex } from '#shared/address-text.ts';
import type { PagingOptions } from '#engine/translate/paging-mode.ts';
import type { Regime } from '../architecture.ts';
import type { CpuState } from '../cpu-state.ts';
import { wholeRegime } from '../regime.ts';
import type { X86ModeId } from './paging-modes.ts';
import { isDefault32, isLongCode, privilegeOf } from './segments.ts';

/** Bits of CR3 that hold the root, by mode; what is below is PCID or PWT and PCD, what is above are LAM's switches and the no-flush bit. */
const ROOT_MASK = ((1n << 52n) - 1n) & ~0xfffn;
const ROOT_MASKS: Partial<Record<X86ModeId, bigint>> = { 'x86-32': 0xffff_f000n, 'x86-pae': 0xffff_ffe0n };

/** One bit of a register: undefined where the dump does not tell. */
export function bitOf(state: CpuState, register: string, bit: number): boolean | undefined {
  const held = state.registers[register];
  const mask = 1n << BigInt(bit);
  if (held === undefined || (held.knownBits !== undefined && (held.knownBits & mask) === 0n)) return undefined;
  return (held.value & mask) !== 0n;
}

/** The one regime of an x86 CPU. `usual`: the mode that is taken where the dump holds neither CR0 nor CR4. */
export function regimeOf(state: CpuState, usual: X86ModeId = 'x86-64-4level'): Regime {
  const { mode, reason } = chooseMode(state, usual);
  const cr3 = state.registers.cr3;
  const { encryptionBit } = state;
  // CR3 has the bit, too.
  const address = encryptionBit === undefined ? ROOT_MASK : ROOT_MASK & ~(1n << BigInt(encryptionBit));
  const root = cr3 === undefined ? null : Number(cr3.value & (ROOT_MASKS[mode] ?? address));
  const where = cr3 === undefined ? 'the dump does not hold CR3' : `root from CR3 = ${groupedHex(cr3.value, cr3.width / 4)}`;
  const marks = encryptionBit === undefined ? '' : `; bit ${encryptionBit} of entries marks encrypted memory (VMCOREINFO: NUMBER(sme_mask))`;
  const named = { id: 'cr3', title: 'Linear addresses', reason: `${reason}; ${where}${marks}` };
  return wholeRegime(named, { register: 'CR3', mode, root, options: pagingOptionsOf(state) });
}

function chooseMode(state: CpuState, usual: X86ModeId): { mode: X86ModeId; reason: string } {
  const paging = bitOf(state, 'cr0', 31);
  const pae = bitOf(state, 'cr4', 5);
  const la57 = bitOf(state, 'cr4', 12);
  const long = bitOf(state, 'efer', 10);
  const inferred = state.registers.efer?.inferred === true ? ' (inferred)' : '';
  if (paging === undefined || pae === undefined) return { mode: usual, reason: 'assumed: the dump does not hold CR0 and CR4' };
  if (!paging) return { mode: 'off', reason: 'CR0.PG is clear' };
  if (long === undefined) {
    // Without EFER and without a sign of long mode: an address above 4 GiB would have been such a sign.
    return pae
      ? { mode: 'x86-pae', reason: 'CR0.PG and CR4.PAE are set; nothing shows long mode' }
      : { mode: 'x86-32', reason: 'CR0.PG is set, CR4.PAE is clear' };
  }
  if (!long) {
    return pae
      ? { mode: 'x86-pae', reason: `CR0.PG and CR4.PAE are set, EFER.LMA${inferred} is clear` }
      : { mode: 'x86-32', reason: 'CR0.PG is set, CR4.PAE is clear' };
  }
  const shown = `CR0.PG, CR4.PAE and EFER.LMA${inferred} are set`;
  return la57 === true
    ? { mode: 'x86-64-5level', reason: `${shown}, and CR4.LA57` }
    : { mode: 'x86-64-4level', reason: `${shown}; CR4.LA57 is clear` };
}

function pagingOptionsOf(state: CpuState): PagingOptions {
  const { encryptionBit } = state;
  return { ...(bitOf(state, 'efer', 11) === false ? { noExecuteOff: true } : {}), ...(encryptionBit === undefined ? {} : { encryptionBit }) };
}

/** "64-bit kernel, CPL 0, halted" */
export function modeLine(state: CpuState): string {
  const parts = [operatingMode(state)];
  if (bitOf(state, 'cr0', 31) === false) parts.push('paging off');
  const level = privilegeLevel(state);
  if (level !== undefined) parts.push(`CPL ${level}`);
  if (bitOf(state, 'hflags', 19) === true) parts.push('system management mode');
  if (bitOf(state, 'hflags', 21) === true) parts.push('running a nested guest');
  if (state.halted === true) parts.push('halted');
  return parts.join(', ');
}

/** Undefined where the dump holds no segments. Real mode is ring 0, virtual-8086 mode ring 3; elsewhere it is SS.DPL (SDM vol. 3A, "Privilege Levels"). */
function privilegeLevel(state: CpuState): number | undefined {
  if (bitOf(state, 'cr0', 0) === false) return 0;
  if (bitOf(state, 'rflags', 17) === true) return 3;
  const { ss, cs } = state.segments;
  if (ss !== undefined && ss.flags !== 0) return privilegeOf(ss.flags);
  return cs === undefined ? undefined : cs.selector & 3;
}

const RING_WORDS = ['kernel', 'ring 1', 'ring 2', 'user'];

function operatingMode(state: CpuState): string {
  const { cs } = state.segments;
  if (bitOf(state, 'cr0', 0) === false) return 'real mode';
  if (bitOf(state, 'rflags', 17) === true) return 'virtual-8086 mode';
  if (cs === undefined) return 'mode unknown';
  const long = bitOf(state, 'efer', 10);
  const size = long === true && isLongCode(cs.flags) ? '64-bit' : isDefault32(cs.flags) ? '32-bit' : cs.flags === 0 ? undefined : '16-bit';
  const ring = RING_WORDS[privilegeLevel(state) ?? 0] ?? '';
  if (size === undefined) return `${ring} (code size not in the dump)`;
  if (long === true) return size === '64-bit' ? `64-bit ${ring}` : `${size} ${ring} (compatibility mode)`;
  return `${size} protected mode, ${ring}`;
}
