// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import { chordText, isTyping, matchesChord } from '../../../src/renderer/src/features/shell/key-chords.ts';

const press = (key: string, modifiers: Partial<KeyboardEventInit> = {}): KeyboardEvent => new KeyboardEvent('keydown', { key, ...modifiers });

describe('key chords', () => {
  it('match only with exactly their modifiers', () => {
    expect(matchesChord(press('g', { ctrlKey: true }), 'Ctrl+G', false)).toBe(true);
    expect(matchesChord(press('g'), 'Ctrl+G', false)).toBe(false);
    expect(matchesChord(press('G', { ctrlKey: true, shiftKey: true }), 'Ctrl+G', false)).toBe(false);
    expect(matchesChord(press('P', { ctrlKey: true, shiftKey: true }), 'Ctrl+Shift+P', false)).toBe(true);
    expect(matchesChord(press('ArrowLeft', { altKey: true }), 'Alt+Left', false)).toBe(true);
    expect(matchesChord(press('F1'), 'F1', false)).toBe(true);
  });
  it('take Command for Ctrl on macOS, and there only', () => {
    expect(matchesChord(press('o', { metaKey: true }), 'Ctrl+O', true)).toBe(true);
    expect(matchesChord(press('o', { ctrlKey: true }), 'Ctrl+O', true)).toBe(false);
    expect(matchesChord(press('o', { metaKey: true }), 'Ctrl+O', false)).toBe(false);
  });
  it('go by the place of the key where Alt types another character', () => {
    expect(matchesChord(press('¡', { altKey: true, code: 'Digit1' }), 'Alt+1', true)).toBe(true);
    expect(matchesChord(press('ç', { altKey: true, code: 'KeyC' }), 'Alt+C', true)).toBe(true);
  });
  it('leave letters to the layout where Alt is not held', () => {
    // The key that is Z on a US keyboard types Y on a German one.
    expect(matchesChord(press('y', { ctrlKey: true, code: 'KeyZ' }), 'Ctrl+Z', false)).toBe(false);
    expect(matchesChord(press('z', { ctrlKey: true, code: 'KeyY' }), 'Ctrl+Z', false)).toBe(true);
  });
  it('are written as the system writes them', () => {
    expect(chordText('Ctrl+Shift+P', false)).toBe('Ctrl+Shift+P');
    expect(chordText('Ctrl+Shift+P', true)).toBe('⌘⇧P');
    expect(chordText('Alt+Left', false)).toBe('Alt+←');
  });
});

describe('typing', () => {
  it('is what happens in fields, and nowhere else', () => {
    expect(isTyping(document.createElement('input'))).toBe(true);
    expect(isTyping(document.createElement('select'))).toBe(true);
    expect(isTyping(document.createElement('button'))).toBe(false);
    expect(isTyping(null)).toBe(false);
  });
});
