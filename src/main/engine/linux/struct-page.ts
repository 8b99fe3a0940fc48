/**
 * What the kernel knows of a frame: its struct page.
 *
 * Facts: Linux include/linux/mm_types.h, include/linux/page-flags.h, include/linux/mm.h. Members changed their names and meanings:
 * - the count is `_refcount` since v4.6 (0139aa7b7fa1), `_count` before;
 * - a page that nobody maps may have a type in the place of `_mapcount`: as bits that are cleared since v4.18 (6e292b9be7f4), as a number in the highest byte since v6.12 (4ffca5a96678), each value named in
 *   enum pagetype since v6.10 (ff202303c398), in VMCOREINFO before;
 * - how many pages a compound one has stands in the second of them: `compound_order`, later `_folio_order`, the low byte of `_flags_1` since v6.6 (ebc1baf5c9b4);
 * - how often it is mapped as a whole: `compound_mapcount`, later `_entire_mapcount` of the folio.
 */
import { formatAddress } from '#shared/address-text.ts';
import { WorkbenchError } from '#shared/errors.ts';
import type { LinuxPage } from '#shared/model/index.ts';
import { KernelStruct } from './kernel-struct.ts';
import type { LinuxKernel } from './kernel.ts';
import { addressOfPage, pageSizeOf, sizeOfPageStruct } from './page-place.ts';
import { BUDDY, pageType } from './page-type.ts';
import { pathsOf } from './path-of.ts';

/** Low bits of page.mapping (PAGE_MAPPING_ANON, PAGE_MAPPING_MOVABLE; both: KSM). */
const MAPPING_BITS = 3n;
const MAPPING_ANON = 1n;
const MAPPING_MOVABLE = 2n;
/** MAX_ORDER of the largest configurations, 1 GiB pages of 4 KiB included. */
const MAX_ORDER = 18;

/** Throws WorkbenchError `unsupported` for a kernel whose types or memory model are not known, `bad-request` for a frame that it has no struct page for. */
export function describePage(kernel: LinuxKernel, physical: number): LinuxPage {
  const pageSize = pageSizeOf(kernel);
  const pfn = Math.floor(physical / pageSize);
  const address = addressOfPage(kernel, pfn);
  const page = address === undefined ? undefined : new KernelStruct(kernel, 'page', address);
  const bits = page?.number('flags');
  if (!page || bits === undefined) {
    const missing = page ? `its struct page, at ${formatAddress(page.address)}, is not in the dump` : 'the kernel has no struct page for it';
    throw new WorkbenchError('bad-request', `frame ${pfn} (${formatAddress(physical)}): ${missing}`);
  }
  const flags = flagNames(kernel, bits);
  const head = headOf(page, flags);
  const compound = head && compoundOf(head);
  const type = pageType(page);
  return {
    pfn,
    address: page.address,
    flags,
    references: (head ?? page).small(page.has('_refcount.counter') ? '_refcount.counter' : '_count.counter') ?? 0,
    mappings: type === undefined && !flags.includes('slab') ? mappingsOf(page, compound) : null,
    use: `${useOf(page, head, type) || freeUse(page, pfn)}${compound?.huge === true ? ', huge page of hugetlbfs' : ''}`,
    size: pageSize * 2 ** (compound?.order ?? 0),
  };
}

/** Names of the bits as enum pageflags has them first: later names are what a bit means for pages of one kind. */
export function flagNames(kernel: LinuxKernel, bits: bigint): string[] {
  const names = new Map<bigint, string>();
  const values = kernel.types?.enum('pageflags')?.values ?? new Map<string, bigint>();
  const end = values.get('__NR_PAGEFLAGS') ?? 0n;
  for (const [name, bit] of values) if (bit < end && !names.has(bit)) names.set(bit, name.replace(/^PG_/, ''));
  return [...names].sort(([one], [other]) => Number(one - other)).flatMap(([bit, name]) => (((bits >> bit) & 1n) === 1n ? [name] : []));
}

/** The first page of the compound one that it is part of; undefined for a page on its own. */
function headOf(page: KernelStruct, flags: readonly string[]): KernelStruct | undefined {
  if (flags.includes('head')) return page;
  const link = page.has('compound_head') ? page.pointer('compound_head') : undefined;
  return link !== undefined && (link & 1n) === 1n ? new KernelStruct(page.kernel, 'page', link - 1n) : undefined;
}

interface Compound {
  order: number;
  /** Whether hugetlbfs gave it out: what a kernel before v6.6 tells by its destructor; a later one has a type for it. */
  huge: boolean;
  /** How often it is mapped as a whole; undefined where the kernel does not count that. */
  whole: number | undefined;
}

function compoundOf(head: KernelStruct): Compound | undefined {
  const { kernel } = head;
  const second = new KernelStruct(kernel, 'page', head.address + BigInt(sizeOfPageStruct(kernel)));
  const folio = new KernelStruct(kernel, 'folio', head.address);
  const order = second.has('compound_order')
    ? second.small('compound_order')
    : folio.has('_folio_order')
      ? folio.small('_folio_order')
      : folio.has('_flags_1')
        ? Number((folio.number('_flags_1') ?? 0n) & 0xffn)
        : undefined;
  if (order === undefined || order > MAX_ORDER) return undefined;
  const count = second.has('compound_mapcount.counter')
    ? second.small('compound_mapcount.counter')
    : folio.has('_entire_mapcount.counter')
      ? folio.small('_entire_mapcount.counter')
      : undefined;
  const destructor = second.has('compound_dtor') ? second.small('compound_dtor') : undefined;
  const huge = destructor !== undefined && `${destructor}` === kernel.vmcoreinfo.get('NUMBER(HUGETLB_PAGE_DTOR)');
  return { order, huge, whole: count === undefined ? undefined : count + 1 };
}

/** Counters begin at -1. */
function mappingsOf(page: KernelStruct, compound: Compound | undefined): number | null {
  const own = page.has('_mapcount.counter') ? page.small('_mapcount.counter') : undefined;
  return own === undefined ? null : own + 1 + (compound?.whole ?? 0);
}

function useOf(page: KernelStruct, head: KernelStruct | undefined, type: string | undefined): string {
  if (head && head.address !== page.address) return `compound tail of ${formatAddress(head.address)}: ${useOf(head, undefined, pageType(head))}`;
  if (type !== undefined) return type === BUDDY ? 'free (buddy)' : type;
  const flags = flagNames(page.kernel, page.number('flags') ?? 0n);
  if (flags.includes('slab')) return 'slab';
  if (flags.includes('reserved')) return 'reserved';
  const mapping = page.has('mapping') ? (page.pointer('mapping') ?? 0n) : 0n;
  const kind = mapping & MAPPING_BITS;
  if (kind === MAPPING_BITS) return 'anonymous, merged (KSM)';
  if (kind === MAPPING_ANON) return 'anonymous';
  if (kind === MAPPING_MOVABLE) return 'movable, of a driver';
  return mapping === 0n ? '' : cacheOf(new KernelStruct(page.kernel, 'address_space', mapping));
}

/** Of pages that are given out no block is free; of a block that is only the first page says so, with its order as its private data (mm/page_alloc.c, set_buddy_order; set_page_order before v5.9). */
function freeUse(page: KernelStruct, pfn: number): string {
  const { kernel } = page;
  const count = page.has('_refcount.counter') ? '_refcount.counter' : '_count.counter';
  if (page.small(count) !== 0 || !page.has('private')) return '';
  for (let order = 1; order <= MAX_ORDER; order++) {
    const first = pfn - (pfn % 2 ** order);
    const address = first === pfn ? undefined : addressOfPage(kernel, first);
    const head = address === undefined ? undefined : new KernelStruct(kernel, 'page', address);
    if (!head || head.number('flags') === undefined || pageType(head) !== BUDDY) continue;
    const size = head.small('private');
    return size !== undefined && size >= order && size <= MAX_ORDER
      ? `free, in the block of ${2 ** size} pages at ${formatAddress(head.address)}`
      : '';
  }
  return '';
}

/** "page cache of /usr/bin/qemu-system-x86_64", as far as the file's name is known. */
function cacheOf(mapping: KernelStruct): string {
  const inode = mapping.has('host') ? mapping.follow('host', 'inode') : undefined;
  if (!inode) return 'page cache';
  const path = pathsOf(mapping.kernel).pathOfInode(inode);
  return `page cache of ${path ?? withoutPath(inode)}`;
}

const MAX_NAME = 32;
const S_IFMT = 0xf000;
const S_IFBLK = 0x6000;

/** Of a file whose name is not in memory any more, "inode 12 of vdb (ext2)"; of a block device its numbers, as /proc/partitions has them. */
function withoutPath(inode: KernelStruct): string {
  const device = inode.small('i_rdev');
  if (((inode.small('i_mode') ?? 0) & S_IFMT) === S_IFBLK && device !== undefined) {
    // dev_t: 12 bits of major number above 20 of minor (include/linux/kdev_t.h).
    return `block device ${device >>> 20}:${device & 0xfffff}`;
  }
  const system = inode.follow('i_sb', 'super_block');
  const kind = system?.follow('s_type', 'file_system_type');
  const name = kind?.has('name') === true ? kind.pointer('name') : undefined;
  const type = name === undefined ? undefined : inode.kernel.space.string(name, MAX_NAME);
  return `inode ${inode.small('i_ino') ?? '?'} of ${system?.text('s_id') ?? '?'}${type === undefined ? '' : ` (${type})`}`;
}
