/** What the memory of a Linux kernel tells of its system, for guests and hosts alike. Whatever the dump does not hold is null, and said in `problems`. */

export interface LinuxOverview {
  /** "6.1.0-13-amd64" */
  release: string;
  /** "#1 SMP PREEMPT_DYNAMIC Debian 6.1.55-1 (2023-09-29)" */
  version: string | null;
  /** "x86_64" */
  machine: string | null;
  /** The system's own name. */
  nodeName: string | null;
  /** Seconds since the start of the system. */
  uptime: number | null;
  /** Wall-clock time of the dump, ISO 8601. */
  time: string | null;
  /** Command line of the kernel. */
  commandLine: string | null;
  /** What the kernel said as it panicked: "Kernel panic - not syncing: …", "BUG: …", "Oops: …"; null for one that did not. */
  panic: string | null;
  /** CPUs that are there (cpu_present_mask), and those of them that run: a kernel that panicked has stopped all but one. */
  cpuCount: number | null;
  onlineCpuCount: number | null;
  taskCount: number | null;
  moduleCount: number | null;
  /** Where symbols and types come from: "kallsyms in memory, 138,512 symbols"; null where there are none. */
  sources: { kernel: string; symbols: string | null; types: string | null };
  /** What could not be read, and what would supply it, in sentences. */
  problems: string[];
}

export interface LinuxLogLine {
  /** Number of the record since the start of the system, where the kernel keeps it. */
  sequence?: number;
  /** Nanoseconds since the start of the system. */
  time: bigint;
  /** 0 (emergency) to 7 (debug). */
  level: number;
  facility: number;
  /** Task or CPU that wrote it, where the kernel keeps it (CONFIG_PRINTK_CALLER): `T1`, `C0`. */
  caller?: string;
  /** Lines of one record, without the last newline. */
  text: string;
}

export interface LinuxLog {
  /** Oldest first. */
  lines: LinuxLogLine[];
  /** Why there is nothing or not all, in a sentence. */
  problem?: string;
  /** Where to go on; null at the end. */
  next: number | null;
}

export interface LinuxTask {
  /** GVA of its task_struct. */
  address: bigint;
  pid: number;
  /** PID of the process that it is a thread of. */
  tgid: number;
  /** PID of the parent process; null where the dump does not hold it. */
  parent: number | null;
  comm: string;
  /** As ps has it: R running or runnable, S sleeping, D uninterruptible, I idle, T stopped, t traced, P parked, Z zombie, X dead; ? unknown. */
  state: string;
  /** The CPU that it runs on or ran on last; null where the dump does not say. */
  cpu: number | null;
  /** True while it is the one that its CPU executes. */
  running: boolean;
  /** A thread of the kernel: it has no memory of its own. */
  kernel: boolean;
  /** GPA of its top page table; null for kernel threads. */
  root: number | null;
}

export interface LinuxTaskList {
  tasks: LinuxTask[];
  /** What is missing of the list, in sentences. */
  problems: string[];
}

export interface LinuxModule {
  name: string;
  /** GVA of its text, and bytes of all its sections that stay. */
  address: bigint;
  size: number;
  /** "live", "coming", "going", "unformed". */
  state: string;
  /** How many hold it, as lsmod shows; null where the kernel does not count. */
  references: number | null;
  /** Modules that use it. */
  usedBy: string[];
  /** "OE": as lsmod and oops messages show. */
  taints: string;
}

export interface LinuxModuleList {
  modules: LinuxModule[];
  problems: string[];
}

/** A stretch of a process's addresses: a line of /proc/PID/maps. */
export interface LinuxArea {
  start: bigint;
  /** Inclusive. */
  last: bigint;
  /** "rw-p" */
  access: string;
  /** VM_… flags by name, lower case, beyond those of `access`: "growsdown", "hugetlb", "locked", "dontdump". */
  flags: string[];
  /** Bytes into the file. */
  offset: number;
  /** Of the file, as /proc/PID/maps shows them: "fe:00" and 436; "00:00" and 0 without a file. */
  device: string;
  inode: number;
  /** Path of the file, "[heap]", "[stack]", "/memfd:name (deleted)"; null for anonymous memory. */
  name: string | null;
  /** Whether its pages are a file's, or shared memory's. */
  file: boolean;
}

export interface LinuxFile {
  descriptor: number;
  /** "/dev/kvm", "anon_inode:kvm-vm", "socket:[1234]", "pipe:[99]". */
  path: string;
  /** Bytes; null where it has none. */
  position: number | null;
  /** "r", "w", "rw" */
  access: string;
  /** GVA of its struct file. */
  address: bigint;
}

export interface LinuxTaskDetail {
  task: LinuxTask;
  /** The words that it was started with; null where they are not in the dump. */
  commandLine: string[] | null;
  /** Null for kernel threads, and where they cannot be read. */
  areas: LinuxArea[] | null;
  files: LinuxFile[] | null;
  /** Other threads of its process, and its children, by PID. */
  threads: number[];
  children: number[];
  problems: string[];
}

/** The `struct page` of a frame. */
export interface LinuxPage {
  pfn: number;
  /** GVA of the struct page. */
  address: bigint;
  /** PG_… by name, lower case: "uptodate", "lru", "head". */
  flags: string[];
  references: number;
  /** How many page tables map it; null for pages that nobody counts. */
  mappings: number | null;
  /** What it is: "anonymous", "page cache of /bin/sh", "slab", "free (buddy)", "free, in the block of 8 pages at 0x…", "table" (of pages), "reserved", "compound tail of 0x…"; "" when nothing says. */
  use: string;
  /** Bytes of the compound page or folio that it is part of. */
  size: number;
}
