import { describe, expect, it } from 'vitest';
import { logRows, panicLine, textParts } from '../../../src/renderer/src/features/linux/log-rows.ts';
import type { LinuxLogLine } from '../../../src/shared/model/index.ts';

const line = (text: string, level = 6): LinuxLogLine => ({ time: 1_234_567_890n, level, facility: 0, text });
const addresses = (text: string): string[] =>
  textParts(text).flatMap(({ address }) => (address ? [`${address.space} ${address.address.toString(16)}`] : []));

describe('rows of the log', () => {
  const lines = [line('Linux version 6.1'), line('BUG: unable to handle', 1), line('one\ntwo\nthree', 4), line('EXT4-fs: mounted')];

  it('take a line of several lines apart, and know which it was', () => {
    expect(logRows(lines, '', 7).map(({ text, index, further }) => [text, index, further])).toEqual([
      ['Linux version 6.1', 0, false],
      ['BUG: unable to handle', 1, false],
      ['one', 2, false],
      ['two', 2, true],
      ['three', 2, true],
      ['EXT4-fs: mounted', 3, false],
    ]);
  });

  it('are found in whatever case, and whole where only a further line of theirs has the text', () => {
    expect(logRows(lines, ' ext4 ', 7).map(({ index }) => index)).toEqual([3]);
    expect(logRows(lines, 'THREE', 7).map(({ text }) => text)).toEqual(['one', 'two', 'three']);
  });

  it('are left out above the level that is asked for', () => {
    expect(logRows(lines, '', 4).map(({ index }) => index)).toEqual([1, 2, 2, 2]);
    expect(logRows(lines, '', 0)).toEqual([]);
  });

  it('lead to the line of the panic', () => {
    expect(panicLine(lines, 'BUG: unable to handle')).toBe(1);
    expect(panicLine(lines, 'Kernel panic')).toBe(-1);
    expect(panicLine(lines, null)).toBe(-1);
  });
});

describe('addresses in a line of the log', () => {
  it('are those of the kernel, and give the text back whole', () => {
    const text = 'RIP: 0010:ffffffff81059180 RSP: 0018:ffffc90000003ef8 EFLAGS: 00010246, RAX: 0000000000000000 CR2: 0xffff888000000008';
    expect(addresses(text)).toEqual(['gva ffffffff81059180', 'gva ffffc90000003ef8', 'gva ffff888000000008']);
    expect(
      textParts(text)
        .map((part) => part.text)
        .join(''),
    ).toBe(text);
  });

  it('are physical in ranges of memory', () => {
    expect(addresses('BIOS-e820: [mem 0x0000000000100000-0x0000000005fdffff] usable')).toEqual(['gpa 100000', 'gpa 5fdffff']);
  });

  it('of other families and older kernels are known as well', () => {
    expect(addresses('RAX: ff40498581220000 RDX: ff11000000000000')).toEqual(['gva ff40498581220000', 'gva ff11000000000000']);
    expect(addresses('pc : ffff800008c7b1a4')).toEqual(['gva ffff800008c7b1a4']);
    expect(addresses('NIP [c00000000010a5f8] 0xc00000000010a5f8')).toEqual(['gva c00000000010a5f8', 'gva c00000000010a5f8']);
    expect(addresses(' [<c1059180>] panic+0x12/0x34')).toEqual(['gva c1059180']);
  });

  it('are none where digits only look like one', () => {
    for (const text of [
      'pointer 00000000deadbeef was hashed',
      'kvm [174]: vcpu0, guest rIP: 0xffffffffb127e744 Unhandled WRMSR',
      'uuid affff888000000008',
      'sha ffff8880000000081234',
      'returned 0xfffffffffffffff2',
      'mask 00ff00ff00ff00ff',
      'no address',
      '',
    ]) {
      expect(addresses(text), text).toEqual([]);
      expect(textParts(text)).toEqual([{ text }]);
    }
  });
});
