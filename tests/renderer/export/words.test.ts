import { describe, expect, it, test } from 'vitest';
import type { ExportReport } from '#shared/model/index.ts';
import { EXPORT_STEPS, stepOf } from '../../../src/renderer/src/features/export/export-steps.ts';
import { aboutTime } from '../../../src/renderer/src/features/export/plan-words.ts';
import { missingText, reportJson, verifiedText } from '../../../src/renderer/src/features/export/report-text.ts';

test.each([
  [0.2, 'under a second'],
  [1.4, 'about 1 s'],
  [9.4, 'about 9 s'],
  [12, 'about 15 s'],
  [89, 'about 90 s'],
  [600, 'about 10 min'],
  [7200, 'about 2 h'],
])('%d seconds are %s', (seconds, words) => expect(aboutTime(seconds)).toBe(words));

describe('the steps of an export', () => {
  test.each([
    ['planning the file', 'Plan'],
    ['looking for zero pages', 'Find zero pages'],
    ['writing memory', 'Write'],
    ['compressing memory', 'Write'],
    ['syncing to disk', 'Sync to disk'],
    ['opening the written file', 'Verify'],
    ['verifying', 'Verify'],
  ])('%s is of step %s', (phase, title) => expect(EXPORT_STEPS[stepOf(phase)]?.title).toBe(title));

  it('begin with the first, before anything was reported', () => expect(stepOf(undefined)).toBe(0));
});

describe('a report', () => {
  const report: ExportReport = {
    target: '/tmp/out.vmcore',
    bytesWritten: 4096,
    sparseBytes: 0,
    seconds: 1,
    missing: [
      { start: 0x1000, last: 0x1fff, reason: 'not in the dump' },
      { start: 0x10_0000, last: 0x1f_ffff, reason: 'encrypted' },
    ],
    missingCut: true,
    warnings: ['one'],
    verified: 160 * 1024 ** 2,
  };

  it('as text has a line for each missing range, and says that there are more', () => {
    expect(missingText(report)).toBe('0x1000 to 0x1fff: not in the dump\n0x100000 to 0x1fffff: encrypted\nand more\n');
  });

  it('as JSON has all of it, addresses as the command line writes them', () => {
    expect(JSON.parse(reportJson(report))).toEqual({
      ...report,
      missing: [
        { start: '0x1000', last: '0x1fff', reason: 'not in the dump' },
        { start: '0x100000', last: '0x1fffff', reason: 'encrypted' },
      ],
    });
  });

  it('says what was read back, and when nothing was', () => {
    expect(verifiedText(report)).toBe('160 MiB read back and equal');
    expect(verifiedText({ ...report, verified: null })).toMatch(/^Not read back/);
  });
});
