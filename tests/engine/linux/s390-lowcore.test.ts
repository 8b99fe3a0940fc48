/** VMCOREINFO where an s390x kernel's lowcore says it is, laid out as in the lab's guest: the pointer at 0xe0c, 0x0000000b 0x00000beb 0x00000000 "VMCOREINFO" before the text. */
import { describe, expect, it } from 'vitest';
import { lowcoreText } from '#engine/linux/s390-lowcore.ts';
import { BufferMemory } from '../translate/buffer-memory.ts';

const NOTE = '0000000b00000beb00000000564d434f5245494e464f0000';

function memoryWith(pointer: bigint, note: string): BufferMemory {
  const bytes = Buffer.alloc(0x8000);
  bytes.writeBigUInt64BE(pointer, 0xe0c);
  bytes.write(note, 0x4000, 'hex');
  return new BufferMemory([{ start: 0, bytes }]);
}

describe('lowcoreText', () => {
  it('is behind the header of the note that the pointer names', () => {
    expect(lowcoreText(memoryWith(0x4000n, NOTE))).toBe(0x4018);
  });

  it.each([
    ['there is no pointer', 0n, NOTE],
    ['it is not aligned', 0x4001n, NOTE],
    ['it leads out of memory', 0x7ffffffffn, NOTE],
    ['it is no address', 0xffff_ffff_ffff_fffcn, NOTE],
    ['it leads elsewhere', 0x5000n, NOTE],
    ['the note has another name', 0x4000n, NOTE.replace('564d', '4142')],
    ['the note is longer than one can be', 0x4000n, NOTE.replace('00000beb', '7fffffff')],
  ])('is nowhere when %s', (_, pointer, note) => {
    expect(lowcoreText(memoryWith(pointer, note))).toBeUndefined();
  });
});
