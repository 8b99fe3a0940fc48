/**
 * The guest of the fixture qemu-streams/ignore-shared-numa and the file that backed its shared node, which is not kept: made again of QEMU's ELF of the same
 * moment. RAM below 1 MiB that ROMs hide is not in the ELF, and noise in the file.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fixture } from '../fixtures/fixture.ts';
import { loadsOf } from '../engine/formats/open-bytes.ts';
import { copyOfFixture } from './sample-dump.ts';

export const SHARED_BLOCK = 'ram-node0';
export const SHARED_LENGTH = 4 * 2 ** 20;
const NOISE = 0x5a;

export function backingBytes(): Uint8Array {
  const elf = new Uint8Array(readFileSync(fixture('qemu-streams/ignore-shared-numa/paging-off.elf')));
  const bytes = new Uint8Array(SHARED_LENGTH).fill(NOISE);
  for (const { physical, length, offset } of loadsOf(elf)) {
    const isRom = physical >= 0xc0000 && physical < 0x100000;
    if (physical + length <= SHARED_LENGTH && !isRom) bytes.set(elf.subarray(offset, offset + length), physical);
  }
  return bytes;
}

/** Copies of the stream and its backing file, the latter `length` bytes long. */
export function copyOfIgnoreShared(folder: string, length = SHARED_LENGTH): { stream: string; backing: string } {
  const backing = join(folder, 'guest-ram');
  const bytes = new Uint8Array(length).fill(NOISE);
  bytes.set(backingBytes().subarray(0, length));
  writeFileSync(backing, bytes);
  return { stream: copyOfFixture(folder, 'qemu-streams/ignore-shared-numa/stream.qevm'), backing };
}
