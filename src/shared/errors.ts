/**
 * Errors that a user can act on, and the codec that carries them across threads and processes (structured clone keeps
 * neither class nor fields).
 */

/** What a program can branch on. The command line's exit code follows from it: see `exitCodeOf`. */
export type ErrorCode =
  /** The file is not a dump, is damaged beyond opening, or lies about itself. */
  | 'bad-format'
  /** No format recognised the content. */
  | 'unknown-format'
  /** Something known but not supported yet. */
  | 'unsupported'
  /** The file cannot be read: missing, a directory, no permission, a device error. */
  | 'io'
  /** The file became shorter or was replaced while it was open. */
  | 'source-changed'
  /** An address that is not in the dump, or does not translate. */
  | 'hole'
  /** The caller's arguments make no sense: no such CPU, no such dump. */
  | 'bad-request'
  | 'cancelled'
  /** The files of a set are not parts of one dump. */
  | 'not-one-dump'
  /** A temporary file does not fit on its disk. */
  | 'no-space'
  /** No space, no permission, or the target is the source. */
  | 'cannot-write'
  /** An exported file was read back and is not what it should be. */
  | 'verify-failed'
  /** This host cannot do that: no native dialogs in a browser, no directory listing on the desktop. */
  | 'not-available'
  /** A bug of ours. */
  | 'internal';

export interface ErrorDetails {
  /** File name, or what else was read. */
  source?: string;
  /** Offset in the file. */
  fileOffset?: number;
  /** The spec's name of the field. */
  field?: string;
  expected?: string;
  found?: string;
  /** What the user can try. */
  hint?: string;
  format?: string;
}

/** An error with a code, a place, and what was expected there. */
export class WorkbenchError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message);
    this.name = 'WorkbenchError';
    this.code = code;
    this.details = details;
  }
}

export interface DumpFormatProblem {
  /** "kdump header", "RAM section" */
  format: string;
  /** File name. */
  source: string;
  fileOffset: number;
  field: string;
  expected: string;
  found: string;
}

/** Malformed input. Printed as `core.vmcore: kdump header block_size at 0x1a4: expected a power of two, found 0`. */
export class DumpFormatError extends WorkbenchError {
  constructor(problem: DumpFormatProblem) {
    const { format, source, fileOffset, field, expected, found } = problem;
    super('bad-format', `${source}: ${format} ${field} at 0x${fileOffset.toString(16)}: expected ${expected}, found ${found}`, problem);
    this.name = 'DumpFormatError';
  }
}

/** A WorkbenchError as plain data. */
export interface EncodedError {
  name: string;
  code: ErrorCode;
  message: string;
  details: ErrorDetails;
}

/** Anything thrown, as plain data. What is not ours becomes `internal` and keeps its message. */
export function encodeError(error: unknown): EncodedError {
  if (error instanceof WorkbenchError) return { name: error.name, code: error.code, message: error.message, details: { ...error.details } };
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { name: 'Error', code: 'internal', message, details: {} };
}

export function decodeError(encoded: EncodedError): WorkbenchError {
  const error = new WorkbenchError(encoded.code, encoded.message, encoded.details);
  error.name = encoded.name;
  return error;
}

/** Fails loudly when something that only a bug of ours can break is broken. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
