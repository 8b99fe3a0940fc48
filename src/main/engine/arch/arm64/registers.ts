/**
 * The registers of an AArch64 CPU: their order, groups and bit tables. General and vector registers have gdb's names, system registers the manual's in lower case.
 *
 * A register that a dump holds and that is not listed here is still shown: a system register in the group `system`, the rest in `other`.
 */
import type { Register, RegisterGroup } from '#shared/model/index.ts';
import { decodeBits, type BitTable } from '../bit-table.ts';
import type { CpuState, RegisterValue } from '../cpu-state.ts';
import { bitOf, fieldOf } from './bit-values.ts';
import { CPACR_BITS, HCR_BITS, SCR_BITS, SCTLR_BITS } from './bits/control.ts';
import { MIDR_BITS, MMFR0_BITS, MMFR1_BITS, MMFR2_BITS, MPIDR_BITS, PFR0_BITS } from './bits/identification.ts';
import { PSTATE_BITS } from './bits/pstate.ts';
import { ESR_ABORT_BITS, ESR_BITS, FPCR_BITS, FPSR_BITS, PAR_BITS } from './bits/syndrome.ts';
import { MAIR_BITS, TCR_BITS, TCR_ONE_BITS, TTBR_BITS, VTCR_BITS, VTTBR_BITS } from './bits/translation.ts';

interface RegisterRow {
  group: RegisterGroup;
  bits?: BitTable;
  addressSpace?: 'gva' | 'gpa';
}

const numbered = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, n) => `${prefix}${n}`);
/** `name` for the levels, "sctlr" to sctlr_el1 and so on. */
const ofLevels = (...names: string[]): string[] => [1, 2, 3].flatMap((level) => names.map((name) => `${name}_el${level}`));

const rows = new Map<string, RegisterRow>();

function list(group: RegisterGroup, names: readonly string[], extra: Omit<RegisterRow, 'group'> = {}): void {
  for (const name of names) rows.set(name, { group, ...extra });
}

list('general', numbered('x', 29));
list('general', ['x29', 'x30', 'sp', 'pc'], { addressSpace: 'gva' });
list('general', ['cpsr'], { bits: PSTATE_BITS });

list('control', ofLevels('sctlr'), { bits: SCTLR_BITS });
list('control', ['tcr_el1'], { bits: TCR_BITS });
list('control', ['tcr_el2', 'tcr_el3'], { bits: TCR_ONE_BITS });
list('control', ['ttbr0_el1', 'ttbr1_el1', 'ttbr0_el2', 'ttbr1_el2', 'ttbr0_el3'], { bits: TTBR_BITS });
list('control', ofLevels('mair'), { bits: MAIR_BITS });
list('control', ['hcr_el2'], { bits: HCR_BITS });
list('control', ['vtcr_el2'], { bits: VTCR_BITS });
list('control', ['vttbr_el2'], { bits: VTTBR_BITS });
list('control', ['scr_el3'], { bits: SCR_BITS });
list('control', ['cpacr_el1'], { bits: CPACR_BITS });
list('control', ofLevels('vbar'), { addressSpace: 'gva' });
list('control', ['contextidr_el1', 'contextidr_el2']);

list('system', ofLevels('esr'), { bits: ESR_BITS });
list('system', ofLevels('far'), { addressSpace: 'gva' });
list('system', ['hpfar_el2']);
list('system', ofLevels('elr'), { addressSpace: 'gva' });
list('system', [...ofLevels('spsr'), 'spsr_abt', 'spsr_und', 'spsr_irq', 'spsr_fiq'], { bits: PSTATE_BITS });
list('system', ['sp_el0', 'sp_el1', 'sp_el2', 'sp_el3'], { addressSpace: 'gva' });
list('system', ['tpidr_el0', 'tpidrro_el0', 'tpidr_el1', 'tpidr_el2', 'tpidr_el3'], { addressSpace: 'gva' });
list('system', ['par_el1'], { bits: PAR_BITS });
list('system', ['midr_el1', 'vpidr_el2'], { bits: MIDR_BITS });
list('system', ['mpidr_el1', 'vmpidr_el2'], { bits: MPIDR_BITS });
list('system', ['id_aa64mmfr0_el1'], { bits: MMFR0_BITS });
list('system', ['id_aa64mmfr1_el1'], { bits: MMFR1_BITS });
list('system', ['id_aa64mmfr2_el1'], { bits: MMFR2_BITS });
list('system', ['id_aa64pfr0_el1'], { bits: PFR0_BITS });

list('floating-point', ['fpcr'], { bits: FPCR_BITS });
list('floating-point', ['fpsr'], { bits: FPSR_BITS });
list('vector', numbered('v', 32));
list('vector', numbered('z', 32));
list('vector', [...numbered('p', 16), 'ffr']);
list('vector', ofLevels('zcr'));

const ORDER = new Map([...rows.keys()].map((name, place) => [name, place]));

function groupOf(name: string): RegisterGroup {
  if (/^(dbg|os|mdscr|mdcr|mdccint|mdrar)/.test(name)) return 'debug';
  if (/^(cnt|pm)/.test(name)) return 'timer';
  if (/_el\d$|^s\d_/.test(name)) return 'system';
  return 'other';
}

/** All registers that the state holds, in display order, decoded. */
export function describeRegisters(state: CpuState): Register[] {
  const last = ORDER.size;
  return Object.entries(state.registers)
    .sort(([a], [b]) => (ORDER.get(a) ?? last) - (ORDER.get(b) ?? last))
    .map(([name, held]) => describeRegister(state, name, held));
}

/** The tables of two registers depend on others. */
function bitsOf(state: CpuState, name: string): BitTable | undefined {
  if (name === 'tcr_el2' && bitOf(state, 'hcr_el2', 34) === true) return TCR_BITS;
  if (name.startsWith('esr_')) {
    const cause = fieldOf(state, name, 26, 6);
    return cause !== undefined && [0x20, 0x21, 0x24, 0x25].includes(cause) ? ESR_ABORT_BITS : ESR_BITS;
  }
  return rows.get(name)?.bits;
}

function describeRegister(state: CpuState, name: string, held: RegisterValue): Register {
  const row = rows.get(name);
  const table = bitsOf(state, name);
  const { value, width, source, inferred, knownBits } = held;
  return {
    name,
    value,
    width,
    group: row?.group ?? groupOf(name),
    source,
    ...(inferred === undefined ? {} : { inferred }),
    ...(knownBits === undefined ? {} : { knownBits }),
    ...(row?.addressSpace === undefined ? {} : { addressSpace: row.addressSpace }),
    fields: table === undefined ? [] : decodeBits(table, value, width, knownBits),
  };
}
