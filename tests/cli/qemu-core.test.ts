/** The command line on the core of a QEMU process: the guest, its host addresses, the process. */
import { expect, test } from 'vitest';
import { fixture } from '../fixtures/fixture.ts';
import { run } from './run-cli.ts';

const core = fixture('qemu-core/tiny-7.2.core');

test('info tells of the guest, and on stderr nothing is lost in silence', async () => {
  const { out, code } = await run('info', core);
  expect(code).toBe(0);
  expect(out).toMatch(/^The core of a QEMU process with its guest: a pc-i440fx-7\.2 machine with 2 CPUs/);
  expect((await run('memory-map', core)).err).toContain('The core has no data for 7.9 MiB of pc.ram');
});

test('translate --to hva gives host addresses and file offsets, of virtual and of physical addresses', async () => {
  const { out, code } = await run('translate', core, 'ffffffff80300000', '--to', 'hva');
  expect(code).toBe(0);
  expect(out).toMatch(/^ *VIRTUAL +PHYSICAL +HOST +FILE OFFSET +PLACE$/m);
  expect(out).toMatch(/^ *0xffffffff80300000 +0x300000 +0x7f6c8b900000 +0x[0-9a-f]+ +pc\.ram \+ 0x300000$/m);
  const json = JSON.parse((await run('translate', core, '300000', '--from', 'gpa', '--to', 'hva', '--json')).out) as object[];
  expect(json).toMatchObject([{ physical: '0x300000', host: '0x7f6c8b900000' }]);
  expect((await run('translate', core, '0', '--to', 'hva')).code).toBe(3);
});

test('walk ends in the process, and memory-map names where each block lay', async () => {
  expect((await run('walk', core, 'ffffffff80300000')).out).toContain('In QEMU it was at HVA 0x7f6c8b900000 (pc.ram), file offset 0x');
  expect((await run('memory-map', core)).out).toMatch(/^pc\.ram +8 MiB +0x7f6c8b600000 /m);
});

test('--view process shows the process, whose memory is read by its own addresses', async () => {
  const { out } = await run('info', core, '--view', 'process');
  expect(out).toMatch(/^The core of the process \/usr\/bin\/qemu-system-x86_64, with 7 threads/);
  const guest = await run('read', core, '200ff8', '8');
  const host = await run('read', core, '7f6c8b800ff8', '8', '--view', 'process');
  expect(host.out.replace(/^\S+ +/, '')).toBe(guest.out.replace(/^\S+ +/, ''));
});

test('a view that does not exist, and an executable that is another, are said', async () => {
  expect(await run('info', core, '--view', 'host')).toMatchObject({
    code: 2,
    err: expect.stringContaining('--view: expected guest or process') as string,
  });
  const { out } = await run('info', core, '--executable', process.execPath);
  expect(out).toContain('its build id is');
});
