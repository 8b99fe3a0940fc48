/** What the engine's client and its workers say to each other. Plain data; every request has one outcome, progress may come in between. */
import type { MethodArgument } from '#shared/contract.ts';
import type { EncodedError } from '#shared/errors.ts';
import type { DumpSummary, ExportOptions, ExportReport, RootSearch } from '#shared/model/index.ts';
import type { DumpImage } from './dump-image.ts';
import type { CopyOutcome, ExportWork } from '../export/job.ts';
import type { DumpSession } from './dump-session.ts';
import type { OpenRequest } from './open-image.ts';
import type { ExportStart } from './session-export.ts';
import type { Verification } from './verify-export.ts';

/** Methods of the contract that a session answers as they are. */
export const QUERY_NAMES = [
  'getCpus',
  'getMemoryMap',
  'correctMemoryMap',
  'listDevices',
  'getDevice',
  'walk',
  'translate',
  'readPageTable',
  'listMappings',
  'readMemory',
  'describeAddress',
  'resolveText',
  'getLinux',
  'readLinuxLog',
  'listLinuxTasks',
  'listLinuxModules',
  'getLinuxTask',
  'getLinuxPage',
  'getLinuxLayout',
  'listVms',
  'translateGuest',
  'walkGuest',
  'findGuestOwners',
  'planExport',
] as const;
export type QueryName = (typeof QUERY_NAMES)[number];

/** A task with its arguments and its result. */
export interface Tasks {
  /** Opens files; the worker is then the owner of their mappings. */
  open: { argument: OpenRequest; result: null };
  /** Works on what another worker has open. */
  adopt: { argument: { image: DumpImage }; result: null };
  /** The open dump, for another worker to adopt. */
  image: { argument: null; result: DumpImage };
  summary: { argument: { dumpId: string }; result: DumpSummary };
  /** Looks for page tables, and keeps what it finds. */
  findRoots: { argument: null; result: RootSearch };
  query: { argument: { name: QueryName; argument: unknown }; result: unknown };
  /** An export in steps: begun by one thread, copied by several, sealed by the first, verified by several, published or discarded by the first. */
  beginExport: { argument: Pick<MethodArgument<'exportDump'>, 'options' | 'target'>; result: ExportStart };
  copyExport: { argument: { work: ExportWork }; result: CopyOutcome };
  /** `outcomes` of all threads. */
  sealExport: { argument: { options: ExportOptions; outcomes: CopyOutcome[] }; result: Verification | null };
  verifyExport: { argument: { verification: Verification }; result: number };
  publishExport: { argument: { outcomes: CopyOutcome[]; verified: number | null }; result: ExportReport };
  discardExport: { argument: null; result: null };
  /** Lets go of the file; no task may follow. */
  close: { argument: null; result: null };
}
export type TaskName = keyof Tasks;

export interface TaskRequest<Name extends TaskName = TaskName> {
  id: number;
  task: Name;
  argument: Tasks[Name]['argument'];
  /** One Int32; anything but 0 means that the caller has had enough. A busy worker sees no messages. */
  cancel?: SharedArrayBuffer;
}

export type WorkerMessage =
  { id: number; progress: { phase: string; done: number; total: number } } | { id: number; result: unknown } | { id: number; error: EncodedError };

/** Asserts at compile time that a session has every query. */
export type SessionQueries = { [Name in QueryName]: DumpSession[Name] };
