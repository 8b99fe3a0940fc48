/** What `translate --vm` refuses, and says of dumps that are no host's; with a host: tests/lab/kvm-translate.lab.test.ts. */
import { describe, expect, it } from 'vitest';
import { copyOfSample, newFolder } from '../hosts/sample-dump.ts';
import { run } from './run-cli.ts';

const NOWHERE = '/nonexistent.vmcore';

describe('translate of a virtual machine', () => {
  it.each([
    { options: ['--vm', '1', '--to', 'gva'], words: '--to' },
    { options: ['--vm', '1', '--from', 'hva', '--to', 'hva'], words: 'not a space after hva' },
    { options: ['--vm', '1', '--from', 'file'], words: '--from' },
    { options: ['--vm', '1', '--cpu', '0'], words: '--vcpu' },
    { options: ['--vm', '1', '--vcpu', '0', '--root', '1000'], words: 'exclude each other' },
    { options: ['--vm', '1', '--vcpu', 'x'], words: 'not a number' },
    { options: ['--from', 'hpa', '--walk'], words: '--walk is not for --from hpa' },
    { options: ['--from', 'hpa', '--root', '1000'], words: '--root is not for --from hpa' },
    { options: ['--vm', '1', '--from', 'gpa', '--root', '1000'], words: '--root chooses the tables of a GVA' },
    { options: ['--walk'], words: '--walk goes with --vm' },
    { options: ['--vcpu', '0'], words: '--vcpu goes with --vm' },
  ])('$options are refused before anything is opened', async ({ options, words }) => {
    const { code, err } = await run('translate', NOWHERE, '1000', ...options);
    expect(code).toBe(2);
    expect(err).toContain(words);
  });

  it('in a dump without a kernel is no error of use: the message says that no kernel was found', async () => {
    const sample = copyOfSample(newFolder());
    for (const options of [
      ['--vm', '174'],
      ['--from', 'hpa'],
    ]) {
      const { code, err } = await run('translate', sample, '1000', ...options);
      expect(code).toBe(1);
      expect(err).toMatch(/kernel/);
    }
  });
});
