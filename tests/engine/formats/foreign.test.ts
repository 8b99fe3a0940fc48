/** What is no dump is refused by its name. */
import { describe, expect, it } from 'vitest';
import type { WorkbenchError } from '#shared/errors.ts';
import { openBytes } from './open-bytes.ts';

function refusal(bytes: Uint8Array): WorkbenchError {
  try {
    openBytes(bytes, 'file');
  } catch (error) {
    return error as WorkbenchError;
  }
  throw new Error('it opened');
}

function fileWith(at: number, magic: string | number[]): Uint8Array {
  const bytes = new Uint8Array(4096);
  bytes.set(typeof magic === 'string' ? new TextEncoder().encode(magic) : magic, at);
  return bytes;
}

describe('a file that is no dump is refused by name', () => {
  it.each([
    ['a zip archive', 0, 'PK\u0003\u0004'],
    ['a tar archive', 257, 'ustar'],
    ['a VMware disk image', 0, 'KDMV'],
    ['a Hyper-V disk image', 0, 'vhdxfile'],
    ['a Windows crash dump', 0, 'PAGEDU64'],
  ])('%s', (what, at, magic) => {
    const error = refusal(fileWith(at, magic));
    expect(error.code).toBe('unknown-format');
    expect(error.message).toContain(`this is ${what}`);
    expect(error.details.hint).toBeTruthy();
  });

  it('anything else says what was expected and what was found', () => {
    expect(refusal(fileWith(0, 'nonsense')).message).toMatch(/expected QEMU migration stream or .*, found 6e 6f 6e/);
  });
});
