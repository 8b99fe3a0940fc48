/** Our mappings in the form of QEMU's `info tlb` and `info mem` (target/i386/monitor.c, print_pte and mem_print, QEMU 7.2). */
import type { Mapping } from '#shared/model/index.ts';

const TLB_FLAGS: [string, string][] = [
  ['NX', 'X'],
  ['G', 'G'],
  ['PS', 'P'],
  ['D', 'D'],
  ['A', 'A'],
  ['PCD', 'C'],
  ['PWT', 'T'],
  ['US', 'U'],
  ['RW', 'W'],
];

const hex16 = (value: bigint | number): string => value.toString(16).padStart(16, '0');

export function tlbRow({ start, physical, flags }: Mapping): string {
  const letters = TLB_FLAGS.map(([name, letter]) => (flags.includes(name) ? letter : '-')).join('');
  return `${hex16(start)}: ${hex16(physical)} ${letters}`;
}

export function memRow({ start, last, effective }: Mapping): string {
  const rights = `${effective.user ? 'u' : '-'}r${effective.writable ? 'w' : '-'}`;
  return `${hex16(start)}-${hex16(BigInt.asUintN(64, last + 1n))} ${hex16(last + 1n - start)} ${rights}`;
}
