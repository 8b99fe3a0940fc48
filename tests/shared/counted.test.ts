import { expect, test } from 'vitest';
import { counted, grouped } from '#shared/counted.ts';

test('numbers are grouped by thousands as English does it', () => {
  for (const value of [0, 7, 999, 1000, 65_717, 1_234_567, 2 ** 52]) expect(grouped(value)).toBe(value.toLocaleString('en'));
});

test('one has no s, and nothing has one', () => {
  expect([counted(0, 'CPU'), counted(1, 'CPU'), counted(2, 'CPU'), counted(2, 'entry', 'entries')]).toEqual([
    '0 CPUs',
    '1 CPU',
    '2 CPUs',
    '2 entries',
  ]);
});
