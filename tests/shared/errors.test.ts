import { describe, expect, it } from 'vitest';
import { decodeError, DumpFormatError, encodeError, WorkbenchError } from '#shared/errors.ts';

const problem = { format: 'kdump header', source: 'core.vmcore', fileOffset: 0x1a4, field: 'block_size', expected: 'a power of two', found: '0' };

describe('errors', () => {
  it('prints a format error with place, expectation and finding', () => {
    expect(new DumpFormatError(problem).message).toBe('core.vmcore: kdump header block_size at 0x1a4: expected a power of two, found 0');
  });

  it('crosses a process boundary with class, code, message and details', () => {
    const travelled = decodeError(structuredClone(encodeError(new DumpFormatError(problem))));
    expect(travelled).toBeInstanceOf(WorkbenchError);
    expect(travelled).toMatchObject({ name: 'DumpFormatError', code: 'bad-format', message: new DumpFormatError(problem).message, details: problem });
  });

  it.each([
    ['an Error', new RangeError('too long')],
    ['a string', 'too long'],
    ['an object without prototype', Object.assign(Object.create(null), { toString: () => 'too long' })],
  ])('turns %s into an internal error that keeps its words', (_name, thrown) => {
    expect(decodeError(encodeError(thrown))).toMatchObject({ code: 'internal', message: expect.stringContaining('too long') });
  });
});
