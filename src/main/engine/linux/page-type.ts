/** The type of a page that no page table maps, which stands where others count their mappings. See struct-page.ts for its history. */
import type { KernelStruct } from './kernel-struct.ts';

/** Above it there is no count: PAGE_TYPE_BASE, and the lowest of the types that are numbers. */
const TYPED = 0xf000_0000;
/** Of the first page of a free block. */
export const BUDDY = 'buddy';
/** Values in VMCOREINFO, as signed numbers (kernel/crash_core.c). */
const NOTED: Readonly<Record<string, string>> = {
  'NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)': BUDDY,
  'NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)': 'offline',
  'NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)': 'slab',
  'NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)': 'hugetlb',
};
const UNTYPED = 0xffff_ffff;

/**
 * Bits of kernels that name them nowhere in their types, lowest first (include/linux/page-flags.h): between v4.18 (1d40a5ea01d5) and v5.11, which has no type for pages of memory control groups any more (18b2db3b0385) and keeps
 * what those had in page.memcg_data (bcfe06bf2622), so that pages of page tables have another bit. Without CONFIG_MEMCG struct folio (v5.16) tells as much.
 */
function unnamedBits(page: KernelStruct): Readonly<Record<number, string>> {
  if (page.has('memcg_data') || page.kernel.types?.struct('folio') !== undefined) return { 0x200: 'table', 0x400: 'guard' };
  return page.has('mem_cgroup') ? { 0x200: 'kmemcg', 0x400: 'table', 0x800: 'guard' } : {};
}

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
  if (!kernel.types?.enum('pagetype')) for (const [bit, name] of Object.entries(unnamedBits(page))) if (~word >>> 0 === Number(bit)) return name;
  return `of a type of its own (page_type 0x${word.toString(16)})`;
}
