/**
 * How long a system ran and what its clock said, as of the kernel's last look at its clock source: up to a tick before the dump, more where all CPUs were idle.
 *
 * Facts: Linux include/linux/timekeeper_internal.h, kernel/time/timekeeping.c (v6.1), kernel/time/ntp.c. The timekeeper stands in tk_core behind a sequence counter, whose size depends on the configuration, since v3.17
 * (3fdb14fd1df7); later kernels (v7.2) have a type for both, and the first of timekeeper_data in the place of tk_core. Before v4.1 tkr_mono had another name (876e78818def): of those only the ticks are read.
 */
import { KernelStruct } from './kernel-struct.ts';
import type { LinuxKernel } from './kernel.ts';

const NANOSECONDS = 1_000_000_000;
/** Where a timekeeper is looked for behind the counter; lock debugging makes that some 60 bytes. */
const MAX_COUNTER = 256;
/** jiffies began at -300 seconds: INITIAL_JIFFIES. */
const JIFFIES_BEFORE = 300;

export interface SystemClock {
  /** Seconds since the start of the system, sleep included. */
  uptime: number;
  /** Wall-clock time; undefined where only ticks are known. */
  time?: Date;
}

/** Undefined where the dump does not hold it. */
export function readClock(kernel: LinuxKernel): SystemClock | undefined {
  const keeper = findTimekeeper(kernel);
  return (keeper && readTimekeeper(keeper)) ?? readTicks(kernel);
}

/** Where both clocks of the timekeeper, read at the same clock source, stand. */
function findTimekeeper(kernel: LinuxKernel): KernelStruct | undefined {
  const core = kernel.address('tk_core') ?? kernel.address('timekeeper_data');
  if (core === undefined || kernel.types?.struct('timekeeper') === undefined) return undefined;
  const known = kernel.types.find('tk_data', 'timekeeper');
  if (known) return new KernelStruct(kernel, 'timekeeper', core + BigInt(known.offset));
  for (let offset = 4; offset < MAX_COUNTER; offset += 4) {
    const keeper = new KernelStruct(kernel, 'timekeeper', core + BigInt(offset));
    if (!keeper.has('tkr_mono.clock') || !keeper.has('tkr_raw.clock')) return undefined;
    const source = keeper.follow('tkr_mono.clock', 'clocksource');
    if (source && source.address === keeper.pointer('tkr_raw.clock') && isName(source)) return keeper;
  }
  return undefined;
}

function isName(source: KernelStruct): boolean {
  const name = source.pointer('name');
  return name !== undefined && /^[\w-]{1,64}$/.test(source.kernel.space.string(name, 64) ?? '');
}

function readTimekeeper(keeper: KernelStruct): SystemClock | undefined {
  const seconds = keeper.small('xtime_sec');
  const parts = keeper.number('tkr_mono.xtime_nsec');
  const shift = keeper.number('tkr_mono.shift');
  const monotonic = keeper.small('wall_to_monotonic.tv_sec');
  const monotonicParts = keeper.small('wall_to_monotonic.tv_nsec');
  const slept = keeper.small('offs_boot');
  if (seconds === undefined || parts === undefined || shift === undefined || shift > 32n) return undefined;
  if (monotonic === undefined || monotonicParts === undefined || slept === undefined) return undefined;
  const nanoseconds = Number(parts >> shift);
  const time = new Date(seconds * 1000 + nanoseconds / 1e6);
  if (Number.isNaN(time.getTime())) return undefined;
  return { uptime: seconds + monotonic + (nanoseconds + monotonicParts + slept) / NANOSECONDS, time };
}

/** From the ticks and their length alone, which needs no types. */
function readTicks(kernel: LinuxKernel): SystemClock | undefined {
  const at = kernel.address('jiffies_64');
  const lengthAt = kernel.address('tick_nsec');
  const ticks = at === undefined ? undefined : kernel.space.u64(at);
  const length = lengthAt === undefined ? undefined : Number(kernel.space.word(lengthAt));
  if (ticks === undefined || length === undefined || !(length > 0 && length <= NANOSECONDS)) return undefined;
  const before = BigInt(JIFFIES_BEFORE) * BigInt(Math.round(NANOSECONDS / length));
  const since = BigInt.asUintN(64, ticks - (BigInt.asUintN(32, -before) as bigint));
  return { uptime: (Number(since) * length) / NANOSECONDS };
}
