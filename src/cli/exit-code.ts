/** Exit codes, which scripts may rely on: 0 done, 1 the input is bad, 2 bad usage, 3 a hole in the dump or an address that does not translate. */
import { WorkbenchError, type ErrorCode } from '#shared/errors.ts';

export const EXIT = { done: 0, badInput: 1, badUsage: 2, hole: 3, interrupted: 130 } as const;

const BY_CODE: Partial<Record<ErrorCode, number>> = { 'bad-request': EXIT.badUsage, hole: EXIT.hole, cancelled: EXIT.interrupted };

/** Every error that is not the caller's doing, or a hole, is about the input (or the output file). */
export function exitCodeOf(error: unknown): number {
  return (error instanceof WorkbenchError && BY_CODE[error.code]) || EXIT.badInput;
}

/** The command line makes no sense; printed with the usage. */
export class UsageError extends WorkbenchError {
  constructor(message: string) {
    super('bad-request', message);
  }
}
