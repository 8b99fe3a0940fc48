/** Words and lines for what a Linux kernel tells, as its own tools have them: for the page and the command line. */
import type { LinuxArea, LinuxLogLine } from './model/linux.ts';

/** Where the name of an area begins: 25 and six times the width of a pointer on 64-bit systems (fs/proc/task_mmu.c). */
const NAME_COLUMN = 73;

/** By level, as syslog.h (include/linux/kern_levels.h) numbers them. */
export const LOG_LEVELS = ['emergency', 'alert', 'critical', 'error', 'warning', 'notice', 'info', 'debug'] as const;

/** As ps names them. `R` is told apart by whether a CPU executes it. */
const TASK_STATES: Readonly<Record<string, string>> = {
  R: 'runnable',
  S: 'sleeping',
  D: 'uninterruptible',
  I: 'idle',
  T: 'stopped',
  t: 'traced',
  P: 'parked',
  Z: 'zombie',
  X: 'dead',
};

export function levelWord(level: number): string {
  return LOG_LEVELS[level] ?? `level ${level}`;
}

/** "sleeping"; "running" for the task that a CPU executes. */
export function taskStateWord({ state, running }: { state: string; running: boolean }): string {
  if (running && state === 'R') return 'running';
  return TASK_STATES[state] ?? 'unknown';
}

/** Seconds with microseconds, as dmesg prints them: `193.588321`. */
export function logTime(nanoseconds: bigint): string {
  const micros = nanoseconds / 1000n;
  return `${micros / 1_000_000n}.${String(micros % 1_000_000n).padStart(6, '0')}`;
}

/** A line as dmesg prints it: `[  193.588321] init (1): drop_caches: 3`. Every further line of its text gets the time, too. */
export function logLineText({ time, text }: Pick<LinuxLogLine, 'time' | 'text'>): string {
  const stamp = `[${logTime(time).padStart(12)}] `;
  return text
    .split('\n')
    .map((part) => stamp + part)
    .join('\n');
}

/** `3 days 4:05:06`, `4:05:06`, `12.3 s`: how long a system ran. */
export function uptimeText(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.floor(seconds);
  const [days, hours, minutes] = [Math.floor(whole / 86400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60];
  const clock = [hours, minutes, whole % 60].map((part, at) => (at === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
  return days === 0 ? clock : `${days} ${days === 1 ? 'day' : 'days'} ${clock}`;
}

/** As /proc/PID/maps has it: `559e9ac8c000-559e9b093000 r--p 00000000 fe:00 436                        /usr/bin/…`. */
export function areaLine({ start, last, access, offset, device, inode, name }: LinuxArea): string {
  const hex = (value: bigint | number) => value.toString(16).padStart(8, '0');
  const place = `${hex(start)}-${hex(last + 1n)} ${access} ${hex(offset)} ${device} ${inode} `;
  return name === null ? place : `${place.padEnd(NAME_COLUMN)}${name}`;
}
