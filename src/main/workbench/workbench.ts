/**
 * The contract, implemented: open dumps by id, jobs, recent files, and what the host offers. Every host (desktop, server, command line, tests) makes
 * one and puts its transport in front.
 */
import fs from 'node:fs/promises';
import path from 'node:path';
import type { DirectoryListing, DumpLocation, HostInfo, MethodArgument, ThemeChoice, WorkbenchApi, WorkbenchEvent } from '#shared/contract.ts';
import { locationOf } from '#shared/dump-location.ts';
import { WorkbenchError } from '#shared/errors.ts';
import type { DumpSummary, OpenOptions } from '#shared/model/index.ts';
import { OpenDump } from '#engine/client.ts';
import { QUERY_NAMES, type QueryName } from '#engine/session/protocol.ts';
import { Jobs } from './jobs.ts';
import type { RecentFiles } from './recent-files.ts';
import { listSamples, samplePath } from './samples.ts';

export interface WorkbenchServices {
  host: HostInfo;
  /** Module of the engine's worker. */
  workerUrl: URL | string;
  samplesFolder: string;
  recent: RecentFiles;
  /** False reads every file with pread. Default: mapped where that is safe. */
  mapping?: boolean;
  /** True where nobody asks an open dump anything while it is exported. Default: false. */
  exporting?: boolean;
  /** The files chosen at once; null when the user cancelled. */
  chooseDump?(): Promise<string[] | null>;
  chooseExportTarget?(suggestedName: string): Promise<string | null>;
  listDirectory?(path: string | null): Promise<DirectoryListing>;
  setTheme?(theme: ThemeChoice): void;
  /** Which paths the page may have opened; all where it is absent. */
  mayOpen?(path: string): boolean;
}

export interface Workbench extends WorkbenchApi {
  emit(event: WorkbenchEvent): void;
  /** Cancels all jobs, closes all dumps and waits for their threads. */
  dispose(): Promise<void>;
}

interface OpenEntry {
  path: string;
  /** Devices and inodes, and the options: the same file under another name is the same dump. */
  identity: string;
  dump: OpenDump;
}

export function createWorkbench(services: WorkbenchServices): Workbench {
  const { host, recent } = services;
  const listeners = new Set<(event: WorkbenchEvent) => void>();
  const dumps = new Map<string, OpenEntry>();
  const emit = (event: WorkbenchEvent) => listeners.forEach((listener) => listener(event));
  const jobs = new Jobs((progress) => emit({ type: 'job', progress }));
  let opened = 0;

  function entryOf(dumpId: string): OpenEntry {
    const entry = dumps.get(dumpId);
    if (!entry) throw new WorkbenchError('bad-request', `there is no open dump ${JSON.stringify(dumpId)}`);
    return entry;
  }

  async function pathsOf(location: DumpLocation): Promise<string[]> {
    if (location.kind === 'sample') return [await samplePath(services.samplesFolder, location.id)];
    const files = (location.kind === 'set' ? location.paths : [location.path]).map((file) => path.resolve(file));
    refuseOthers(files);
    return files;
  }

  /** The options with absolute paths. Each file must be one that the page may open, like the dump. */
  function withPaths({ ramFiles = {}, executable, debug = [], ...options }: OpenOptions): OpenOptions {
    const ram = Object.entries(ramFiles).map(([block, file]) => [block, path.resolve(file)] as const);
    const program = executable === undefined ? [] : [path.resolve(executable)];
    const symbols = debug.map((file) => path.resolve(file));
    refuseOthers([...ram.map(([, file]) => file), ...program, ...symbols]);
    return {
      ...options,
      ...(ram.length > 0 ? { ramFiles: Object.fromEntries(ram) } : {}),
      ...(program.length > 0 ? { executable: program[0] } : {}),
      ...(symbols.length > 0 ? { debug: symbols } : {}),
    };
  }

  function refuseOthers(files: readonly string[]): void {
    const refused = files.find((file) => services.mayOpen && !services.mayOpen(file));
    if (refused === undefined) return;
    throw new WorkbenchError('not-available', `${refused}: the page may open only files from a dialog, a drop, the command line or the recent list`);
  }

  async function open({ location, jobId, options: asked = {} }: MethodArgument<'openDump'>): Promise<DumpSummary> {
    const paths = await pathsOf(location);
    const options = withPaths(asked);
    const [file] = paths as [string];
    const identity = await identityOf(paths, options);
    const known = [...dumps].find(([, entry]) => entry.identity === identity);
    if (known) return known[1].dump.summary(known[0]);
    return jobs.run(jobId, 'open', async (cancel, onProgress) => {
      const dumpId = `dump-${++opened}`;
      const onDeath = (error: Error) => {
        if (dumps.delete(dumpId)) emit({ type: 'dump-lost', dumpId, message: error.message });
      };
      const { workerUrl, mapping = true, exporting } = services;
      const dump = await OpenDump.open(workerUrl, { paths, mapping, options }, { cancel, onProgress, onDeath, exporting });
      dumps.set(dumpId, { path: file, identity, dump });
      if (location.kind !== 'sample') {
        // A home folder that cannot be written is no reason not to look at a dump.
        await recent.add(paths, options).catch(() => undefined);
        emit({ type: 'recent-changed' });
      }
      return dump.summary(dumpId);
    });
  }

  /** Queries go to the dump's thread as they are. */
  const query =
    (name: QueryName) =>
    async ({ dumpId, ...argument }: { dumpId: string }): Promise<unknown> =>
      entryOf(dumpId).dump.query(name, argument);

  const unavailable = (what: string) => new WorkbenchError('not-available', `${what} is not available in this host (${host.kind})`);

  const api: Omit<WorkbenchApi, QueryName> = {
    getHost: async () => host,
    listSamples: async () => listSamples(services.samplesFolder),
    listRecent: async () => recent.list(),
    async clearRecent() {
      await recent.clear();
      emit({ type: 'recent-changed' });
      return null;
    },
    async listDirectory({ path: folder }) {
      if (!services.listDirectory) throw unavailable('browsing folders');
      return services.listDirectory(folder);
    },
    async chooseDump() {
      if (!services.chooseDump) throw unavailable('the open dialog');
      const chosen = await services.chooseDump();
      return chosen === null ? null : locationOf(chosen);
    },
    async chooseExportTarget({ dumpId, suggestedName }) {
      if (!services.chooseExportTarget) throw unavailable('the save dialog');
      return services.chooseExportTarget(path.resolve(path.dirname(entryOf(dumpId).path), suggestedName));
    },
    async setTheme({ theme }) {
      services.setTheme?.(theme);
      return null;
    },
    openDump: open,
    async closeDump({ dumpId }) {
      const { dump } = entryOf(dumpId);
      dumps.delete(dumpId);
      await dump.close();
      return null;
    },
    listDumps: () => Promise.all(Array.from(dumps, ([dumpId, { dump }]) => dump.summary(dumpId))),
    describeDump: async ({ dumpId }) => entryOf(dumpId).dump.summary(dumpId),
    findRoots: async ({ dumpId, jobId }) => {
      const { dump } = entryOf(dumpId);
      return jobs.run(jobId, 'search', (cancel, onProgress) => dump.findRoots(cancel, onProgress));
    },
    exportDump: async ({ dumpId, options, target, jobId }) => {
      const { dump } = entryOf(dumpId);
      return jobs.run(jobId, 'export', (cancel, onProgress) => dump.export({ options, target: path.resolve(target) }, cancel, onProgress));
    },
    async cancelJob({ jobId }) {
      jobs.cancel(jobId);
      return null;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const queries = Object.fromEntries(QUERY_NAMES.map((name) => [name, query(name)])) as unknown as Pick<WorkbenchApi, QueryName>;

  return {
    ...api,
    ...queries,
    emit,
    async dispose() {
      jobs.cancelAll();
      const all = [...dumps.values()];
      dumps.clear();
      await Promise.all(all.map(({ dump }) => dump.close()));
    },
  };
}

/** The same files, opened in the same way, are the same dump. */
async function identityOf(files: readonly string[], options: OpenOptions): Promise<string> {
  const each = await Promise.all(files.map(identityOfFile));
  const { format = '', architecture = '', snapshot = '', ramFiles = {}, view = '', executable, debug = [], vm = '' } = options;
  const ram = await Promise.all(Object.entries(ramFiles).map(async ([block, file]) => [block, await identityOfFile(file)]));
  const programs = await Promise.all([...(executable === undefined ? [] : [executable]), '', ...debug].map(identityOfFile));
  return JSON.stringify([each.sort(), format, architecture, snapshot, ram.sort(), view, programs, vm]);
}

/** A file that is not there cannot be compared: the engine will say what is wrong with it. */
async function identityOfFile(file: string): Promise<string> {
  try {
    const { dev, ino } = await fs.stat(file);
    return `${dev}:${ino}`;
  } catch {
    return `missing:${file}`;
  }
}
