/**
 * Names of open files, as /proc shows them: the way from a directory entry up, over mounts, to the root of all mounts that it can be reached from.
 *
 * Facts: Linux fs/d_path.c, fs/mount.h, include/linux/dcache.h (v6.1). What stands above a mount is in struct mount since v3.3 (7d6fec45a513), in struct vfsmount before. File systems without directories name their
 * files themselves (d_dname): fs/{anon_inodes,pipe,nsfs,pidfs}.c, net/socket.c, drivers/dma-buf/dma-buf.c; simple_dname for memory without a name of its own (mm/shmem.c, fs/hugetlbfs/inode.c).
 */
import { KernelStruct } from './kernel-struct.ts';
import type { LinuxKernel } from './kernel.ts';

/** Directories and mounts above a file; a path has 4096 characters at most, but mounts nest. */
const MAX_STEPS = 4096;
const MAX_NAME = 256;

/** What the files of a file system without directories are called; by the name of its type. */
const OWN_NAMES: Readonly<Record<string, (name: string, inode: number) => string>> = {
  anon_inodefs: (name) => `anon_inode:${name}`,
  pipefs: (_name, inode) => `pipe:[${inode}]`,
  sockfs: (_name, inode) => `socket:[${inode}]`,
  nsfs: (name, inode) => `${name}:[${inode}]`,
  pidfs: () => 'anon_inode:[pidfd]',
  dmabuf: (name) => `/dmabuf:${name}`,
};

export class PathReader {
  readonly #kernel: LinuxKernel;
  readonly #names = new Map<bigint, string | undefined>();
  /** By mount and directory entry. */
  readonly #paths = new Map<string, string | undefined>();

  constructor(kernel: LinuxKernel) {
    this.#kernel = kernel;
  }

  /** `holder` has a struct path at `member`. Undefined where the dump does not hold the way to the root. Throws WorkbenchError `unsupported` for a kernel whose types are not known. */
  pathOf(holder: KernelStruct, member: string): string | undefined {
    const mount = holder.pointer(`${member}.mnt`);
    const entry = holder.follow(`${member}.dentry`, 'dentry');
    if (mount === undefined || !entry) return undefined;
    const key = `${mount} ${entry.address}`;
    if (!this.#paths.has(key)) this.#paths.set(key, this.#read(mount, entry));
    return this.#paths.get(key);
  }

  /** By the first of its names, through the first mount of its file system. Undefined for an inode without a name, and where the dump does not hold the way. */
  pathOfInode(inode: KernelStruct): string | undefined {
    const kernel = this.#kernel;
    const alias = kernel.types?.find('dentry', 'd_u.d_alias') ? 'd_u.d_alias' : 'd_alias';
    const names = inode.pointer('i_dentry.first');
    const mount = this.#firstMount(inode);
    if (names === undefined || names === 0n || !mount) return undefined;
    return this.#climb(mount.at('mnt'), KernelStruct.of(kernel, 'dentry', alias, names));
  }

  /** Of an inode's file system: a list of mounts, or (v7.2) the first mount itself. */
  #firstMount(inode: KernelStruct): KernelStruct | undefined {
    const system = inode.follow('i_sb', 'super_block');
    if (!system?.has('s_mounts') || this.#kernel.types?.struct('mount') === undefined) return undefined;
    if (!system.has('s_mounts.next')) return system.follow('s_mounts', 'mount');
    const node = system.pointer('s_mounts.next');
    if (node === undefined || node === system.at('s_mounts')) return undefined;
    return KernelStruct.of(this.#kernel, 'mount', 'mnt_instance', node);
  }

  #read(mount: bigint, entry: KernelStruct): string | undefined {
    const isRoot = entry.pointer('d_parent') === entry.address;
    const own = this.#ownName(entry);
    if (own !== undefined && !(isRoot && this.#rootOf(mount) === entry.address)) return own;
    const path = this.#climb(mount, entry);
    const gone = !isRoot && entry.pointer('d_hash.pprev') === 0n;
    return path === undefined || !gone ? path : `${path} (deleted)`;
  }

  /** Undefined for a file that is called as its directory has it. */
  #ownName(entry: KernelStruct): string | undefined {
    const operations = entry.follow('d_op', 'dentry_operations');
    if (!operations?.has('d_dname') || !operations.pointer('d_dname')) return undefined;
    const type = entry.follow('d_sb', 'super_block')?.follow('s_type', 'file_system_type')?.pointer('name');
    const system = type === undefined ? undefined : this.#kernel.space.string(type, MAX_NAME);
    const name = this.#nameOf(entry) ?? '';
    const inode = entry.follow('d_inode', 'inode');
    const named = system === undefined ? undefined : OWN_NAMES[system];
    if (!named) return `/${name} (deleted)`;
    return named(system === 'nsfs' && inode ? this.#namespaceName(inode) : name, inode?.small('i_ino') ?? 0);
  }

  /** Kind of a namespace: "mnt", "net". */
  #namespaceName(inode: KernelStruct): string {
    const operations = inode.follow('i_private', 'ns_common')?.follow('ops', 'proc_ns_operations');
    const name = operations?.pointer('name');
    return (name === undefined ? undefined : this.#kernel.space.string(name, MAX_NAME)) ?? 'ns';
  }

  #climb(from: bigint, file: KernelStruct): string | undefined {
    const names: string[] = [];
    let mount = from;
    let entry = file;
    for (let step = 0; step < MAX_STEPS; step++) {
      if (this.#rootOf(mount) === entry.address) {
        const above = this.#above(mount);
        if (!above) return undefined;
        if (above.mount === mount) return `/${names.reverse().join('/')}`;
        ({ mount, entry } = above);
        continue;
      }
      const parent = entry.follow('d_parent', 'dentry');
      const name = this.#nameOf(entry);
      // A directory that was moved out of its mount ends here, too.
      if (!parent || name === undefined || parent.address === entry.address) return undefined;
      names.push(name);
      entry = parent;
    }
    return undefined;
  }

  /** The directory entry that is the root of a mount. */
  #rootOf(mount: bigint): bigint | undefined {
    return new KernelStruct(this.#kernel, 'vfsmount', mount).pointer('mnt_root');
  }

  /** What a mount is mounted on; itself for the root of all. */
  #above(vfsmount: bigint): { mount: bigint; entry: KernelStruct } | undefined {
    const kernel = this.#kernel;
    const apart = kernel.types?.struct('mount') !== undefined;
    const mount = apart ? KernelStruct.of(kernel, 'mount', 'mnt', vfsmount) : new KernelStruct(kernel, 'vfsmount', vfsmount);
    const parent = mount.follow('mnt_parent', mount.name);
    const entry = mount.follow('mnt_mountpoint', 'dentry');
    return parent && entry && { mount: apart ? parent.at('mnt') : parent.address, entry };
  }

  #nameOf(entry: KernelStruct): string | undefined {
    const { address } = entry;
    if (!this.#names.has(address)) {
      const name = entry.pointer('d_name.name');
      this.#names.set(address, name === undefined ? undefined : this.#kernel.space.string(name, MAX_NAME));
    }
    return this.#names.get(address);
  }
}

const readers = new WeakMap<LinuxKernel, PathReader>();

/** One for each kernel: it remembers the names that it read. */
export function pathsOf(kernel: LinuxKernel): PathReader {
  let reader = readers.get(kernel);
  if (!reader) readers.set(kernel, (reader = new PathReader(kernel)));
  return reader;
}
