/**
 * Clocks and timers.
 *
 * Facts: Intel 8254 data sheet; IA-PC HPET specification 1.0a; QEMU softmmu/cpu-timers.c (vmstate_timers), hw/timer/i8254_common.c, hw/timer/hpet.c (HPET_CLK_PERIOD: 10 ns),
 * hw/i386/kvm/clock.c, hw/ppc/spapr_rtc.c, hw/ppc/ppc.c (vmstate_ppc_timebase), hw/rtc/pl031.c (v7.2).
 */
import { CLOCK_TIME, DURATION, TIMER, dateWords, durationWords } from './durations.ts';
import { bitsOf, flags, isSet, listBits, oneOf, value, type StructWords } from './field-words.ts';

/** Hertz of the 8254's input. */
const PIT_FREQUENCY = 1_193_182;

const PIT_CHANNEL: StructWords = {
  count: value((count) => (count === 0n || count > 0x10000n ? undefined : `${(PIT_FREQUENCY / Number(count)).toFixed(count > 10_000n ? 2 : 0)} Hz`)),
  rw_mode: oneOf({ 0: 'latch', 1: 'low byte', 2: 'high byte', 3: 'low byte, then high byte' }),
  read_state: oneOf({ 1: 'low byte', 2: 'high byte', 3: 'low byte of two', 4: 'high byte of two' }),
  write_state: oneOf({ 1: 'low byte', 2: 'high byte', 3: 'low byte of two', 4: 'high byte of two' }),
  mode: oneOf({
    0: 'mode 0: interrupt on terminal count',
    1: 'mode 1: one-shot',
    2: 'mode 2: rate generator',
    3: 'mode 3: square wave',
    4: 'mode 4: software strobe',
    5: 'mode 5: hardware strobe',
  }),
  bcd: oneOf({ 0: 'binary', 1: 'BCD' }),
  gate: oneOf({ 0: 'low', 1: 'high' }),
  count_load_time: CLOCK_TIME,
  next_transition_time: TIMER,
};

const HPET_TIMER: StructWords = {
  config: value((config) => {
    const route = `interrupt ${bitsOf(config, 13, 9)}`;
    return [
      isSet(config, 2) ? 'enabled' : 'disabled',
      isSet(config, 3) ? 'periodic' : 'one-shot',
      isSet(config, 1) ? 'level' : 'edge',
      isSet(config, 14) ? 'by message' : route,
    ].join(', ');
  }),
  qemu_timer: TIMER,
};

export const CLOCK_WORDS: Readonly<Record<string, StructWords>> = {
  timer: {
    // Stopped clocks keep their reading in the offset; a guest is always saved stopped.
    cpu_clock_offset: value((offset) => `virtual clock when saved: ${durationWords(BigInt.asIntN(64, offset))}`),
  },
  i8254: {
    'channels[0].irq_disabled': oneOf({ 0: 'raises IRQ 0', 1: 'held back: the HPET has taken over IRQ 0' }),
    'channels[0].next_transition_time': TIMER,
  },
  'pit channel': PIT_CHANNEL,
  hpet: {
    config: value((config) =>
      [isSet(config, 0) ? 'counting' : 'stopped', ...(isSet(config, 1) ? ['replaces PIT and RTC interrupts'] : [])].join(', '),
    ),
    isr: value((bits) => (bits === 0n ? 'no interrupt pending' : `timers ${listBits(bits, String)} pending`)),
    hpet_counter: value((ticks) => durationWords(ticks * 10n)),
  },
  hpet_timer: HPET_TIMER,
  kvmclock: { clock: DURATION },
  'kvmclock/clock_is_reliable': { clock_is_reliable: oneOf({ 0: 'no', 1: 'yes' }) },
  pcspk: { data_on: oneOf({ 0: 'silent', 1: 'on' }) },
  'spapr/rtc': { ns_offset: DURATION },
  timebase: { time_of_the_day_ns: value((time) => dateWords(time / 1_000_000_000n)) },
  pl031: {
    mr: value((match) => (match === 0n ? 'no alarm' : dateWords(match))),
    lr: value((load) => (load === 0n ? undefined : dateWords(load))),
    im: flags({ 0: 'alarm interrupt on' }, 'alarm interrupt off'),
  },
};

/** By type, whatever the structure. */
export const CLOCK_TYPES: StructWords = { timer: TIMER };
