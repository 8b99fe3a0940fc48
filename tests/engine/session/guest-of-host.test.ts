import { expect, it } from 'vitest';
import { DumpSession } from '#engine/session/dump-session.ts';
import { fixture } from '../../fixtures/fixture.ts';
import { SILENT } from '../formats/open-bytes.ts';

const open = (name: string) => DumpSession.open({ paths: [fixture(name)], mapping: false, options: { vm: '174' } }, SILENT);

it.each(['tiny/stream.qevm', 'tiny/paging-off.elf'])('%s, which is of no host, is refused with what was looked for', async (name) => {
  await expect(open(name)).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringMatching(
      /^there is no guest to be opened in this dump: no Linux kernel was found: .*, nor does memory hold VMCOREINFO of one$/,
    ) as string,
  });
});
