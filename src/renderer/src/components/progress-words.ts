/** Progress in words: `62 %`, `1.9 GB/s`, `0:12 left`. Rates are decimal, as disks and networks are sold. */
import type { JobProgress } from '#shared/model/index.ts';

const RATES = ['B/s', 'kB/s', 'MB/s', 'GB/s', 'TB/s'];

export function rateText(bytesPerSecond: number): string {
  let value = bytesPerSecond;
  let unit = 0;
  while (value >= 1000 && unit < RATES.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value.toFixed(value < 10 && unit > 0 ? 1 : 0)} ${RATES[unit]}`;
}

/** `0:12`, `1:02:03`. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = String(rest).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`;
}

/** Null while the total is unknown. */
export function fractionOf(progress: JobProgress): number | null {
  return progress.total > 0 ? Math.min(1, progress.done / progress.total) : null;
}

/** Only what is known, in the order in which it is wanted. */
export function progressParts(progress: JobProgress): string[] {
  const fraction = fractionOf(progress);
  const parts: string[] = [];
  if (fraction !== null) parts.push(`${Math.floor(fraction * 100)} %`);
  if (progress.bytesPerSecond > 0) parts.push(rateText(progress.bytesPerSecond));
  if (progress.secondsLeft !== null) parts.push(`${durationText(progress.secondsLeft)} left`);
  return parts;
}
