/**
 * The workbench API, once: every method and event, typed, with a schema for its argument.
 *
 * Three transports carry it: Electron IPC (src/preload, src/main/desktop), a WebSocket (src/main/server) and a direct call
 * (command line, tests). tests/contract/ runs one suite against each. A method takes one plain object (or nothing) and resolves with plain data;
 * it rejects with a WorkbenchError (errors.ts). Values may hold bigint and Uint8Array: a transport that cannot carry
 * them uses codec.ts. No reply holds more than READ_LIMIT bytes of memory.
 */
import * as v from 'valibot';
import type {
  AddressDescription,
  CpuView,
  DeviceState,
  DeviceSummary,
  DumpSummary,
  ExportOptions,
  ExportPlan,
  ExportReport,
  GoToTarget,
  GuestOwnerList,
  GuestTranslation,
  GuestWalk,
  JobProgress,
  LinuxLog,
  LinuxModuleList,
  LinuxOverview,
  LinuxPage,
  LinuxTaskDetail,
  LinuxTaskList,
  Mapping,
  MemoryChunk,
  MemoryMap,
  OpenOptions,
  PageTableView,
  RootChoice,
  RootSearch,
  Translation,
  VirtualMachineList,
  Walk,
} from './model/index.ts';
import { FORMAT_IDS } from './open-choices.ts';

/** Most bytes of memory that one `readMemory` returns: above it Electron's IPC gets slow (reference/platform.md, section 2). */
export const READ_LIMIT = 65536;
/** Most addresses that one `translate` takes. */
export const TRANSLATE_LIMIT = 65536;
/** Most rows that one `listMappings` returns. */
export const MAPPINGS_LIMIT = 4096;

/** Most lines that one `readLinuxLog` returns. */
export const LOG_LIMIT = 4096;

/** What the window can offer depends on where it runs. */
export interface HostInfo {
  /** `desktop`: Electron. `server`: a browser, talking to a process next to the dump. `in-process`: tests and command line. */
  kind: 'desktop' | 'server' | 'in-process';
  version: string;
  platform: string;
  /** True where chooseDump and chooseExportTarget show the system's dialogs; otherwise the page browses with listDirectory. */
  nativeDialogs: boolean;
  /** What the command line asks to be opened first. */
  openAtStart: OpenRequest | null;
}

/** `set`: the parts of one dump that was split into files, in any order. */
export type DumpLocation = { kind: 'path'; path: string } | { kind: 'set'; paths: string[] } | { kind: 'sample'; id: string };

/** What someone outside the page wants opened. A `set` whose files turn out not to be one dump is opened file by file. */
export interface OpenRequest {
  location: DumpLocation;
  options?: OpenOptions;
}

/** Most files of a split set. */
export const SET_LIMIT = 256;
/** Most RAM blocks that are taken from files: as many as QEMU has NUMA nodes. */
export const RAM_FILES_LIMIT = 128;
/** Most files with debug information that are given together. */
export const DEBUG_FILES_LIMIT = 16;

export interface SampleInfo {
  id: string;
  title: string;
  /** What the sample shows, one sentence. */
  description: string;
  size: number;
}

/** Files that were opened together, and how: two snapshots of one image are two of these. */
export interface RecentFile {
  /** The first of `files`. */
  path: string;
  name: string;
  folder: string;
  /** ISO 8601. */
  openedAt: string;
  /** False when one of its files is no longer there. */
  exists: boolean;
  /** The parts of a split set; one, `path`, for everything else. */
  files: string[];
  options: OpenOptions;
}

export interface DirectoryEntry {
  name: string;
  path: string;
  kind: 'file' | 'directory';
  size: number;
  /** ISO 8601. */
  modifiedAt: string;
}

export interface DirectoryListing {
  path: string;
  /** Null at the root. */
  parent: string | null;
  entries: DirectoryEntry[];
  /** True when entries beyond the 2000th were left out. */
  cut: boolean;
}

export type ThemeChoice = 'system' | 'light' | 'dark' | 'high-contrast';

/** A menu item, a file dropped on the app, a second start with a file. */
export type WorkbenchCommand =
  | 'open'
  | 'open-as'
  | 'open-recent'
  | 'export'
  | 'close-dump'
  | 'go-to'
  | 'command-palette'
  | 'back'
  | 'forward'
  | 'next-cpu'
  | 'reset-layout'
  | 'theme-light'
  | 'theme-dark'
  | 'theme-system'
  | 'theme-high-contrast'
  | 'show-overview'
  | 'show-registers'
  | 'show-memory-map'
  | 'show-page-walk'
  | 'show-memory'
  | 'show-devices'
  | 'show-linux'
  | 'show-machines'
  | 'keyboard-shortcuts'
  | 'about';

export type WorkbenchEvent =
  | { type: 'job'; progress: JobProgress }
  | { type: 'command'; command: WorkbenchCommand }
  | ({ type: 'open-request' } & OpenRequest)
  | { type: 'recent-changed' }
  /** The engine of this dump is gone (it ran out of memory, or a bug): the dump is closed. */
  | { type: 'dump-lost'; dumpId: string; message: string };

const address64 = v.pipe(v.bigint(), v.minValue(0n), v.maxValue(0xffff_ffff_ffff_ffffn));
const physical = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2 ** 52 - 1));
const count = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));
const path = v.pipe(v.string(), v.minLength(1), v.maxLength(4096));
const id = v.pipe(v.string(), v.minLength(1), v.maxLength(100));
const text = v.pipe(v.string(), v.maxLength(1000));
/** A stream has a byte for its length. */
const blockName = v.pipe(v.string(), v.minLength(1), v.maxLength(255));
const dump = { dumpId: id };
const root: v.GenericSchema<RootChoice> = v.variant('kind', [
  v.strictObject({ kind: v.literal('cpu'), cpu: count, regime: v.optional(id) }),
  v.strictObject({ kind: v.literal('root'), root: physical, mode: v.optional(id), regime: v.optional(id) }),
]) as v.GenericSchema<RootChoice>;
const location: v.GenericSchema<DumpLocation> = v.variant('kind', [
  v.strictObject({ kind: v.literal('path'), path }),
  v.strictObject({ kind: v.literal('set'), paths: v.pipe(v.array(path), v.minLength(1), v.maxLength(SET_LIMIT)) }),
  v.strictObject({ kind: v.literal('sample'), id }),
]);
const openOptions: v.GenericSchema<OpenOptions> = v.strictObject({
  format: v.optional(v.picklist(FORMAT_IDS)),
  architecture: v.optional(id),
  snapshot: v.optional(text),
  ramFiles: v.optional(v.pipe(v.record(blockName, path), v.maxEntries(RAM_FILES_LIMIT))),
  view: v.optional(v.picklist(['guest', 'process'])),
  executable: v.optional(path),
  debug: v.optional(v.pipe(v.array(path), v.maxLength(DEBUG_FILES_LIMIT))),
  vm: v.optional(id),
}) as v.GenericSchema<OpenOptions>;
const corrections = v.pipe(
  v.array(v.strictObject({ start: physical, last: physical, block: v.nullable(text), blockOffset: count })),
  v.maxLength(1000),
);
const flag = v.optional(v.boolean());
const exportOptions: v.GenericSchema<ExportOptions> = v.strictObject({
  format: v.picklist(['elf', 'kdump', 'raw', 'lime']),
  layout: v.picklist(['portable', 'qemu']),
  paging: flag,
  begin: v.optional(physical),
  length: v.optional(physical),
  compression: v.optional(v.picklist(['zlib', 'lzo', 'snappy', 'zstd', 'none'])),
  flattened: flag,
  excludeZero: flag,
  sparse: flag,
  verify: flag,
}) as v.GenericSchema<ExportOptions>;
const space = v.picklist(['gva', 'gpa', 'hva', 'file']);
/** `vm`: VirtualMachine.id. Of a GVA: by the tables of a vCPU (vcpu_id; the first one's by default), or of a root, the GPA of a top table in that vCPU's mode. */
const guest = { ...dump, vm: id, vcpu: v.optional(count), root: v.optional(physical) };
const guestSpace = v.picklist(['gva', 'gpa', 'hva']);

/** Argument schemas by method; the transports' receiving ends check every call against them. */
export const METHOD_ARGUMENTS = {
  getHost: v.undefined_(),
  listSamples: v.undefined_(),
  listRecent: v.undefined_(),
  clearRecent: v.undefined_(),
  listDirectory: v.strictObject({ path: v.nullable(path) }),
  chooseDump: v.undefined_(),
  chooseExportTarget: v.strictObject({ ...dump, suggestedName: path }),
  setTheme: v.strictObject({ theme: v.picklist(['system', 'light', 'dark', 'high-contrast']) }),
  openDump: v.strictObject({ location, jobId: id, options: v.optional(openOptions) }),
  closeDump: v.strictObject(dump),
  listDumps: v.undefined_(),
  describeDump: v.strictObject(dump),
  getCpus: v.strictObject(dump),
  getMemoryMap: v.strictObject(dump),
  correctMemoryMap: v.strictObject({
    ...dump,
    corrections,
    /** False changes the map for as long as the dump is open, and leaves the project file alone. Default: true. */
    keep: v.optional(v.boolean()),
  }),
  listDevices: v.strictObject(dump),
  getDevice: v.strictObject({ ...dump, index: count }),
  walk: v.strictObject({ ...dump, address: address64, root }),
  translate: v.strictObject({ ...dump, addresses: v.pipe(v.array(address64), v.maxLength(TRANSLATE_LIMIT)), root }),
  readPageTable: v.strictObject({ ...dump, table: physical, level: v.pipe(count, v.maxValue(5)), virtual: address64, root }),
  listMappings: v.strictObject({ ...dump, from: address64, limit: v.pipe(count, v.maxValue(MAPPINGS_LIMIT)), root }),
  readMemory: v.strictObject({ ...dump, space, address: address64, length: v.pipe(count, v.maxValue(READ_LIMIT)), root }),
  describeAddress: v.strictObject({ ...dump, space: v.picklist(['gva', 'gpa', 'hva', 'hpa', 'file']), address: address64, root }),
  resolveText: v.strictObject({ ...dump, text, root }),
  findRoots: v.strictObject({ ...dump, jobId: id }),
  getLinux: v.strictObject(dump),
  readLinuxLog: v.strictObject({ ...dump, from: count, limit: v.pipe(count, v.maxValue(LOG_LIMIT)) }),
  listLinuxTasks: v.strictObject(dump),
  listLinuxModules: v.strictObject(dump),
  getLinuxTask: v.pipe(
    v.strictObject({ ...dump, pid: v.optional(count), address: v.optional(address64) }),
    v.check(({ pid, address }) => (pid === undefined) !== (address === undefined), 'Expected a PID or the address of a task_struct'),
  ),
  getLinuxPage: v.strictObject({ ...dump, physical }),
  getLinuxLayout: v.strictObject(dump),
  listVms: v.strictObject(dump),
  translateGuest: v.strictObject({ ...guest, space: guestSpace, addresses: v.pipe(v.array(address64), v.maxLength(TRANSLATE_LIMIT)) }),
  walkGuest: v.strictObject({ ...guest, space: guestSpace, address: address64 }),
  findGuestOwners: v.strictObject({ ...dump, physical }),
  planExport: v.strictObject({ ...dump, options: exportOptions }),
  exportDump: v.strictObject({ ...dump, options: exportOptions, target: path, jobId: id }),
  cancelJob: v.strictObject({ jobId: id }),
} satisfies Record<string, v.GenericSchema>;

export type MethodName = keyof typeof METHOD_ARGUMENTS;
export const METHOD_NAMES = Object.keys(METHOD_ARGUMENTS) as MethodName[];
export type MethodArgument<Name extends MethodName> = v.InferOutput<(typeof METHOD_ARGUMENTS)[Name]>;

/** What each method resolves with. */
export interface MethodResults {
  getHost: HostInfo;
  listSamples: SampleInfo[];
  /** Newest first. */
  listRecent: RecentFile[];
  clearRecent: null;
  /** `path: null` is the user's home folder. Rejects `not-available` on the desktop. */
  listDirectory: DirectoryListing;
  /** Shows the system's open dialog; null when the user cancelled. Several files chosen at once are a `set`. Rejects `not-available` without native dialogs. */
  chooseDump: DumpLocation | null;
  chooseExportTarget: string | null;
  setTheme: null;
  /**
   * Reports progress as `job` events. A file that is open already, in the same way, resolves with the same dumpId. Cancel rejects with `cancelled`;
   * files of a set that do not belong together with `not-one-dump`; `ramFiles` of blocks that the dump does not have with `bad-request`.
   */
  openDump: DumpSummary;
  closeDump: null;
  listDumps: DumpSummary[];
  describeDump: DumpSummary;
  getCpus: CpuView[];
  getMemoryMap: MemoryMap;
  /** The corrections replace all earlier ones; an empty list takes them back. Kept beside the dump in a project file where that can be written. */
  correctMemoryMap: MemoryMap;
  /** Every device state, in the order of the stream; empty for dumps that hold none. */
  listDevices: DeviceSummary[];
  getDevice: DeviceState;
  walk: Walk;
  /** One answer per address, in order. */
  translate: Translation[];
  /** All entries of one table; `virtual` is an address whose walk goes through it, so that entries can name theirs. */
  readPageTable: PageTableView;
  /** Mappings at or after `from`, ascending; `next` is where to go on, null at the end. */
  listMappings: { mappings: Mapping[]; next: bigint | null };
  /** Never rejects for a hole: the spans say what is missing. Shorter than asked only at the end of the space. */
  readMemory: MemoryChunk;
  describeAddress: AddressDescription;
  /** Where typed text can lead, best first: `rip`, `cr3`, `0x…`, `gpa:…`, `gva:…`, `pfn:1234`, `file:0x1000`, `pc.ram+0x1000`. Empty when nowhere. */
  resolveText: GoToTarget[];
  /**
   * Looks for page tables, for a dump whose CPUs do not say where theirs are. Reads memory: reports progress as `job` events. Rejects `unsupported` for a CPU family without page walks,
   * `cancelled`.
   */
  findRoots: RootSearch;
  /** What the Linux kernel in the dump tells of its system. All calls of a kernel reject `unsupported` where none is found, or what they need of it is not known; the message says what would supply it. */
  getLinux: LinuxOverview;
  /** The kernel's log from line `from` on. */
  readLinuxLog: LinuxLog;
  listLinuxTasks: LinuxTaskList;
  listLinuxModules: LinuxModuleList;
  /** The task with that PID. Rejects `bad-request` where there is none. */
  getLinuxTask: LinuxTaskDetail;
  /** The `struct page` of the frame that holds a GPA. Rejects `bad-request` for a frame that the kernel has none for. */
  getLinuxPage: LinuxPage;
  /** The layout of the kernel's types, as the JSON that `OpenOptions.debug` takes: for other dumps of the same build. Rejects `unsupported` where its types are not known. */
  getLinuxLayout: string;
  /** The virtual machines of a KVM host, by PID. Rejects as the calls of a kernel do; no machines, and a problem that says so, for a kernel without KVM. */
  listVms: VirtualMachineList;
  /** Addresses of a virtual machine in the next spaces down to the host's physical memory; one answer per address, in order. Rejects `bad-request` for a machine or a vCPU that is not there. */
  translateGuest: GuestTranslation[];
  /** One address of a virtual machine with every step: by memslots and, apart from that, by nested tables. */
  walkGuest: GuestWalk;
  /** Which virtual machines' processes hold a byte of the host's memory, and at which addresses (64 of a process at most; a problem says that there are more). Empty when none does. */
  findGuestOwners: GuestOwnerList;
  planExport: ExportPlan;
  /** Resolves when the file stands under its final name. Cancel rejects with `cancelled` and leaves nothing behind. */
  exportDump: ExportReport;
  /** No error when the job is over or unknown. */
  cancelJob: null;
}

export type WorkbenchMethods = {
  [Name in MethodName]: undefined extends MethodArgument<Name>
    ? () => Promise<MethodResults[Name]>
    : (argument: MethodArgument<Name>) => Promise<MethodResults[Name]>;
};

export interface WorkbenchApi extends WorkbenchMethods {
  /** Calls `listener` with every event from now on; the returned function ends that. */
  subscribe(listener: (event: WorkbenchEvent) => void): () => void;
}

/** What a transport offers: one call, one stream of events. `createApi` gives it the methods' names. */
export interface Transport {
  call(method: MethodName, argument: unknown): Promise<unknown>;
  subscribe(listener: (event: WorkbenchEvent) => void): () => void;
}

export function createApi(transport: Transport): WorkbenchApi {
  const methods = Object.fromEntries(METHOD_NAMES.map((name) => [name, (argument?: unknown) => transport.call(name, argument)]));
  return { ...(methods as unknown as WorkbenchMethods), subscribe: (listener) => transport.subscribe(listener) };
}
