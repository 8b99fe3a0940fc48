/** Parts of the desktop app that need no window. What does is in tests/e2e/desktop. */
import { describe, expect, it } from 'vitest';
import { filesOfArguments } from '../../src/main/desktop/launch.ts';

describe('the files of a start', () => {
  it.each([
    ['electron .', []],
    ['electron . dump', ['/work/dump']],
    ['electron . core.1 core.2', ['/work/core.1', '/work/core.2']],
    ['electron . core.1 -- core.2 -odd-name', ['/work/core.1', '/work/core.2', '/work/-odd-name']],
    ['electron . -- dump', ['/work/dump']],
    ['electron --no-sandbox . /abs/dump', ['/abs/dump']],
    ['electron --inspect=0 --remote-debugging-port=0 /app --user-data-dir=/tmp/x -- ../dump', ['/dump']],
    ['electron . --', []],
  ])('in development: %s', (command, files) => {
    expect(filesOfArguments(command.split(' '), false, '/work')).toEqual(files);
  });

  it.each([
    ['vmcore-workbench', []],
    ['vmcore-workbench dump', ['/work/dump']],
    ['vmcore-workbench --enable-features=x dump', ['/work/dump']],
  ])('in a package: %s', (command, files) => {
    expect(filesOfArguments(command.split(' '), true, '/work')).toEqual(files);
  });
});
