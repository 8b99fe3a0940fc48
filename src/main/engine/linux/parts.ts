/** Parts of an answer that may each be missing on its own: they are then null, and a sentence says why. */
import { WorkbenchError } from '#shared/errors.ts';

export class Parts {
  readonly problems: string[] = [];

  /** `name` begins the sentence: "The files". Null where `read` returns undefined or throws a WorkbenchError. */
  read<Value>(name: string, read: () => Value | undefined): Value | null {
    let reason = 'the dump does not hold it';
    try {
      const value = read();
      if (value !== undefined) return value;
    } catch (error) {
      if (!(error instanceof WorkbenchError)) throw error;
      reason = error.message;
    }
    this.problems.push(`${name} could not be read: ${reason}.`);
    return null;
  }
}
