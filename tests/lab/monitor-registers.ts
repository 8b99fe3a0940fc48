/** QEMU's `info registers -a` of x86 CPUs, as lines that can be compared with ours: "RAX=…", "CS =selector base limit flags", "XMM00=…". */
import type { CpuView } from '#shared/model/index.ts';

const hex = (value: bigint | number, digits: number): string => value.toString(16).padStart(digits, '0');

const SEGMENTS: Readonly<Record<string, string>> = { ES: 'es', CS: 'cs', SS: 'ss', DS: 'ds', FS: 'fs', GS: 'gs', LDT: 'ldt', TR: 'tr' };
const WIDTHS: Readonly<Record<string, number>> = { RFL: 8, CR0: 8, CR4: 8, FCW: 4, FSW: 4, FTW: 2, MXCSR: 8 };
const NAMES: Readonly<Record<string, string>> = { RFL: 'rflags' };

/** Of each CPU, what the monitor printed, by name. `text` may hold the monitor's echo of what was typed. */
export function monitorRegisters(text: string): Record<string, string>[] {
  const start = text.indexOf('CPU#0');
  const blocks = text
    .slice(start, text.indexOf('(qemu)', start))
    .split(/CPU#\d+/)
    .slice(1);
  return blocks.map((block) => {
    const found: Record<string, string> = {};
    for (const [, name = '', value = ''] of block.matchAll(/\b(R[A-Z0-9]+|CR\d|DR\d|EFER|F[CST]W|MXCSR|HLT) *=([0-9a-f]+)/g)) found[name] = value;
    for (const [, name = '', value = ''] of block.matchAll(/^(ES|CS|SS|DS|FS|GS|LDT|TR) *=([0-9a-f]{4} [0-9a-f]{16} [0-9a-f]{8} [0-9a-f]{8})/gm))
      found[name] = value;
    for (const [, name = '', value = ''] of block.matchAll(/^(GDT|IDT)= +([0-9a-f]{16} [0-9a-f]{8})/gm)) found[name] = value;
    for (const [, name = '', value = ''] of block.matchAll(/(XMM\d\d)=([0-9a-f]{16} [0-9a-f]{16})/g)) found[name] = value;
    for (const [, name = '', value = ''] of block.matchAll(/(FPR\d)=([0-9a-f]{16} [0-9a-f]{4})/g)) found[name] = value;
    return found;
  });
}

/** The same of a CPU that we read. */
export function registersAsMonitor(cpu: CpuView): Record<string, string> {
  const value = (name: string) => cpu.registers.find((register) => register.name === name)!.value;
  const found: Record<string, string> = { HLT: /, halted$/.test(cpu.mode) ? '1' : '0' };
  const single = [
    'RAX',
    'RBX',
    'RCX',
    'RDX',
    'RSI',
    'RDI',
    'RBP',
    'RSP',
    'R8',
    'R9',
    'R10',
    'R11',
    'R12',
    'R13',
    'R14',
    'R15',
    'RIP',
    'RFL',
    'CR0',
    'CR2',
    'CR3',
    'CR4',
  ];
  for (const name of [...single, 'DR0', 'DR1', 'DR2', 'DR3', 'DR6', 'DR7', 'EFER', 'FCW', 'FSW', 'FTW', 'MXCSR'])
    found[name] = hex(value(NAMES[name] ?? name.toLowerCase()), WIDTHS[name] ?? 16);
  for (const [name, ours] of Object.entries(SEGMENTS)) {
    const { selector, base, limit, flags } = cpu.segments.find((segment) => segment.name === ours)!;
    found[name] = [hex(selector, 4), hex(base, 16), hex(limit, 8), hex(flags, 8)].join(' ');
  }
  for (const [name, ours] of [
    ['GDT', 'gdt'],
    ['IDT', 'idt'],
  ] as const) {
    const { base, limit } = cpu.segments.find((segment) => segment.name === ours)!;
    found[name] = `${hex(base, 16)} ${hex(limit, 8)}`;
  }
  for (let n = 0; n < 16; n++) {
    const digits = hex(value(`xmm${n}`), 32);
    found[`XMM${String(n).padStart(2, '0')}`] = `${digits.slice(0, 16)} ${digits.slice(16)}`;
  }
  const top = Number((value('fsw') >> 11n) & 7n);
  for (let n = 0; n < 8; n++) {
    // The monitor has them by number, we by place from the top of the stack.
    const digits = hex(value(`st${(n - top + 8) % 8}`), 20);
    found[`FPR${n}`] = `${digits.slice(4)} ${digits.slice(0, 4)}`;
  }
  return found;
}
