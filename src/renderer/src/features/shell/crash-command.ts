/** What to type into crash for an address (crash 8: `vtop` walks a virtual address, `rd -p` reads a physical one). */
import type { Place } from '../../stores/location.store.ts';

/** Undefined where crash has no such address space. */
export function crashCommand({ space, address }: Place): string | undefined {
  const digits = address.toString(16);
  if (space === 'gva') return `vtop ${digits}`;
  if (space === 'gpa') return `rd -p ${digits} 16`;
  return undefined;
}
