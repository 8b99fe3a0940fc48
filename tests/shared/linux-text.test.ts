import { expect, it } from 'vitest';
import { levelWord, logLineText, taskStateWord, uptimeText } from '../../src/shared/linux-text.ts';

// dmesg.c of util-linux 2.38: "[%5ld.%06ld] ", as the kernel has it on its console (kernel/printk/printk.c, print_time).
it('writes lines as dmesg does, every line of a text with its time', () => {
  expect(logLineText({ time: 193_588_321_001n, text: 'init (1): drop_caches: 3' })).toBe('[  193.588321] init (1): drop_caches: 3');
  expect(logLineText({ time: 0n, text: 'a\nb' })).toBe('[    0.000000] a\n[    0.000000] b');
  expect(logLineText({ time: 1_234_567_000_001_000n, text: '' })).toBe('[1234567.000001] ');
});

it('names levels and states, also those of a kernel yet to come', () => {
  expect([0, 3, 7, 9].map(levelWord)).toEqual(['emergency', 'error', 'debug', 'level 9']);
  expect(['R', 'D', '?'].map((state) => taskStateWord({ state, running: false }))).toEqual(['runnable', 'uninterruptible', 'unknown']);
  expect(taskStateWord({ state: 'R', running: true })).toBe('running');
  expect(taskStateWord({ state: 'S', running: true })).toBe('sleeping');
});

it('tells how long a system ran', () => {
  expect([6.53, 193.6, 4 * 3600 + 61, 86_400, 3 * 86_400 + 5].map(uptimeText)).toEqual([
    '6.5 s',
    '0:03:13',
    '4:01:01',
    '1 day 0:00:00',
    '3 days 0:00:05',
  ]);
});
