/** Key chords as text: written once as `Ctrl+Shift+P`, matched and shown with Command in Ctrl's place on macOS. */

export const IS_MAC = typeof navigator !== 'undefined' && /mac/i.test(navigator.platform);

const CODES: Readonly<Record<string, string>> = { Left: 'ArrowLeft', Right: 'ArrowRight', Up: 'ArrowUp', Down: 'ArrowDown' };

/** Whether this key press is that chord. Letters and digits go by the key's place, so that Alt (which types other characters on macOS) works. */
export function matchesChord(event: KeyboardEvent, chord: string, mac = IS_MAC): boolean {
  const parts = chord.split('+');
  const key = parts.at(-1) ?? '';
  const wants = (name: string): boolean => parts.slice(0, -1).includes(name);
  const command = mac ? event.metaKey : event.ctrlKey;
  const other = mac ? event.ctrlKey : event.metaKey;
  if (command !== wants('Ctrl') || other || event.shiftKey !== wants('Shift') || event.altKey !== wants('Alt')) return false;
  if (/^[A-Z]$/.test(key)) return event.key.toUpperCase() === key || (wants('Alt') && event.code === `Key${key}`);
  if (/^[0-9]$/.test(key)) return event.key === key || event.code === `Digit${key}`;
  return event.key === (CODES[key] ?? key);
}

const MAC_SIGNS: Readonly<Record<string, string>> = { Ctrl: '⌘', Shift: '⇧', Alt: '⌥' };
const SIGNS: Readonly<Record<string, string>> = { Left: '←', Right: '→', Up: '↑', Down: '↓' };

/** The chord as this system writes it. */
export function chordText(chord: string, mac = IS_MAC): string {
  const parts = chord.split('+').map((part) => SIGNS[part] ?? part);
  return mac ? parts.map((part) => MAC_SIGNS[part] ?? part).join('') : parts.join('+');
}

/** True where a key press belongs to a text field. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}
