/** What an export that was killed leaves behind says what it is when somebody opens it. */
import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { DumpSession } from '#engine/session/dump-session.ts';
import { fixture } from '../../fixtures/fixture.ts';
import { SILENT } from '../formats/open-bytes.ts';
import { temporaryFolder } from '../io/temporary-folder.ts';

const folder = temporaryFolder();

it.each([
  ['guest.elf.part', ['unfinished-export']],
  ['guest.elf', []],
])('%s', async (name, expected) => {
  const file = path.join(folder, name);
  copyFileSync(fixture('tiny/paging-off.elf'), file);
  const session = await DumpSession.open({ paths: [file], mapping: false, options: {} }, SILENT);
  const codes = session.summary('x').diagnostics.map(({ code }) => code);
  expect(codes.filter((code) => code === 'unfinished-export')).toEqual(expected);
  session.close();
});
