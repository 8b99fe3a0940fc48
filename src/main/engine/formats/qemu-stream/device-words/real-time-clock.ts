/**
 * The PC's real-time clock and its CMOS memory. QEMU brings the time registers up to date before it saves them (hw/rtc/mc146818rtc.c, rtc_pre_save, v7.2).
 *
 * ```
 * 00 seconds  01 alarm  02 minutes  03 alarm  04 hours  05 alarm  06 weekday (1 = Sunday)  07 day  08 month  09 year   Motorola MC146818A
 * 0a register A   0b register B   0c register C   0d register D
 * 0f shutdown status   32 century   5f CPUs less one                                           QEMU hw/i386/pc.c, hw/i386/x86.c
 * ```
 */
import type { DeviceField } from '#shared/model/device.ts';
import { CLOCK_TIME, dateWords, DURATION, TIMER } from './durations.ts';
import { bitsOf, bitWords, isSet, value, type StructWords } from './field-words.ts';

const SIZE = 128;
const Register = { A: 0x0a, B: 0x0b, C: 0x0c, D: 0x0d, Shutdown: 0x0f, Century: 0x32 } as const;
const TIME = ['seconds', 'seconds alarm', 'minutes', 'minutes alarm', 'hours', 'hours alarm', 'weekday', 'day', 'month', 'year'] as const;
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;

const BINARY = 2;
const HOURS_24 = 1;
const AFTERNOON = 0x80;
/** Alarm bytes from here on match any value. */
const ANY = 0xc0;

/** A time register as a number, by register B's choice of binary or BCD. */
function numberOf(cmos: Uint8Array, at: number): number {
  const byte = cmos[at]!;
  return isSet(BigInt(cmos[Register.B]!), BINARY) ? byte : (byte >> 4) * 10 + (byte & 15);
}

function hourOf(cmos: Uint8Array): number {
  if (isSet(BigInt(cmos[Register.B]!), HOURS_24)) return numberOf(cmos, 4);
  const morning = cmos.slice();
  morning[4]! &= ~AFTERNOON;
  return (numberOf(morning, 4) % 12) + (cmos[4]! & AFTERNOON ? 12 : 0);
}

/** "2026-11-20 13:05:00", in whatever time zone the guest keeps its clock; undefined for what is no date. */
export function clockTime(cmos: Uint8Array): string | undefined {
  if (cmos.length < SIZE) return undefined;
  const year = numberOf(cmos, Register.Century) * 100 + numberOf(cmos, 9);
  const [month, day, hour, minute, second] = [numberOf(cmos, 8), numberOf(cmos, 7), hourOf(cmos), numberOf(cmos, 2), numberOf(cmos, 0)];
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59 || year > 9999) return undefined;
  const two = (number: number) => String(number).padStart(2, '0');
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}:${two(second)}`;
}

const REGISTER_WORDS: Readonly<Record<number, (value: bigint) => string>> = {
  [Register.A]: (a) => {
    const rate = bitsOf(a, 3, 0);
    const periodic = rate === 0 ? 'no periodic rate' : `periodic rate ${32768 >> ((rate < 3 ? rate + 7 : rate) - 1)} Hz`;
    return `${bitsOf(a, 6, 4) === 2 ? 'runs' : 'divider stopped'}, ${periodic}${isSet(a, 7) ? ', update in progress' : ''}`;
  },
  [Register.B]: (b) => {
    const interrupts = bitWords(b & 0x70n, { 4: 'update', 5: 'alarm', 6: 'periodic' }, 'no');
    return `${isSet(b, 1) ? '24' : '12'} hours, ${isSet(b, 2) ? 'binary' : 'BCD'}, ${interrupts} interrupt${isSet(b, 7) ? ', being set' : ''}`;
  },
  [Register.C]: (c) => bitWords(c & 0xf0n, { 4: 'update ended', 5: 'alarm', 6: 'periodic', 7: 'interrupt asserted' }, 'no interrupt'),
  [Register.D]: (d) => (isSet(d, 7) ? 'battery good' : 'battery lost: contents not valid'),
};

function wordsOf(cmos: Uint8Array, at: number): string | undefined {
  const special = REGISTER_WORDS[at];
  if (special) return special(BigInt(cmos[at]!));
  if (at === 6) return DAYS[cmos[6]! - 1];
  if (at === 4) return String(hourOf(cmos));
  if (at < 6 && at % 2 === 1 && cmos[at]! >= ANY) return 'any';
  return at < TIME.length ? String(numberOf(cmos, at)) : undefined;
}

function cmosParts(cmos: Uint8Array, fileOffset: number): DeviceField[] {
  if (cmos.length !== SIZE) return [];
  const byte = (at: number, name: string, words?: string): DeviceField => ({
    name,
    type: 'uint8',
    offset: fileOffset + at,
    size: 1,
    value: BigInt(cmos[at]!),
    ...(words === undefined ? {} : { words }),
  });
  const block = (start: number, end: number, name: string): DeviceField => ({
    name,
    type: 'buffer',
    offset: fileOffset + start,
    size: end - start,
    value: cmos.slice(start, end),
  });
  return [
    ...TIME.map((name, at) => byte(at, name, wordsOf(cmos, at))),
    ...['register A', 'register B', 'register C', 'register D'].map((name, at) => byte(Register.A + at, name, wordsOf(cmos, Register.A + at))),
    byte(0x0e, 'diagnostic status'),
    byte(Register.Shutdown, 'shutdown status'),
    block(0x10, Register.Century, 'setup, 0x10 to 0x31'),
    byte(Register.Century, 'century', String(numberOf(cmos, Register.Century))),
    block(Register.Century + 1, SIZE, 'setup, 0x33 to 0x7f'),
  ];
}

export const RTC_WORDS: Readonly<Record<string, StructWords>> = {
  mc146818rtc: {
    cmos_data: {
      bytes(cmos) {
        const time = clockTime(cmos);
        return time && `${time} by the guest's clock`;
      },
      parts: cmosParts,
    },
    periodic_timer: TIMER,
    next_periodic_time: CLOCK_TIME,
    update_timer: TIMER,
    base_rtc: value((seconds) => dateWords(seconds)),
    last_update: CLOCK_TIME,
    next_alarm_time: CLOCK_TIME,
    offset: DURATION,
    period: value((ticks) => (ticks === 0n ? 'no periodic interrupt' : `${32768 / Number(ticks)} Hz`)),
  },
};
