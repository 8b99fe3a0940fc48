/** Typing the first letters of a row moves to it, as in any list of the system. */

/** Letters typed with a longer pause between them start anew. */
const PAUSE = 700;

export interface TypeAhead {
  /** The row to move to, or null when the key is no letter or nothing starts with what was typed. */
  next: (event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'altKey' | 'metaKey'>, names: readonly string[], current: number) => number | null;
  /** True while letters are being typed: a space then belongs to them. */
  isTyping: () => boolean;
  /** What was typed is over: another key was pressed. */
  reset: () => void;
}

export function createTypeAhead(now: () => number = () => performance.now()): TypeAhead {
  let typed = '';
  let last = -Infinity;

  function next(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'altKey' | 'metaKey'>, names: readonly string[], current: number): number | null {
    if (event.key.length !== 1 || event.ctrlKey || event.altKey || event.metaKey) return null;
    typed = isTyping() ? typed + event.key.toLowerCase() : event.key.toLowerCase();
    last = now();
    // One letter, or the same one again, goes from find to find; more letters may stay where they are.
    const repeated = [...typed].every((letter) => letter === typed[0]);
    const wanted = repeated ? typed[0]! : typed;
    const from = repeated ? current + 1 : current;
    for (let step = 0; step < names.length; step++) {
      const at = (Math.max(0, from) + step) % names.length;
      if (names[at]?.toLowerCase().startsWith(wanted)) return at;
    }
    return null;
  }

  function isTyping(): boolean {
    return now() - last < PAUSE;
  }

  return { next, isTyping, reset: () => (last = -Infinity) };
}
