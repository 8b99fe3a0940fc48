/**
 * The state of the machine as a whole, and of small devices.
 *
 * Facts: QEMU qapi/run-state.json (RunState), migration/global_state.c, hw/misc/vmcoreinfo.c, hw/i386/kvmvapic.c (VAPICState), hw/input/pckbd.c, hw/input/ps2.c,
 * hw/i386/port92.c, target/i386/cpu.h (hflags), linux/kvm.h (KVM_MP_STATE_*), all v7.2; ACPI 6.5, section 4.8.3 (PM1 registers).
 */
import { TIMER } from './durations.ts';
import { bitsOf, bitWords, flags, isSet, oneOf, value, type FieldWords, type StructWords } from './field-words.ts';

/** What each run state means for the guest. */
const RUN_STATES: Readonly<Record<string, string>> = {
  running: 'the guest was running',
  paused: 'stopped on request',
  prelaunch: 'not started yet (-S)',
  preconfig: 'still being configured',
  inmigrate: 'waiting for an incoming migration',
  'finish-migrate': 'stopped to finish a migration',
  postmigrate: 'stopped after a migration',
  'restore-vm': 'being restored from a snapshot',
  'save-vm': 'stopped to save its state',
  'io-error': 'stopped by a failed disk request',
  'internal-error': 'stopped by an internal error: the hypervisor could not go on',
  'guest-panicked': 'stopped: the guest reported a panic',
  watchdog: 'stopped by the watchdog',
  shutdown: 'stopped: the guest has shut down',
  suspended: 'suspended by the guest (ACPI S3)',
  debug: 'stopped by a debugger',
  colo: 'replicated (COLO)',
};

const runState: FieldWords = {
  bytes(bytes) {
    const name = /^[^\0]*/.exec(new TextDecoder().decode(bytes))?.[0] ?? '';
    const meaning = Object.hasOwn(RUN_STATES, name) ? RUN_STATES[name] : undefined;
    return meaning ? `${name}: ${meaning}` : undefined;
  },
};

const YES = oneOf({ 0: 'no', 1: 'yes' });

/** ACPI fixed hardware registers. */
const PM1_STATUS = flags({ 0: 'timer', 4: 'bus master', 5: 'global lock', 8: 'power button', 9: 'sleep button', 10: 'RTC', 15: 'wake' });
const PM1_ENABLE = flags({ 0: 'timer', 5: 'global lock', 8: 'power button', 9: 'sleep button', 10: 'RTC' });
const PM1_CONTROL = value((control) =>
  [
    isSet(control, 0) ? 'ACPI mode' : 'legacy mode: the guest has not enabled ACPI',
    ...(isSet(control, 13) ? [`entering sleep type ${bitsOf(control, 12, 10)}`] : []),
  ].join(', '),
);
const pm1 = (prefix: string): StructWords => ({
  [`${prefix}.pm1.evt.sts`]: PM1_STATUS,
  [`${prefix}.pm1.evt.en`]: PM1_ENABLE,
  [`${prefix}.pm1.cnt.cnt`]: PM1_CONTROL,
  [`${prefix}.tmr.timer`]: TIMER,
});

/** HF_*: what QEMU's translator caches of the CPU's mode. */
const HFLAGS: Readonly<Record<number, string>> = {
  3: 'interrupts inhibited',
  4: 'CS32',
  5: 'SS32',
  6: 'ADDSEG',
  7: 'PE',
  8: 'TF',
  9: 'MP',
  10: 'EM',
  11: 'TS',
  14: 'LMA',
  15: 'CS64',
  16: 'RF',
  17: 'VM',
  18: 'AC',
  19: 'SMM',
  20: 'SVME',
  21: 'in a nested guest',
  22: 'OSFXSR',
  23: 'SMAP',
  24: 'I/O breakpoint',
  25: 'MPX enabled',
  26: 'MPX in user mode',
  27: 'UMIP',
  28: 'AVX',
};
const hflags = value((bits) => {
  const single = bits & ~0x3007n;
  return `CPL ${bitsOf(bits, 1, 0)}, IOPL ${bitsOf(bits, 13, 12)}${single === 0n ? '' : `, ${bitWords(single, HFLAGS, '')}`}`;
});

const CPU: StructWords = {
  'env.hflags': hflags,
  'env.mp_state': oneOf({ 0: 'runnable', 1: 'not started', 2: 'INIT received', 3: 'halted', 4: 'start-up IPI received' }),
  'env.interrupt_injected': value((vector) => (BigInt.asIntN(32, vector) < 0n ? 'none' : `vector 0x${vector.toString(16)}`)),
  'env.exception_nr': value((vector) => (BigInt.asIntN(32, vector) < 0n ? 'none' : `vector ${vector}`)),
  'env.fpregs_format_vmstate': oneOf({ 0: 'x87 registers', 1: 'MMX registers' }),
};

export const MACHINE_WORDS: Readonly<Record<string, StructWords>> = {
  globalstate: { runstate: runState },
  vmcoreinfo: { has_vmcoreinfo: YES, 'vmcoreinfo.guest_format': oneOf({ 0: 'none: the guest has written nothing', 1: 'ELF note' }) },
  'kvm-tpr-opt': { state: oneOf({ 0: 'inactive', 1: 'active', 2: 'standby: not activated yet' }) },
  port92: { outport: value((port) => `A20 ${isSet(port, 1) ? 'open' : 'closed'}`) },
  pckbd: {
    status: flags(
      {
        0: 'output full',
        1: 'input full',
        2: 'self-test passed',
        3: 'last write was a command',
        4: 'unlocked',
        5: 'mouse data',
        6: 'timeout',
        7: 'parity error',
      },
      'idle',
    ),
    mode: flags({
      0: 'keyboard interrupt',
      1: 'mouse interrupt',
      2: 'system',
      4: 'keyboard disabled',
      5: 'mouse disabled',
      6: 'scan codes translated',
    }),
  },
  'PS2 Common State': { 'queue.count': value((count) => (count === 0n ? 'nothing typed is waiting' : `${count} bytes wait for the guest`)) },
  piix4_pm: pm1('ar'),
  ich9_pm: pm1('acpi_regs'),
  acpi_build: { patched: oneOf({ 0: 'the firmware has not read the ACPI tables', 1: 'the firmware has read the ACPI tables' }) },
  virt_acpi_build: { patched: oneOf({ 0: 'the firmware has not read the ACPI tables', 1: 'the firmware has read the ACPI tables' }) },
  cpu: CPU,
};

/** By type, whatever the structure. */
export const MACHINE_TYPES: StructWords = { bool: YES };
