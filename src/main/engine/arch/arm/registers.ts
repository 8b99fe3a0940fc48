/**
 * The registers of a 32-bit ARM CPU: their order, groups and bit tables. General registers have gdb's names, system registers the manual's in lower case; those of the secure bank end in `_s`.
 *
 * A register that a dump holds and that is not listed here is still shown.
 */
import type { Register, RegisterGroup } from '#shared/model/index.ts';
import { decodeBits, type BitTable } from '../bit-table.ts';
import type { CpuState, RegisterValue } from '../cpu-state.ts';
import { bitOf } from '../arm64/bit-values.ts';
import { MIDR_BITS, MPIDR_BITS } from '../arm64/bits/identification.ts';
import { CPSR_BITS, DACR_BITS, FSR_BITS, SCTLR_BITS, TTBCR_BITS, TTBCR_LONG_BITS, TTBR_BITS } from './bits/control.ts';
import { DOUBLES, GENERAL } from './note-layout.ts';

interface RegisterRow {
  group: RegisterGroup;
  bits?: BitTable;
  addressSpace?: 'gva' | 'gpa';
}

const rows = new Map<string, RegisterRow>();

function list(group: RegisterGroup, names: readonly string[], extra: Omit<RegisterRow, 'group'> = {}): void {
  for (const name of names) for (const bank of ['', '_s']) rows.set(`${name}${bank}`, { group, ...extra });
}

list('general', GENERAL.slice(0, 13));
list('general', ['sp', 'lr', 'pc'], { addressSpace: 'gva' });
list('general', ['cpsr'], { bits: CPSR_BITS });
list('control', ['sctlr'], { bits: SCTLR_BITS });
list('control', ['ttbcr'], { bits: TTBCR_BITS });
list('control', ['ttbr0', 'ttbr1'], { bits: TTBR_BITS });
list('control', ['dacr'], { bits: DACR_BITS });
list('control', ['prrr', 'nmrr', 'contextidr', 'cpacr', 'actlr']);
list('control', ['vbar', 'mvbar', 'hvbar'], { addressSpace: 'gva' });
list('control', ['hcr', 'hsctlr', 'htcr', 'httbr', 'vtcr', 'vttbr', 'scr']);
list('system', ['dfsr', 'ifsr'], { bits: FSR_BITS });
list('system', ['dfar', 'ifar'], { addressSpace: 'gva' });
list('system', ['spsr', ...['svc', 'abt', 'und', 'irq', 'fiq', 'hyp', 'mon'].map((mode) => `spsr_${mode}`)], { bits: CPSR_BITS });
list(
  'system',
  ['usr', 'svc', 'abt', 'und', 'irq', 'fiq', 'hyp', 'mon'].flatMap((mode) => [`sp_${mode}`, `lr_${mode}`]),
  { addressSpace: 'gva' },
);
list('system', ['tpidrurw', 'tpidruro', 'tpidrprw'], { addressSpace: 'gva' });
list('system', ['midr', 'vpidr'], { bits: MIDR_BITS });
list('system', ['mpidr', 'vmpidr'], { bits: MPIDR_BITS });
list('floating-point', ['fpscr', 'fpexc', 'fpsid']);
list('vector', DOUBLES);

const ORDER = new Map([...rows.keys()].map((name, place) => [name, place]));

function groupOf(name: string): RegisterGroup {
  if (/^(dbg|p14_)/.test(name)) return 'debug';
  if (/^(cnt|pm)/.test(name)) return 'timer';
  return /^(exclusive|exception|power|irq_line|register)/.test(name) ? 'other' : 'system';
}

/** All registers that the state holds, in display order, decoded. */
export function describeRegisters(state: CpuState): Register[] {
  const last = ORDER.size;
  return Object.entries(state.registers)
    .sort(([a], [b]) => (ORDER.get(a) ?? last) - (ORDER.get(b) ?? last))
    .map(([name, held]) => describeRegister(state, name, held));
}

function bitsOf(state: CpuState, name: string): BitTable | undefined {
  const bits = rows.get(name)?.bits;
  return bits === TTBCR_BITS && bitOf(state, name, 31) === true ? TTBCR_LONG_BITS : bits;
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
