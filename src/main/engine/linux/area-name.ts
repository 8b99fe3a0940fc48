/**
 * What an area of a process's memory is called in /proc/PID/maps.
 *
 * Facts: Linux fs/proc/task_mmu.c (show_map_vma), mm/mmap.c (special mappings), include/linux/mm_inline.h (v6.1). The heap is as the kernel tells it since v6.6 (vma_is_initial_heap): an area that only touches it is none.
 * Areas without a file have names since v5.17 (9a10064f5625), those of shared memory since v6.2 (d09e8ca6cb93): before, the member lay in a union that areas with a file use otherwise. Files of overlay file systems stand
 * for the user's since v6.5 (62d53c4a1dfe), whose path the kernel keeps as `user_path` since v6.8 (def3ae83da02).
 */
import { KernelStruct } from './kernel-struct.ts';
import { pathsOf } from './path-of.ts';

/** MINORBITS of a dev_t. */
const MINOR_BITS = 20;
const FMODE_BACKING = 0x200_0000;
const MAX_NAME = 256;
/** What names areas that the kernel made itself: a function, which every symbol table has. */
const SPECIAL = 'special_mapping_name';

/** What of a process decides how its areas are called. */
export interface NamingMemory {
  heapStart: bigint;
  heapEnd: bigint;
  stackStart: bigint;
}

export function namingOf(memory: KernelStruct): NamingMemory {
  return {
    heapStart: memory.number('start_brk') ?? 0n,
    heapEnd: memory.number('brk') ?? 0n,
    stackStart: memory.number('start_stack') ?? 0n,
  };
}

/** `area`: a struct vm_area_struct; `file`: its struct file. Null for one without a name. */
export function areaName(area: KernelStruct, file: KernelStruct | undefined, memory: NamingMemory): string | null {
  const own = ownName(area, file);
  if (file) return own === undefined ? (pathOfFile(file) ?? '?') : `[anon_shmem:${own}]`;
  const special = specialName(area);
  if (special !== undefined) return special;
  const start = area.number('vm_start') ?? 0n;
  const end = area.number('vm_end') ?? 0n;
  if (start < memory.heapEnd && end > memory.heapStart) return '[heap]';
  if (start <= memory.stackStart && end >= memory.stackStart) return '[stack]';
  return own === undefined ? null : `[anon:${own}]`;
}

/** "fe:00" and the inode's number. */
export function placeOfFile(file: KernelStruct): { device: string; inode: number } {
  const inode = backing(file)?.follow('user_path.dentry', 'dentry')?.follow('d_inode', 'inode') ?? file.follow('f_inode', 'inode');
  const device = inode?.follow('i_sb', 'super_block')?.small('s_dev') ?? 0;
  const hex = (part: number) => part.toString(16).padStart(2, '0');
  return { device: `${hex(device >>> MINOR_BITS)}:${hex(device & ((1 << MINOR_BITS) - 1))}`, inode: inode?.small('i_ino') ?? 0 };
}

function pathOfFile(file: KernelStruct): string | undefined {
  const shown = backing(file);
  const paths = pathsOf(file.kernel);
  return shown ? paths.pathOf(shown, 'user_path') : paths.pathOf(file, 'f_path');
}

function backing(file: KernelStruct): KernelStruct | undefined {
  const shown = new KernelStruct(file.kernel, 'backing_file', file.address);
  return shown.has('user_path') && ((file.small('f_mode') ?? 0) & FMODE_BACKING) !== 0 ? shown : undefined;
}

/** What the program called it (prctl PR_SET_VMA_ANON_NAME). */
function ownName(area: KernelStruct, file: KernelStruct | undefined): string | undefined {
  if (!area.has('anon_name')) return undefined;
  if (file && area.has('shared') && area.at('shared') === area.at('anon_name')) return undefined;
  return area.follow('anon_name', 'anon_vma_name')?.text('name');
}

/** "[vdso]", "[vvar]". */
function specialName(area: KernelStruct): string | undefined {
  const namer = area.follow('vm_ops', 'vm_operations_struct')?.pointer('name');
  if (namer === undefined || namer === 0n || namer !== area.kernel.address(SPECIAL)) return undefined;
  const name = area.follow('vm_private_data', 'vm_special_mapping')?.pointer('name');
  return name === undefined ? undefined : area.kernel.space.string(name, MAX_NAME);
}
