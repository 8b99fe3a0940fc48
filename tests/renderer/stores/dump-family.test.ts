import { describe, expect, it } from 'vitest';
import type { DumpSummary, OpenOptions } from '#shared/model/index.ts';
import { guestOf, hostOf, inFamilies } from '../../../src/renderer/src/stores/dump-family.ts';
import { dumpTitle } from '../../../src/renderer/src/stores/dump-title.ts';

const dump = (dumpId: string, file: string, options: OpenOptions = {}): DumpSummary =>
  ({ dumpId, name: file, files: [`/dumps/${file}`], options, snapshots: [] }) as unknown as DumpSummary;

const host = dump('1', 'host.elf');
const other = dump('2', 'other.elf');
const withDebug = dump('3', 'host.elf', { debug: ['/vmlinux'] });
const guest = dump('4', 'host.elf', { vm: '174' });
const guestWithDebug = dump('5', 'host.elf', { vm: '174', debug: ['/vmlinux'] });
const open = [guest, host, other, withDebug, guestWithDebug];

describe('guests and their hosts', () => {
  it('belong together only when they were opened in the same way', () => {
    expect(hostOf(guest, open)).toBe(host);
    expect(hostOf(guestWithDebug, open)).toBe(withDebug);
    expect(guestOf(host, '174', open)).toBe(guest);
    expect(guestOf(other, '174', open)).toBeUndefined();
    expect(hostOf(host, open)).toBeUndefined();
  });

  it('stand below each other, also where the guest was opened first', () => {
    expect(inFamilies(open).map(({ dump: { dumpId }, nested }) => `${dumpId}${nested ? ' nested' : ''}`)).toEqual([
      '1',
      '4 nested',
      '2',
      '3',
      '5 nested',
    ]);
  });

  it('keep a guest in the list whose host was closed', () => {
    expect(inFamilies([guest])).toEqual([{ dump: guest, nested: false }]);
  });

  it('are told apart by their titles', () => {
    expect(dumpTitle(guest)).toBe('guest 174 in host.elf');
    expect(dumpTitle({ ...guest, guestName: 'guest-1' })).toBe('guest-1 (174) in host.elf');
  });
});
