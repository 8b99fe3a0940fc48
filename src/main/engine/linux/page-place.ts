/**
 * Where the struct page of a frame lies.
 *
 * Facts: Linux include/linux/mmzone.h, mm/sparse.c, kernel/crash_core.c (v6.1). With SPARSEMEM the section of a frame has the address of its first struct page less that of the frame's number, and flags in its low
 * bits; sections stand in one array, or (SPARSEMEM_EXTREME) in pages that an array of roots leads to. SYMBOL(mem_section) of VMCOREINFO is where that array begins, also since v4.15 (83e3c48729d9), where the variable is
 * a pointer to it. With FLATMEM all struct pages are one array, mem_map.
 */
import { WorkbenchError } from '#shared/errors.ts';
import type { LinuxKernel } from './kernel.ts';

/** SECTION_MARKED_PRESENT, SECTION_HAS_MEM_MAP and what follows them, up to SECTION_MAP_LAST_BIT: at most six bits. */
const SECTION_FLAGS = 0x3fn;
const HAS_MEM_MAP = 2n;

/** Bytes of a page. Throws WorkbenchError `unsupported` for a kernel that does not tell. */
export function pageSizeOf(kernel: LinuxKernel): number {
  const size = Number(kernel.vmcoreinfo.get('PAGESIZE'));
  if (Number.isInteger(size) && size >= 4096 && size <= 65536) return size;
  throw new WorkbenchError('unsupported', 'VMCOREINFO has no PAGESIZE, so the size of the kernel’s pages is not known');
}

/** Bytes of a struct page. Throws WorkbenchError `unsupported` where nothing says. */
export function sizeOfPageStruct(kernel: LinuxKernel): number {
  const size = kernel.size('page');
  if (size !== undefined && size > 0 && size <= 4096) return size;
  throw new WorkbenchError('unsupported', 'neither VMCOREINFO nor BTF says how large a struct page is');
}

/** GVA of the struct page of a frame; undefined for a frame that the kernel has none for. Throws WorkbenchError `unsupported` for a kernel whose memory model is not known. */
export function addressOfPage(kernel: LinuxKernel, pfn: number): bigint | undefined {
  const size = sizeOfPageStruct(kernel);
  const sections = kernel.vmcoreinfo.has('SYMBOL(mem_section)') ? kernel.address('mem_section') : undefined;
  if (sections !== undefined) {
    const map = sectionMap(kernel, sections, pfn);
    return map === undefined ? undefined : BigInt.asUintN(8 * kernel.space.wordSize, map + BigInt(pfn * size));
  }
  const base = wordAt(kernel, 'vmemmap_base') ?? wordAt(kernel, 'mem_map');
  if (base !== undefined && base !== 0n) return base + BigInt(pfn * size);
  throw new WorkbenchError('unsupported', 'neither mem_section nor vmemmap_base nor mem_map is known, so the place of the struct pages is not');
}

function wordAt(kernel: LinuxKernel, symbol: string): bigint | undefined {
  const at = kernel.address(symbol);
  return at === undefined ? undefined : kernel.space.word(at);
}

/** Address that the struct page of frame 0 would have by the section of this one; undefined for a section without memory. */
function sectionMap(kernel: LinuxKernel, sections: bigint, pfn: number): bigint | undefined {
  const { space } = kernel;
  const sectionBits = number(kernel, 'NUMBER(SECTION_SIZE_BITS)');
  const length = number(kernel, 'LENGTH(mem_section)');
  const size = kernel.size('mem_section');
  if (sectionBits === undefined || length === undefined || size === undefined || size === 0)
    throw new WorkbenchError('unsupported', 'VMCOREINFO does not say how large the sections of memory are, so the struct pages are not found');
  const pageSize = pageSizeOf(kernel);
  const section = Math.floor((pfn * pageSize) / 2 ** sectionBits);
  const physicalBits = number(kernel, 'NUMBER(MAX_PHYSMEM_BITS)');
  const extreme = physicalBits === undefined ? isExtreme(kernel, sections) : length < 2 ** (physicalBits - sectionBits);
  let entry: bigint | undefined;
  if (extreme) {
    const perRoot = Math.floor(pageSize / size);
    const root = Math.floor(section / perRoot);
    const array = root < length ? space.word(sections + BigInt(root * space.wordSize)) : undefined;
    entry = array === undefined || array === 0n ? undefined : array + BigInt((section % perRoot) * size);
  } else entry = section < length ? sections + BigInt(section * size) : undefined;
  const map = entry === undefined ? undefined : space.word(entry + BigInt(kernel.offset('mem_section', 'section_mem_map') ?? 0));
  return map === undefined || (map & HAS_MEM_MAP) === 0n ? undefined : map & ~SECTION_FLAGS;
}

/** Roots are plain pointers; a section has flags in its low bits. */
function isExtreme({ space }: LinuxKernel, sections: bigint): boolean {
  const first = space.word(sections);
  return first !== undefined && first !== 0n && (first & HAS_MEM_MAP) === 0n;
}

function number(kernel: LinuxKernel, key: string): number | undefined {
  const text = kernel.vmcoreinfo.get(key);
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
