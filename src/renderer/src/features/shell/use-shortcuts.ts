/** The keyboard and the mouse's back and forward buttons, for the whole window. A text field keeps its own editing keys. */
import { onMounted, onUnmounted } from 'vue';
import { goToFilter } from '../../composables/panel-filter.ts';
import { useLocationStore } from '../../stores/location.store.ts';
import { useShellStore } from '../../stores/shell.store.ts';
import { isTyping, matchesChord } from './key-chords.ts';
import type { Command } from './use-commands.ts';

/** Chords that mean something else inside a text field. */
const EDITING = new Set(['Ctrl+Z', 'Ctrl+Shift+Z', 'Ctrl+Y']);
/** Places that F6 goes round, in reading order. */
const STOPS = '[data-f6], .dv-groupview .panel-frame';

function moveBetweenPanels(step: 1 | -1): void {
  const stops = [...document.querySelectorAll<HTMLElement>(STOPS)].filter((stop) => stop.offsetParent !== null);
  const at = stops.findIndex((stop) => stop.contains(document.activeElement));
  const next = stops[(at + step + stops.length) % stops.length] ?? stops[0];
  const first = next?.querySelector<HTMLElement>('button:not(:disabled), input, select, [tabindex="0"]');
  // A part without anything to press still takes the focus, so that the round goes on from there.
  if (next && !first) next.tabIndex = -1;
  (first ?? next)?.focus();
}

export function useShortcuts(commands: readonly Command[]): void {
  const location = useLocationStore();
  const shell = useShellStore();

  function onKeydown(event: KeyboardEvent): void {
    if (event.defaultPrevented || shell.dialog !== null) return;
    if (event.key === 'F6' && !event.ctrlKey && !event.altKey) {
      moveBetweenPanels(event.shiftKey ? -1 : 1);
      event.preventDefault();
      return;
    }
    if (matchesChord(event, 'Ctrl+F')) {
      if (goToFilter(event.target)) event.preventDefault();
      return;
    }
    for (const command of commands) {
      const chord = command.chords?.find((candidate) => matchesChord(event, candidate));
      if (chord === undefined || (EDITING.has(chord) && isTyping(event.target))) continue;
      event.preventDefault();
      if (command.enabled()) void command.run();
      return;
    }
  }

  function onMouseUp(event: MouseEvent): void {
    if (event.button !== 3 && event.button !== 4) return;
    event.preventDefault();
    if (event.button === 3) location.back();
    else location.forward();
  }

  onMounted(() => {
    // On the document, before whatever listens on the window for keys that the page left alone.
    document.addEventListener('keydown', onKeydown);
    window.addEventListener('mouseup', onMouseUp);
  });
  onUnmounted(() => {
    document.removeEventListener('keydown', onKeydown);
    window.removeEventListener('mouseup', onMouseUp);
  });
}
