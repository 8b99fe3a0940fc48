/**
 * What a kernel said as it died, out of its log.
 *
 * Facts: Linux kernel/panic.c ("Kernel panic - not syncing: …", last of all), and the first line of what led there: arch/x86/kernel/{dumpstack,traps}.c, arch/x86/mm/fault.c, arch/arm64/{kernel/traps,mm/fault}.c,
 * arch/s390/mm/fault.c, arch/powerpc/{kernel/traps,mm/fault}.c, lib/bug.c (v6.1).
 */
import type { LinuxLogLine } from '#shared/model/index.ts';

const PANIC = /^Kernel panic - not syncing/;
/** A panic that only says that an exception killed the kernel: the exception's own line says more. */
const GENERIC_PANIC = /^Kernel panic - not syncing: (?:Fatal exception|Oops|Unrecoverable|Fatal hardware error)/i;
/** How the first line of a fatal exception begins, or what it has in it. */
const EXCEPTIONS: readonly RegExp[] = [
  /^BUG: (?:unable to handle|kernel NULL pointer|unable to|Unable to handle|stack guard page)/,
  /^kernel BUG at /,
  /^Unable to handle kernel/,
  /^general protection fault/,
  /^(?:int3|stack segment|invalid opcode|divide error|double fault|segment not present|invalid TSS|alignment check|control protection fault|traps: PANIC): .*\[#\d+\]/,
  /^Oops(?::| )/,
  /^Internal error: /,
  /^Kernel stack overflow/,
  /^stack segment: /,
];

/** Null for a kernel that said nothing of the kind. Of several exceptions the first: those after it may be its consequences. */
export function panicMessage(lines: readonly LinuxLogLine[]): string | null {
  let panic: string | undefined;
  let exception: string | undefined;
  for (const { text } of lines) {
    const line = text.split('\n', 1)[0]!.trim();
    if (PANIC.test(line)) panic ??= line;
    else if (panic === undefined && EXCEPTIONS.some((pattern) => pattern.test(line))) exception ??= line;
  }
  if (panic !== undefined && !(exception !== undefined && GENERIC_PANIC.test(panic))) return panic;
  return exception ?? null;
}
