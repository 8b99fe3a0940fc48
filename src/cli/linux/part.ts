/** One thing that `linux` tells: a word after the FILEs. */
import type { CommandContext } from '../command.ts';

export interface LinuxPart {
  /** Where it takes one: what that is, "PID", and a check that throws a UsageError before anything is opened. */
  argument?: { name: string; check(text: string): void };
  /** Prints it; `argument` is undefined where the part takes none. */
  show(context: CommandContext, dumpId: string, argument: string): Promise<void>;
}
