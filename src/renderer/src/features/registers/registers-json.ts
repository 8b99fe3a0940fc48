/** Registers as `vmcore-workbench registers --json` prints them: addresses as 0x-prefixed text, absent where the dump does not hold a register. */
import { formatAddress } from '#shared/address-text.ts';
import type { CpuView } from '#shared/model/index.ts';
import { pagingJson } from '#shared/paging-json.ts';

/** Two spaces of indent, ends with a newline. Registers that were worked out are listed under `inferred`. */
export function registersJson(cpus: readonly CpuView[]): string {
  const list = cpus.map((cpu) => {
    const values = cpu.registers.map(({ name, value }) => [name, formatAddress(value)] as const);
    const segments = cpu.segments.map(
      ({ name, selector, base, limit, flags }) =>
        [name, { selector: formatAddress(selector), base: formatAddress(base), limit: formatAddress(limit), flags: formatAddress(flags) }] as const,
    );
    const inferred = cpu.registers.filter((register) => register.inferred === true).map(({ name }) => name);
    const paging = pagingJson(cpu.paging);
    const regimes = cpu.regimes.length > 1 ? { regimes: cpu.regimes.map(pagingJson) } : {};
    return { index: cpu.index, mode: cpu.mode, paging, ...regimes, registers: Object.fromEntries<unknown>([...values, ...segments]), inferred };
  });
  return `${JSON.stringify({ cpus: list }, null, 2)}\n`;
}
