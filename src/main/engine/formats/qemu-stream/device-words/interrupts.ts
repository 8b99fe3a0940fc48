/**
 * Interrupt controllers of a PC.
 *
 * Facts: Intel SDM volume 3A, chapter "Advanced Programmable Interrupt Controller" (local vector table, ICR, ESR, divide configuration, SVR); Intel 82093AA data sheet
 * (redirection table); Intel 8259A data sheet; QEMU hw/intc/apic_common.c, ioapic_common.c, i8259_common.c (v7.2) for what the fields hold.
 */
import { DURATION, TIMER } from './durations.ts';
import {
  bitsOf,
  bitWords,
  flags,
  hexOf,
  isSet,
  listBits,
  oneOf,
  value,
  type FieldWords,
  type StructWords,
  type WordsContext,
} from './field-words.ts';

const DELIVERY = ['fixed', 'lowest priority', 'SMI', 'delivery mode 3', 'NMI', 'INIT', 'start-up', 'ExtINT'] as const;
const TIMER_MODE = ['one-shot', 'periodic', 'TSC deadline', 'timer mode 3'] as const;
/** Order of the local vector table in QEMU (hw/i386/apic_internal.h, APIC_LVT_*). */
const LVT = ['timer', 'thermal', 'performance counter', 'LINT0', 'LINT1', 'error'] as const;

const vectorOf = (entry: bigint): string => `vector ${hexOf(bitsOf(entry, 7, 0), 2)}`;
const masked = (entry: bigint): string => (isSet(entry, 16) ? 'masked' : 'enabled');

/** How an entry is delivered: only fixed and lowest-priority ones use their vector. */
function delivery(entry: bigint): string {
  const mode = bitsOf(entry, 10, 8);
  return mode === 0 ? vectorOf(entry) : mode === 1 ? `${vectorOf(entry)}, lowest priority` : DELIVERY[mode]!;
}

function lvtWords(entry: bigint, _context: WordsContext, index: number): string {
  const timer = index === 0 ? [TIMER_MODE[bitsOf(entry, 18, 17)]!] : [];
  const pins = index === 3 || index === 4 ? [isSet(entry, 15) ? 'level' : 'edge', ...(isSet(entry, 13) ? ['active low'] : [])] : [];
  const pending = isSet(entry, 12) ? ['delivery pending'] : [];
  return `${LVT[index] ?? `entry ${index}`}: ${[masked(entry), delivery(entry), ...timer, ...pins, ...pending].join(', ')}`;
}

function redirectionWords(entry: bigint): string {
  const target = `${isSet(entry, 11) ? 'logical' : 'APIC'} ${hexOf(bitsOf(entry, 63, 56))}`;
  const trigger = `${isSet(entry, 15) ? 'level' : 'edge'}${isSet(entry, 13) ? ', active low' : ''}`;
  const state = [...(isSet(entry, 12) ? ['delivery pending'] : []), ...(isSet(entry, 14) ? ['waiting for EOI'] : [])];
  return [masked(entry), delivery(entry), `to ${target}`, trigger, ...state].join(', ');
}

function commandWords(entry: bigint, _context: WordsContext, index: number): string {
  if (index === 1) return `to APIC ${hexOf(bitsOf(entry, 31, 24))}`;
  const target = ['', ', to itself', ', to all', ', to all others'][bitsOf(entry, 19, 18)]!;
  return `${DELIVERY[bitsOf(entry, 10, 8)]} ${vectorOf(entry)}${isSet(entry, 11) ? ', logical' : ''}${isSet(entry, 12) ? ', pending' : ''}${target}`;
}

/** 256 bits in eight words, the lowest vectors first. */
const vectors = (what: string): FieldWords => ({
  array(words) {
    const bits = words.reduce((all, word, at) => all | (word << BigInt(32 * at)), 0n);
    return bits === 0n ? `no vector ${what}` : `${what}: ${listBits(bits, (bit) => hexOf(bit, 2))}`;
  },
});

const APIC: StructWords = {
  apicbase: value((base) => {
    const mode = isSet(base, 11) ? (isSet(base, 10) ? 'x2APIC' : 'xAPIC') : 'disabled';
    return `${mode} at ${hexOf(base & ~0xfffn)}${isSet(base, 8) ? ', boot CPU' : ''}`;
  }),
  tpr: value((tpr) => (tpr === 0n ? 'holds nothing back' : `holds back vectors below ${hexOf(Number((tpr >> 4n) + 1n) * 16, 2)}`)),
  spurious_vec: value((entry) => `${vectorOf(entry)}, APIC software-${isSet(entry, 8) ? 'enabled' : 'disabled'}`),
  dest_mode: oneOf({ 0: 'cluster model', 15: 'flat model' }),
  isr: vectors('in service'),
  tmr: vectors('level-triggered'),
  irr: vectors('pending'),
  lvt: value(lvtWords),
  esr: flags(
    {
      0: 'send checksum',
      1: 'receive checksum',
      2: 'send accept',
      3: 'receive accept',
      4: 'redirectable IPI',
      5: 'send illegal vector',
      6: 'received illegal vector',
      7: 'illegal register address',
    },
    'no error',
  ),
  icr: value(commandWords),
  divide_conf: value((entry) => `divides by ${1 << ((((bitsOf(entry, 3, 3) << 2) | bitsOf(entry, 1, 0)) + 1) & 7)}`),
  count_shift: value((shift) => (shift < 8n ? `divides by ${1 << Number(shift)}` : undefined)),
  initial_count: value((count) => (count === 0n ? 'timer stopped' : undefined)),
  initial_count_load_time: DURATION,
  next_time: DURATION,
  timer_expiry: TIMER,
};

const IOAPIC: StructWords = {
  irr: value((pins) => (pins === 0n ? 'no pin asserted' : `pins ${listBits(pins, String)}`)),
  ioredtbl: value(redirectionWords),
};

/** The second controller hangs on IRQ 2 of the first and has IRQ 8 to 15 (QEMU hw/intc/i8259.c, i8259_init: the master is made first). */
const irqList = (what: string, none: string): FieldWords =>
  value((bits, { section }) => (bits === 0n ? none : `${what}: IRQ ${listBits(bits, (bit) => String(bit + 8 * section.instance))}`));

const I8259: StructWords = {
  last_irr: irqList('lines high', 'all lines low'),
  irr: irqList('pending', 'nothing pending'),
  imr: irqList('masked', 'nothing masked'),
  isr: irqList('in service', 'nothing in service'),
  elcr: irqList('level-triggered', 'all edge-triggered'),
  irq_base: value((base) => `raises vectors ${hexOf(base, 2)} to ${hexOf(base + 7n, 2)}`),
  read_reg_select: oneOf({ 0: 'reads give IRR', 1: 'reads give ISR' }),
  init_state: value((state) => (state === 0n ? 'initialized' : `waits for initialization word ${state + 1n}`)),
  auto_eoi: oneOf({ 0: 'the guest sends EOI', 1: 'automatic EOI' }),
};

/** include/hw/core/cpu.h, CPU_INTERRUPT_*, and target/i386/cpu.h for those that a family defines for itself. */
const REQUESTS = { 1: 'hard', 2: 'exit', 5: 'halt', 7: 'debug' };
const REQUESTS_X86 = { ...REQUESTS, 4: 'poll', 6: 'SMI', 8: 'virtual interrupt', 9: 'NMI', 10: 'INIT', 11: 'SIPI', 12: 'MCE', 13: 'TPR access' };

const CPU_COMMON: StructWords = {
  halted: oneOf({ 0: 'not halted', 1: 'halted, waits for an interrupt' }),
  interrupt_request: value((bits, { isX86 }) => bitWords(bits, isX86 ? REQUESTS_X86 : { ...REQUESTS, 10: 'reset' }, 'nothing pending')),
};

export const INTERRUPT_WORDS: Readonly<Record<string, StructWords>> = {
  apic: APIC,
  apic_sipi: { wait_for_sipi: oneOf({ 0: 'no', 1: 'waits for a start-up IPI' }) },
  ioapic: IOAPIC,
  i8259: I8259,
  cpu_common: CPU_COMMON,
};
