/**
 * Where an x86-64 Linux kernel's image lies, for segments with its virtual addresses, as /proc/vmcore has one (Linux kernel/kexec_file.c, crash_prepare_elf64_headers). drgn starts at swapper_pg_dir
 * and takes its bytes from a segment that has its virtual address, or fails ("recursive address translation", 0.0.22); the page tables there lead it to all other memory. gdb reads the kernel's variables
 * through them. crash, makedumpfile and libkdumpfile open files with and without them.
 */
import { parseVmcoreinfo } from '../../formats/vmcoreinfo.ts';
import { PAGE_SIZE } from '../../memory/extent-table.ts';
import type { PagingMode } from '../../translate/paging-mode.ts';
import { walkableTables } from '../../translate/regime-tables.ts';
import { Translator } from '../../translate/translator.ts';
import type { ExportSource } from '../export-source.ts';
import type { ListedMapping } from './mapping-list.ts';
import { targetOf } from './target.ts';

const EM_X86_64 = 62;
/** __START_KERNEL_map, and the bytes up to where modules begin (Documentation/arch/x86/x86_64/mm.rst). */
const KERNEL_MAP = 0xffff_ffff_8000_0000n;
const IMAGE_SIZE = 2 ** 30;
/** The image is aligned to pages of this size. */
const LARGE_PAGE = 2 ** 21;

/** Ascending by virtual address; empty for other guests, and for a kernel that does not say where it is. */
export function kernelImage(source: ExportSource): ListedMapping[] {
  const { vmcoreinfo } = source.dump;
  if (!vmcoreinfo || targetOf(source).machine !== EM_X86_64) return [];
  const values = parseVmcoreinfo(vmcoreinfo);
  const text = offsetOf(values.get('SYMBOL(_stext)'));
  const tables = offsetOf(values.get('SYMBOL(swapper_pg_dir)'));
  if (text === undefined || tables === undefined) return [];
  for (const tablesOfCpu of translatorsOf(source)) {
    const stretches = stretchesAround(text, tablesOfCpu);
    // A CPU in a program maps a page or two of the kernel, for entering it.
    if (stretches.some(({ start, end }) => start <= tables && tables < end)) return stretches.map(mappingOf);
  }
  const base = Number(values.get('NUMBER(phys_base)') ?? NaN);
  if (!Number.isSafeInteger(base) || base % PAGE_SIZE !== 0) return [];
  const symbols = [...values].flatMap(([key, value]) => (key.startsWith('SYMBOL(') ? (offsetOf(value) ?? []) : []));
  const start = Math.floor(Math.min(...symbols) / LARGE_PAGE) * LARGE_PAGE;
  const end = (Math.floor(Math.max(...symbols) / LARGE_PAGE) + 1) * LARGE_PAGE;
  return start + base < 0 ? [] : [mappingOf({ start, end, distance: base })];
}

/** From KERNEL_MAP on; `distance` leads from there to the physical address. */
interface Stretch {
  start: number;
  end: number;
  distance: number;
}

function mappingOf({ start, end, distance }: Stretch): ListedMapping {
  return { virtual: KERNEL_MAP + BigInt(start), physical: start + distance, length: end - start };
}

/** What a symbol's address is beyond KERNEL_MAP; undefined for one outside the image. */
function offsetOf(address: string | undefined): number | undefined {
  if (address === undefined || !/^[\da-f]{16}$/.test(address)) return undefined;
  const offset = BigInt(`0x${address}`) - KERNEL_MAP;
  return offset >= 0 && offset < IMAGE_SIZE ? Number(offset) : undefined;
}

interface Tables {
  translator: Translator;
  mode: PagingMode;
}

function translatorsOf({ memory, dump, architecture }: ExportSource): Tables[] {
  const tables = dump.cpus.flatMap((cpu) => walkableTables(architecture, cpu));
  // Only long mode has addresses of that width.
  return tables
    .filter(({ mode }) => mode.virtualBits > 32)
    .map(({ mode, root, options }) => ({ mode, translator: new Translator(memory, mode, root, options) }));
}

/** What is mapped at the same distance as `text`. At most as many steps as the image has pages. */
function stretchesAround(text: number, { translator, mode }: Tables): Stretch[] {
  const translate = (offset: number) => translator.translate(-1, (offset + 2 ** 31) | 0);
  if (!translate(text)) return [];
  const distance = translator.physical - text;
  const stretches: Stretch[] = [];
  for (let at = 0; at < IMAGE_SIZE;) {
    const mapped = translate(at) && translator.physical - at === distance;
    // Of what is not mapped, too, the level of the entry that says so tells how far it goes.
    const { shift } = mode.levels.find(({ level }) => level === translator.level)!;
    const end = Math.min(IMAGE_SIZE, (Math.floor(at / 2 ** shift) + 1) * 2 ** shift);
    const before = stretches.at(-1);
    if (mapped && before?.end === at) before.end = end;
    else if (mapped) stretches.push({ start: at, end, distance });
    at = end;
  }
  return stretches;
}
