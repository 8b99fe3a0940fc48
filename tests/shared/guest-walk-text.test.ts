import { describe, expect, it } from 'vitest';
import { guestWalkText } from '#shared/guest-walk-text.ts';
import type { GuestWalk } from '#shared/model/index.ts';
import { WALK } from '../renderer/machines/lab-host.ts';

describe('the way of a guest’s address as text', () => {
  it('has the addresses of all spaces first, under the names that crash gives them', () => {
    const [names, values] = guestWalkText(WALK).split('\n');
    expect(names!.trim().split(/ {2,}/)).toEqual(['GUEST VIRTUAL', 'GUEST PHYSICAL', 'HOST VIRTUAL', 'HOST PHYSICAL', 'FILE OFFSET']);
    expect(values!.trim().split(/ {2,}/)).toEqual(['0xffffffffb127e916', '0x107e916', '0x7f9ab9e7e916', '0xae7e916', '0xae7fdc6']);
  });

  it('has every entry of each road, the memslot, the area, the page, and whether the roads agree', () => {
    const text = guestWalkText(WALK);
    for (const line of [
      '  PML4:  0x61b0ff8 => 0x2a15067',
      '   PMD:  0x2a16c48 => 0x10001e1',
      'MEMSLOT: slot 5, GPA 0x100000 to 0x6ffffff, at HVA 0x7f9ab8f00000',
      '   PMD:  0x44ae9e78 => 0x800000000ae008e7',
      '   PMD:  0x44b4d040 => 0xae008f7',
      'AGREEMENT: Both roads lead to HPA 0xae7e916.',
    ])
      expect(text).toContain(`${line}\n`);
    expect(text).toMatch(/0x7f9ab8e00000\s+0x7f9abfe00000\s+rw-p\s+0x0\s+dontcopy hugepage mergeable\s+\[anonymous\]/);
    expect(text).toMatch(/0xfffffbcbc02b9f80\s+0xae7e000\s+1\s+1\s+2 MiB\s+-\s+anonymous$/);
  });

  it('names the entry that a sentence tells of as the tables above it do', () => {
    const nested = { ...WALK.nested!, result: { kind: 'fault', reason: 'not-present', sentence: 'PD[8] is not present.' } } as NonNullable<
      GuestWalk['nested']
    >;
    const text = guestWalkText({ ...WALK, nested, agreement: { agree: null, sentence: 'No entry yet (PT[1] is not present).' } });
    expect(text).toContain('\nPMD[8] is not present.\n');
    expect(text).toContain('AGREEMENT: No entry yet (PTE[1] is not present).');
  });
});
