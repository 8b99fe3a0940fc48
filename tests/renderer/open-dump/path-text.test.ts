import { describe, expect, it } from 'vitest';
import { folderOf, joinPath, nameOf } from '../../../src/renderer/src/features/open-dump/path-text.ts';

describe('paths as text', () => {
  it.each([
    ['/var/lib/guest.save', '/var/lib', 'guest.save'],
    ['/guest.save', '/', 'guest.save'],
    ['C:\\dumps\\guest.save', 'C:\\dumps', 'guest.save'],
    ['C:\\guest.save', 'C:\\', 'guest.save'],
    // A backslash is an ordinary character of a name on Linux.
    ['/var/odd\\name', '/var', 'odd\\name'],
  ])('%s is %s and %s, and joins again', (path, folder, name) => {
    expect([folderOf(path), nameOf(path)]).toEqual([folder, name]);
    expect(joinPath(folder, name)).toBe(path);
  });
});
