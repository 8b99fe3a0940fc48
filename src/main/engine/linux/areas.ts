/**
 * The areas of a process's memory: the lines of /proc/PID/maps.
 *
 * Facts: Linux include/linux/mm.h, include/linux/mm_types.h (v6.1). They stand in a maple tree since v6.1 (524e00b36e8c, 763ecb035029), in a list and a red-black tree before. Bits of vm_flags below are what they were in v3.12,
 * and are in v6.12.
 */
import type { LinuxArea } from '#shared/model/index.ts';
import { areaName, namingOf, placeOfFile, type NamingMemory } from './area-name.ts';
import { KernelStruct } from './kernel-struct.ts';
import type { LinuxKernel } from './kernel.ts';
import { readMapleTree } from './maple-tree.ts';
import { pageSizeOf } from './page-place.ts';
import { readTree } from './rbtree.ts';

/** Sixteen times what a process can have without being told otherwise (vm.max_map_count). */
const MAX_AREAS = 16 * 65530;

const VM_READ = 0x1n;
const VM_WRITE = 0x2n;
const VM_EXEC = 0x4n;
const VM_MAYSHARE = 0x80n;
const FLAGS: readonly [bits: bigint, name: string][] = [
  [0x100n, 'growsdown'],
  [0x200n, 'uffd_missing'],
  [0x400n, 'pfnmap'],
  [0x2000n, 'locked'],
  [0x4000n, 'io'],
  [0x8000n, 'seq_read'],
  [0x1_0000n, 'rand_read'],
  [0x2_0000n, 'dontcopy'],
  [0x4_0000n, 'dontexpand'],
  [0x20_0000n, 'noreserve'],
  [0x40_0000n, 'hugetlb'],
  [0x400_0000n, 'dontdump'],
  [0x1000_0000n, 'mixedmap'],
  [0x2000_0000n, 'hugepage'],
  [0x4000_0000n, 'nohugepage'],
  [0x8000_0000n, 'mergeable'],
];

export interface AreaList {
  /** Ascending. */
  areas: LinuxArea[];
  /** What is missing of the list, in sentences. */
  problems: string[];
}

/** Undefined for a kernel thread, and where the dump does not hold them. Throws WorkbenchError `unsupported` for a kernel whose types are not known. */
export function areasOf(kernel: LinuxKernel, task: { address: bigint }): AreaList | undefined {
  const memory = new KernelStruct(kernel, 'task_struct', task.address).follow('mm', 'mm_struct');
  if (!memory) return undefined;
  const pageSize = pageSizeOf(kernel);
  const naming = namingOf(memory);
  const { found, broken } = memory.has('mm_mt') ? areasOfMapleTree(memory) : areasOfTree(memory);
  const problems = broken === undefined ? [] : [`The tree of areas is not whole: ${broken}.`];
  const areas: LinuxArea[] = [];
  let lost = 0;
  for (const struct of found) {
    const area = readArea(struct, naming, pageSize);
    if (area) areas.push(area);
    else lost++;
  }
  if (lost > 0) problems.push(`${lost} areas are not in the dump, or none.`);
  return { areas, problems };
}

interface FoundAreas {
  found: KernelStruct[];
  broken?: string;
}

function areasOfMapleTree(memory: KernelStruct): FoundAreas {
  const { entries, broken } = readMapleTree(memory.part('mm_mt', 'maple_tree'), MAX_AREAS);
  return { found: entries.map(({ entry }) => new KernelStruct(memory.kernel, 'vm_area_struct', entry)), broken };
}

function areasOfTree(memory: KernelStruct): FoundAreas {
  const { kernel } = memory;
  const { nodes, broken } = readTree(kernel, memory.at('mm_rb'), MAX_AREAS);
  return { found: nodes.map((node) => KernelStruct.of(kernel, 'vm_area_struct', 'vm_rb', node)), broken };
}

function readArea(area: KernelStruct, naming: NamingMemory, pageSize: number): LinuxArea | undefined {
  const start = area.number('vm_start');
  const end = area.number('vm_end');
  const bits = area.number('vm_flags');
  const page = area.number('vm_pgoff');
  const pointer = area.pointer('vm_file');
  if (start === undefined || end === undefined || end <= start || bits === undefined || page === undefined || pointer === undefined) return undefined;
  const file = pointer === 0n ? undefined : new KernelStruct(area.kernel, 'file', pointer);
  const letter = (bit: bigint, shown: string, otherwise: string) => ((bits & bit) === 0n ? otherwise : shown);
  return {
    start,
    last: end - 1n,
    access: `${letter(VM_READ, 'r', '-')}${letter(VM_WRITE, 'w', '-')}${letter(VM_EXEC, 'x', '-')}${letter(VM_MAYSHARE, 's', 'p')}`,
    flags: FLAGS.flatMap(([bit, name]) => ((bits & bit) === 0n ? [] : [name])),
    // Of memory without a file it is the place that the area was made at.
    offset: file ? Number(page) * pageSize : 0,
    ...(file ? placeOfFile(file) : { device: '00:00', inode: 0 }),
    name: areaName(area, file, naming),
    file: file !== undefined,
  };
}
