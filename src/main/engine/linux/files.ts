/**
 * The files that a process has open.
 *
 * Facts: Linux include/linux/fdtable.h, include/linux/fs.h (v6.1): bits of open_fds say which descriptors are taken; FMODE_… are bits of f_mode that no version changed.
 */
import type { LinuxFile } from '#shared/model/index.ts';
import { KernelStruct } from './kernel-struct.ts';
import type { LinuxKernel } from './kernel.ts';
import { pathsOf } from './path-of.ts';

/** Descriptors that are looked at: sixteen times what the system allows without being told otherwise (fs.nr_open). */
const MAX_DESCRIPTORS = 16 * 1024 * 1024;

const FMODE_READ = 1;
const FMODE_WRITE = 2;
const FMODE_LSEEK = 4;

export interface OpenFile {
  descriptor: number;
  /** struct file. */
  file: KernelStruct;
  /** As /proc/PID/fd shows it: "/dev/kvm", "anon_inode:kvm-vm"; undefined where the way to its name is not in the dump. */
  path: string | undefined;
}

/** By descriptor; threads of one process share them. Undefined where the dump does not hold the table. Throws WorkbenchError `unsupported` for a kernel whose types are not known. */
export function openFiles(kernel: LinuxKernel, task: { address: bigint }): OpenFile[] | undefined {
  return openDescriptors(kernel, task)?.map(({ descriptor, file }) => ({ descriptor, file, path: pathsOf(kernel).pathOf(file, 'f_path') }));
}

/** As openFiles, without their names. */
export function openDescriptors(kernel: LinuxKernel, task: { address: bigint }): Omit<OpenFile, 'path'>[] | undefined {
  const files = new KernelStruct(kernel, 'task_struct', task.address).pointer('files');
  // A task that has exited has none.
  if (files === 0n) return [];
  const table = files === undefined ? undefined : new KernelStruct(kernel, 'files_struct', files).follow('fdt', 'fdtable');
  const count = table?.small('max_fds');
  const slots = table?.pointer('fd');
  const bits = table?.pointer('open_fds');
  if (count === undefined || slots === undefined || bits === undefined) return undefined;
  const { space } = kernel;
  const taken = new Uint8Array(Math.ceil(Math.min(count, MAX_DESCRIPTORS) / 8));
  const known = space.fill(bits, taken);
  const found: Omit<OpenFile, 'path'>[] = [];
  for (let index = 0; index < known; index++) {
    const byte = taken[index]!;
    for (let bit = 0; byte >> bit > 0; bit++) {
      if (((byte >> bit) & 1) === 0) continue;
      const descriptor = 8 * placeInWord(index, space) + bit;
      const address = space.word(slots + BigInt(descriptor * space.wordSize));
      // A descriptor is taken before its file is there.
      if (address === undefined || address === 0n) continue;
      found.push({ descriptor, file: new KernelStruct(kernel, 'file', address) });
    }
  }
  return found.sort((one, other) => one.descriptor - other.descriptor);
}

/** The byte that has bits 8 × n and above of a set of words. */
function placeInWord(index: number, { littleEndian, wordSize }: { littleEndian: boolean; wordSize: number }): number {
  return littleEndian ? index : index - (index % wordSize) + (wordSize - 1 - (index % wordSize));
}

export function describeFiles(kernel: LinuxKernel, task: { address: bigint }): LinuxFile[] | undefined {
  return openFiles(kernel, task)?.map(({ descriptor, file, path }) => {
    const mode = file.small('f_mode') ?? 0;
    const access = `${(mode & FMODE_READ) !== 0 ? 'r' : ''}${(mode & FMODE_WRITE) !== 0 ? 'w' : ''}`;
    const position = (mode & FMODE_LSEEK) !== 0 ? (file.small('f_pos') ?? null) : null;
    return { descriptor, path: path ?? '?', position, access, address: file.address };
  });
}
