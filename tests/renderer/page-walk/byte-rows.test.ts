import { expect, it } from 'vitest';
import { byteRows } from '../../../src/renderer/src/features/page-walk/byte-rows.ts';
import type { StateSpan } from '../../../src/shared/model/index.ts';

const chunk = (spans: StateSpan[]) => ({ address: 0x300000n, bytes: new TextEncoder().encode('tiny guest\0page'), spans });

it('draws bytes that are not there as dots, and says which', () => {
  const [row] = byteRows(
    chunk([
      { start: 0, end: 4, state: 'present' },
      { start: 4, end: 15, state: 'absent' },
    ]),
    16,
  );
  expect(row?.cells.map(({ hex }) => hex).join(' ')).toBe('74 69 6e 79 ·· ·· ·· ·· ·· ·· ·· ·· ·· ·· ··');
  expect(row?.cells.map(({ state }) => state).slice(3, 5)).toEqual(['present', 'absent']);
});
it('takes a byte that no span covers for absent, not for zero', () =>
  expect(byteRows(chunk([]), 16)[0]?.cells[0]).toMatchObject({ hex: '··', state: 'absent' }));
it('shows zero pages as zeros', () => expect(byteRows(chunk([{ start: 0, end: 15, state: 'zero' }]), 16)[0]?.cells[10]?.hex).toBe('00'));
it('counts rows and addresses', () => {
  const whole = chunk([{ start: 0, end: 15, state: 'present' }]);
  expect(byteRows(whole, 8).map(({ address, cells }) => [address, cells.length])).toEqual([
    ['300000', 8],
    ['300008', 7],
  ]);
  expect(byteRows(whole, 4, 2)).toHaveLength(2);
  expect(
    byteRows(whole, 16)[0]
      ?.cells.map(({ text }) => text)
      .join(''),
  ).toBe('tiny guest.page');
});
