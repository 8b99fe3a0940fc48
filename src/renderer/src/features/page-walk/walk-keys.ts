/** What the keyboard does in the page walk: pure, so that the legend and the handler cannot say different things. */

import type { PagingLevel } from '#shared/model/index.ts';

export type WalkKeyCommand = { kind: 'back' | 'forward' | 'first' | 'last' | 'play' } | { kind: 'level'; level: number };

export interface KeyLegendRow {
  keys: string[];
  does: string;
}

/** The panel's keys. Those inside a table (up, down, Enter) work while it has the focus. */
export const keyLegend = (levels: readonly Pick<PagingLevel, 'level' | 'name'>[]): KeyLegendRow[] => [
  { keys: ['←', '→'], does: 'one step back, one step on' },
  { keys: ['Home', 'End'], does: 'first step, outcome' },
  { keys: ['Space'], does: 'play, pause' },
  ...(levels.length > 0
    ? [{ keys: levelKeys(levels), does: `jump to that level: ${levels.map(({ level, name }) => `${level} ${name}`).join(', ')}` }]
    : []),
  { keys: ['↑', '↓'], does: 'in a table: entry before, entry after' },
  { keys: ['Page Up', 'Page Down'], does: 'in a table: the next entry in use' },
  { keys: ['Enter'], does: 'in a table: walk to the address that the entry maps' },
];

function levelKeys(levels: readonly Pick<PagingLevel, 'level'>[]): string[] {
  const numbers = levels.map(({ level }) => level);
  return [...new Set([Math.min(...numbers), '…', Math.max(...numbers)].map(String))];
}

interface KeyPress {
  key: string;
  ctrlKey: boolean;
  altKey: boolean;
  metaKey: boolean;
}

const COMMANDS: Record<string, WalkKeyCommand> = {
  ArrowLeft: { kind: 'back' },
  ArrowRight: { kind: 'forward' },
  Home: { kind: 'first' },
  End: { kind: 'last' },
  ' ': { kind: 'play' },
};

/** Undefined for keys that are not the walk's; with Ctrl, Alt or Meta none are (Alt+Left is the history's). */
export function walkKeyCommand(press: KeyPress): WalkKeyCommand | undefined {
  if (press.ctrlKey || press.altKey || press.metaKey) return undefined;
  if (/^[1-9]$/.test(press.key)) return { kind: 'level', level: Number(press.key) };
  return COMMANDS[press.key];
}

/**
 * True where a key belongs to the element that has the focus: text entry takes all of them, a button or link takes Space. The button of the current step
 * does not: it has nothing to do, and it has the focus after stepping.
 */
export function keyBelongsTo(target: { tagName: string; isContentEditable?: boolean; ariaCurrent?: string | null }, key: string): boolean {
  const tag = target.tagName.toLowerCase();
  if (tag === 'input' || tag === 'textarea' || tag === 'select' || target.isContentEditable === true) return true;
  return (tag === 'button' || tag === 'a' || tag === 'summary') && key === ' ' && target.ariaCurrent !== 'step';
}
