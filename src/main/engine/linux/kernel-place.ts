/** Whether the kernel that a VMCOREINFO describes is the one in memory: its release stands in init_uts_ns, where the text says that this is. */
import type { PhysicalMemory } from '../memory/physical-memory.ts';
import { PHYSICAL_LIMIT } from '#shared/units.ts';
import type { VmcoreinfoText } from './vmcoreinfo-text.ts';

/** GPA of a virtual address, by the page tables of some CPU; undefined when it is not mapped. */
export type Translate = (virtual: bigint) => number | undefined;

/** __START_KERNEL_map of x86-64, PAGE_OFFSET of 32-bit kernels with the usual split, and of ppc64. */
const X86_64_KERNEL = 0xffff_ffff_8000_0000n;
const SPLIT_3G = 0xc000_0000n;
const PPC64_LINEAR = 0xc000_0000_0000_0000n;
/** struct uts_namespace begins with its names, or with a counter before them: sysname, nodename, release, … of 65 bytes each. */
const UTS_NAMES = 8 + 6 * 65;

/** Where VMCOREINFO itself says that an address of the kernel's image lies in physical memory (x86-64, arm64); undefined where it does not. */
export function toldPlace(values: ReadonlyMap<string, string>, virtual: bigint): number | undefined {
  const physBase = integer(values.get('NUMBER(phys_base)'));
  const imageOffset = integer(values.get('NUMBER(kimage_voffset)'));
  if (physBase !== undefined) return inMemory(virtual - X86_64_KERNEL + physBase);
  return imageOffset === undefined ? undefined : inMemory(BigInt.asUintN(64, virtual - imageOffset));
}

/**
 * Where a symbol of the kernel may lie in physical memory: as the page tables say, and as the linear maps of Linux would have it (x86-64, arm64, i386, ppc64, s390x), for CPUs that
 * run a program without the kernel mapped.
 */
export function symbolPlaces({ values }: VmcoreinfoText, virtual: bigint, translate: Translate | undefined): number[] {
  const linear = [virtual - SPLIT_3G, virtual - PPC64_LINEAR, virtual].map(inMemory);
  return [translate?.(virtual), toldPlace(values, virtual), ...linear].filter((place) => place !== undefined);
}

function inMemory(place: bigint): number | undefined {
  return place < 0n || place >= PHYSICAL_LIMIT ? undefined : Number(place);
}

/** Whether the release stands where the names of the system are: as the page tables say, or the linear maps would have it. */
export function isRunning(memory: PhysicalMemory, text: VmcoreinfoText, translate: Translate | undefined): boolean {
  const address = integer(`0x${text.values.get('SYMBOL(init_uts_ns)')}`);
  if (address === undefined) return false;
  const release = `\0${text.values.get('OSRELEASE')}\0`;
  const names = new Uint8Array(UTS_NAMES);
  return symbolPlaces(text, address, translate).some((place) => {
    memory.read(place, names);
    return String.fromCharCode(...names).includes(release);
  });
}

/** As C prints numbers: decimal, or hexadecimal after 0x. */
function integer(text: string | undefined): bigint | undefined {
  return text !== undefined && /^(-?\d+|0x[\da-f]{1,16})$/i.test(text) ? BigInt(text) : undefined;
}
