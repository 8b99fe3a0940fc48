/** `devices` as scripts and people see it, on the tiny guest and on a dump without device states. */
import { beforeAll, describe, expect, it } from 'vitest';
import { matcher } from '../../src/cli/commands/devices.ts';
import { copyOfSample, newFolder, SAMPLES_FOLDER } from '../hosts/sample-dump.ts';
import { run } from './run-cli.ts';

let dump: string;

beforeAll(() => {
  dump = copyOfSample(newFolder());
});

describe('devices', () => {
  it('lists every device with what it is', async () => {
    const { code, out } = await run('devices', dump);
    expect(code).toBe(0);
    expect(out).toMatch(/^INDEX +DEVICE +INSTANCE +VERSION +OFFSET +SIZE +DESCRIBED BY +WHAT IT IS$/m);
    expect(out).toMatch(/apic +1 +3 +0x[0-9a-f]+ +181 bytes +the stream +Local APIC of CPU 1$/m);
    expect(out.trim().split('\n')).toHaveLength(1 + 35);
  });

  it('prints the fields of those that match: numbers in hex, and in words', async () => {
    const { code, out } = await run('devices', dump, 'real-time clock');
    expect(code).toBe(0);
    expect(out).toMatch(/^mc146818rtc, instance 0, version 3: Real-time clock and CMOS memory$/m);
    expect(out).toMatch(/^ {4}register D +80 {2}battery good$/m);
    expect(out).toMatch(/cmos_data +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d by the guest's clock/);
  });

  it('--json gives numbers as 0x strings, buffers as hex digits, and file offsets', async () => {
    const { code, out } = await run('devices', dump, 'globalstate', '--json');
    const { devices } = JSON.parse(out) as { devices: { name: string; fields: Record<string, unknown>[] }[] };
    expect(code).toBe(0);
    expect(devices).toHaveLength(1);
    expect(devices[0]?.fields).toMatchObject([
      { name: 'size', type: 'uint32', size: 4, value: '0x7', offset: expect.stringMatching(/^0x[0-9a-f]+$/) },
      { name: 'runstate', value: null, bytes: expect.stringMatching(/^[0-9a-f]{200}$/) },
    ]);
    const list = JSON.parse((await run('devices', dump, '--json')).out) as { devices: unknown[] };
    expect(list.devices).toHaveLength(35);
  });

  it('a pattern that nothing matches is bad usage, a dump without devices is not', async () => {
    const none = await run('devices', dump, 'no-such-device');
    expect([none.code, none.err]).toEqual([2, expect.stringContaining('no device matches "no-such-device"')]);
    const vmcore = await run('devices', `${SAMPLES_FOLDER}/tiny-filtered.vmcore`);
    expect([vmcore.code, vmcore.err]).toEqual([0, expect.stringContaining('holds no device states')]);
  });

  it.each([
    ['apic', 'ioapic', true],
    ['APIC', 'ioapic', true],
    ['*apic', 'ioapic', true],
    ['apic*', 'ioapic', false],
    ['*00:01.?/*', '0000:00:01.3/piix4_pm', true],
    ['a?c', 'abbc', false],
    ['*', '', true],
    ['(a+)+$', 'aaaa', false],
    ['*a*a*a*a*a*a*a*a*a*b', 'a'.repeat(5000), false],
  ])('%s and %s: %s', (pattern, text, matches) => expect(matcher(pattern)(text)).toBe(matches));
});
