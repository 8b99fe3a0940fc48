/** The type of a page that no page table maps, which stands where others count their mappings. See struct-page.ts for its history. */
import type { KernelStruct } from './kernel-struct.ts';

/** Above it there is no count: PAGE_TYPE_BASE, and the lowest of the types that are numbers. */
const TYPED = 0xf000_0000;
/** Values in VMCOREINFO, as signed numbers (kernel/crash_core.c). */
const NOTED: Readonly<Record<string, string>> = {
  'NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)': 'buddy',
  'NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)': 'offline',
  'NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)': 'slab',
  'NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)': 'hugetlb',
};
const UNTYPED = 0xffff_ffff;

/** "buddy", "slab", "table"; undefined for a page without. */
export function pageType(page: KernelStruct): string | undefined {
  const { kernel } = page;
  const value = page.small(page.has('page_type') ? 'page_type' : '_mapcount.counter');
  if (value === undefined) return undefined;
  const word = value >>> 0;
  if (word === UNTYPED || word < TYPED) return undefined;
  for (const [key, name] of Object.entries(NOTED)) {
    const noted = kernel.vmcoreinfo.get(key);
    if (noted !== undefined && Number(noted) >>> 0 === word) return name;
  }
  for (const [name, bits] of kernel.types?.enum('pagetype')?.values ?? []) {
    const numbered = /^PGTY_(\w+)$/.exec(name);
    if (numbered && word >>> 24 === Number(bits)) return numbered[1]!;
    const bit = /^PG_(\w+)$/.exec(name);
    if (bit && ((~word >>> 0) & Number(bits)) !== 0) return bit[1]!;
  }
  return `of a type of its own (page_type 0x${word.toString(16)})`;
}
