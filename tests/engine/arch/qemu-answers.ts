/** What QEMU's monitor answers, as data: `info registers`, `info tlb`, `info mem` (target/i386/cpu-dump.c and monitor.c, QEMU 5.2 to 10). */

export interface AnsweredSegment {
  selector: bigint | undefined;
  base: bigint;
  limit: bigint;
  flags: bigint | undefined;
}

export interface AnsweredRegisters {
  /** Lower-case names as the project spells them. 32-bit answers (EAX) stand under the 64-bit name and hold 32 bits. */
  registers: Map<string, bigint>;
  segments: Map<string, AnsweredSegment>;
  /** Whether the general registers were printed with 32 bits. */
  short: boolean;
}

const hex = (digits: string): bigint => BigInt(`0x${digits.replaceAll(' ', '')}`);

export function parseInfoRegisters(text: string): AnsweredRegisters {
  const registers = new Map<string, bigint>();
  const segments = new Map<string, AnsweredSegment>();
  for (const [, name = '', value = ''] of text.matchAll(/\b(R[A-Z0-9]{1,2}|RIP|RFL|E[A-Z]{2}|EIP|EFL) ?=([0-9a-f]+)/g))
    registers.set(longName(name), hex(value));
  for (const [, name = '', value = ''] of text.matchAll(/\b(CR\d|DR\d|EFER|FCW|FSW|FTW|MXCSR)=([0-9a-f]+)/g))
    registers.set(name.toLowerCase(), hex(value));
  for (const [, number = '', mantissa = '', exponent = ''] of text.matchAll(/FPR(\d)=([0-9a-f]{16}) ([0-9a-f]{4})/g)) {
    const top = Number(((registers.get('fsw') ?? 0n) >> 11n) & 7n);
    registers.set(`st${(Number(number) - top + 8) % 8}`, hex(exponent + mantissa));
  }
  for (const [, number = '', high = '', low = ''] of text.matchAll(/XMM(\d\d)=([0-9a-f]{16}) ([0-9a-f]{16})/g))
    registers.set(`xmm${Number(number)}`, hex(high + low));
  for (const [, number = '', value = ''] of text.matchAll(/YMM(\d\d)=((?:[0-9a-f]{16} ?){4})/g)) {
    const whole = hex(value);
    registers.set(`xmm${Number(number)}`, BigInt.asUintN(128, whole));
    registers.set(`ymm${Number(number)}h`, whole >> 128n);
  }
  for (const [, name = '', selector = '', base = '', limit = '', flags = ''] of text.matchAll(
    /\b([CDEFGS]S|LDT|TR) ?=([0-9a-f]{4}) ([0-9a-f]+) ([0-9a-f]{8}) ([0-9a-f]{8})/g,
  )) {
    segments.set(name.toLowerCase(), { selector: hex(selector), base: hex(base), limit: hex(limit), flags: hex(flags) });
  }
  for (const [, name = '', base = '', limit = ''] of text.matchAll(/\b(GDT|IDT)= +([0-9a-f]+) ([0-9a-f]{8})/g)) {
    segments.set(name.toLowerCase(), { selector: undefined, base: hex(base), limit: hex(limit), flags: undefined });
  }
  return { registers, segments, short: /\bEAX=/.test(text) };
}

function longName(name: string): string {
  if (name === 'RFL' || name === 'EFL') return 'rflags';
  return (name.length === 3 && name.startsWith('E') ? `r${name.slice(1)}` : name).toLowerCase();
}

/** Lines of `info tlb` or `info mem`; none when paging is off. */
export function answerLines(text: string): string[] {
  return text.split(/\r?\n/).filter((line) => /^[0-9a-f]{16}/.test(line));
}
