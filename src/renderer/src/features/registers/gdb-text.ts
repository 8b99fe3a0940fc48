/** Registers as gdb prints them (`info registers`) and as commands that set them. What gdb lists, and how: gdb-layouts.ts. */
import type { CpuView, Register } from '#shared/model/index.ts';
import { gdbLayout, type GdbField, type GdbLayout, type GdbRegister } from './gdb-layouts.ts';

function line(name: string, value: bigint, natural: string, tabbed?: true): string {
  const hex = `0x${value.toString(16)}`;
  return `${name.padEnd(15)}${tabbed ? `${hex}\t` : hex.padEnd(20)}${natural}`;
}

const cut = (value: bigint, { bit, width }: GdbField): bigint => BigInt.asUintN(width, value >> BigInt(bit));

/** gdb names the flags of eflags, of mxcsr and of a 32-bit CPU's cr4 from the lowest, those of other control registers of x86 from the highest. */
function flagNames({ gdb, fields: known }: GdbRegister, { value, width, fields }: Register): string {
  if (known) {
    const words = known.flatMap((field) => (field.width > 1 ? [`${field.name}=${cut(value, field)}`] : cut(value, field) === 1n ? [field.name] : []));
    return `[ ${words.map((word) => `${word} `).join('')}]`;
  }
  if (gdb === 'cr3') return `[ PDBR=${value >> 12n} PCID=${value & 0xfffn} ]`;
  const ascending = gdb === 'eflags' || gdb === 'mxcsr' || (gdb === 'cr4' && width === 32);
  const set = fields.filter(
    (field) => field.width === 1 && field.value === 1n && field.name === field.name.toUpperCase() && !/^\d+$/.test(field.name),
  );
  const sorted = set.sort((a, b) => (ascending ? a.bit - b.bit : b.bit - a.bit));
  return `[ ${sorted.map((field) => `${field.name} `).join('')}]`;
}

function infoLine(entry: GdbRegister, register: Register, tabbed?: true): string {
  const { gdb, form, fields } = entry;
  const { value, width } = register;
  if (form === 'pointer') return line(gdb, value, `0x${value.toString(16)}`, tabbed);
  if (form === 'flags') return line(gdb, value, flagNames(entry, register), tabbed);
  if (form === 'unsigned') return line(gdb, value, value.toString(), tabbed);
  const [field] = fields ?? [];
  if (form === 'field' && field) {
    const part = cut(value, field);
    return line(gdb, part, field.width === width ? `0x${part.toString(16)}` : part.toString(), tabbed);
  }
  return line(gdb, value, BigInt.asIntN(width, value).toString(), tabbed);
}

const find = (cpu: CpuView, name: string): Register | undefined => cpu.registers.find((register) => register.name === name);

/** A register of which only some bits are known is no value to print as one. */
function held(cpu: CpuView, entries: readonly GdbRegister[]): { entry: GdbRegister; register: Register }[] {
  return entries.flatMap((entry) => {
    const register = find(cpu, entry.ours);
    return register && register.knownBits === undefined ? [{ entry, register }] : [];
  });
}

function selectors(cpu: CpuView, { segments }: GdbLayout): { name: string; selector: number }[] {
  return segments.flatMap((name) => cpu.segments.filter((segment) => segment.name === name).map(({ selector }) => ({ name, selector })));
}

/** Registers that the dump holds, and those that could be worked out whole; empty for a CPU that gdb has no list for here. */
export function gdbInfoRegisters(cpu: CpuView): string {
  const layout = gdbLayout(cpu);
  if (!layout) return '';
  const lines = (entries: readonly GdbRegister[]) => held(cpu, entries).map(({ entry, register }) => infoLine(entry, register, layout.tabbed));
  const segments = selectors(cpu, layout).map(({ name, selector }) => line(name, BigInt(selector), String(selector)));
  return [...lines(layout.known), ...segments, ...lines(layout.system)].map((text) => `${text}\n`).join('');
}

/** Commands for a gdb that is connected to a stub. gdb takes no constant above 64 bits, so vector registers are set by halves. */
export function gdbSetCommands(cpu: CpuView): string {
  const layout = gdbLayout(cpu);
  if (!layout) return '';
  const scalar = held(cpu, [...layout.known, ...layout.system])
    .filter(({ entry }) => entry.form !== 'field')
    .map(({ entry, register }) => `set $${entry.gdb} = 0x${register.value.toString(16)}`);
  const segments = selectors(cpu, layout).map(({ name, selector }) => `set $${name} = 0x${selector.toString(16)}`);
  const { halves } = layout;
  const vectors = cpu.registers
    .filter(({ name }) => halves?.name.test(name))
    .flatMap(({ name, value }) =>
      [0n, 1n].map((half) => `set $${name}.${halves?.element}[${half}] = 0x${BigInt.asUintN(64, value >> (half * 64n)).toString(16)}`),
    );
  return [...scalar, ...segments, ...vectors].map((text) => `${text}\n`).join('');
}
