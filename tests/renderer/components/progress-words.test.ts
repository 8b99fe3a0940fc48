import { describe, expect, it } from 'vitest';
import { durationText, progressParts, rateText } from '../../../src/renderer/src/components/progress-words.ts';

describe('progress in words', () => {
  it.each([
    [0, '0:00'],
    [12.4, '0:12'],
    [59.6, '1:00'],
    [3723, '1:02:03'],
    [-3, '0:00'],
  ])('writes %d seconds as %s', (seconds, text) => expect(durationText(seconds)).toBe(text));

  it.each([
    [0, '0 B/s'],
    [999, '999 B/s'],
    [1_900_000_000, '1.9 GB/s'],
    [46_000_000, '46 MB/s'],
  ])('writes %d bytes a second as %s', (rate, text) => expect(rateText(rate)).toBe(text));

  const job = { jobId: 'a', kind: 'open', phase: 'reading RAM pages' } as const;
  it('leaves out what is not known yet', () => {
    expect(progressParts({ ...job, done: 10, total: 0, bytesPerSecond: 0, secondsLeft: null })).toEqual([]);
  });
  it('never says 100 % before the end, nor more than 100 %', () => {
    expect(progressParts({ ...job, done: 999, total: 1000, bytesPerSecond: 0, secondsLeft: null })).toEqual(['99 %']);
    expect(progressParts({ ...job, done: 2000, total: 1000, bytesPerSecond: 0, secondsLeft: null })).toEqual(['100 %']);
  });
  it('says percent, rate and time left', () => {
    expect(progressParts({ ...job, done: 62, total: 100, bytesPerSecond: 1.9e9, secondsLeft: 12 })).toEqual(['62 %', '1.9 GB/s', '0:12 left']);
  });
});
