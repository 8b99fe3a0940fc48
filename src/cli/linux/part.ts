/** One thing that `linux` tells: a word after the FILEs. */
import type { CommandContext } from '../command.ts';

export interface LinuxPart {
  /** Takes an argument of its own, and what that is: "PID". */
  argument?: string;
  /** Prints it; `argument` is undefined where the part takes none. */
  show(context: CommandContext, dumpId: string, argument: string): Promise<void>;
}
