/** Nanoseconds as people say them: lengths of time, points on QEMU's virtual clock, points on the calendar. */
import { value, type FieldWords } from './field-words.ts';

const SECOND = 1_000_000_000n;
/** Above it a count of nanoseconds is a point on the calendar (2001-09-09), not on a virtual clock that starts with the guest. */
const CALENDAR = 1_000_000_000n * SECOND;

const signed = (number: bigint): bigint => BigInt.asIntN(64, number);

/** "12.345678901 s" without the zeros at its end; "3 min 2 s" from a minute on. */
export function durationWords(nanoseconds: bigint): string {
  const negative = nanoseconds < 0n;
  const length = negative ? -nanoseconds : nanoseconds;
  return `${negative ? '-' : ''}${unsignedWords(length)}`;
}

function unsignedWords(length: bigint): string {
  if (length < 1000n) return `${length} ns`;
  if (length < 1_000_000n) return `${fraction(length, 1000n)} µs`;
  if (length < SECOND) return `${fraction(length, 1_000_000n)} ms`;
  if (length < 60n * SECOND) return `${fraction(length, SECOND)} s`;
  const seconds = length / SECOND;
  const parts = [
    [seconds / 86400n, 'd'],
    [(seconds / 3600n) % 24n, 'h'],
    [(seconds / 60n) % 60n, 'min'],
    [seconds % 60n, 's'],
  ] as const;
  return parts
    .filter(([count]) => count > 0n)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

function fraction(number: bigint, unit: bigint): string {
  const digits = (number % unit)
    .toString()
    .padStart(unit.toString().length - 1, '0')
    .slice(0, 3)
    .replace(/0+$/, '');
  return `${number / unit}${digits === '' ? '' : `.${digits}`}`;
}

/** Seconds since 1970 as "2026-11-20 13:05:00 UTC"; undefined outside the years 1970 to 9999. */
export function dateWords(seconds: bigint): string | undefined {
  if (seconds < 0n || seconds > 253_402_300_799n) return undefined;
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** A length of time in nanoseconds. */
export const DURATION: FieldWords = value((found) => durationWords(signed(found)));

/** A point on QEMU's virtual clock, or on the host's where a timer runs on that. */
export const CLOCK_TIME: FieldWords = value((found, { now }) => {
  const time = signed(found);
  if (time <= 0n) return undefined;
  if (time >= CALENDAR) {
    const date = dateWords(time / SECOND);
    return date && `${date} on the host's clock`;
  }
  if (now === undefined || time > now + CALENDAR) return `${durationWords(time)} on the virtual clock`;
  return time >= now ? `in ${durationWords(time - now)}` : `${durationWords(now - time)} before the guest was saved`;
});

/** When a QEMU timer fires; -1 for one that is not armed (QEMU migration/vmstate.c, timer_put). */
export const TIMER: FieldWords = value((found, context, index) => (signed(found) === -1n ? 'not armed' : CLOCK_TIME.value?.(found, context, index)));
