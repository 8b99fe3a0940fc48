/** Parts of the desktop app that need no window. What does is in tests/e2e/desktop. */
import { describe, expect, it } from 'vitest';
import { fileOfArguments } from '../../src/main/desktop/launch.ts';

describe('the file of a start', () => {
  it.each([
    ['electron .', undefined],
    ['electron . dump', '/work/dump'],
    ['electron . -- dump', '/work/dump'],
    ['electron . -- -odd-name', '/work/-odd-name'],
    ['electron --no-sandbox . /abs/dump', '/abs/dump'],
    ['electron --inspect=0 --remote-debugging-port=0 /app --user-data-dir=/tmp/x -- ../dump', '/dump'],
    ['electron . --', undefined],
  ])('in development: %s', (command, file) => {
    expect(fileOfArguments(command.split(' '), false, '/work')).toBe(file);
  });

  it.each([
    ['vmcore-workbench', undefined],
    ['vmcore-workbench dump', '/work/dump'],
    ['vmcore-workbench --enable-features=x dump', '/work/dump'],
  ])('in a package: %s', (command, file) => {
    expect(fileOfArguments(command.split(' '), true, '/work')).toBe(file);
  });
});
