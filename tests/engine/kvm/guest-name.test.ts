import { expect, it } from 'vitest';
import { guestNameOf } from '#engine/kvm/guest-name.ts';

it.each([
  [['qemu', '-name', 'web1'], 'web1'],
  [['qemu', '-name', 'guest=web1,debug-threads=on'], 'web1'],
  [['qemu', '-name', 'web1,process=web'], 'web1'],
  [['qemu', '--name', 'debug-threads=on,guest=web1'], 'web1'],
  // A comma is doubled, as libvirt does.
  [['qemu', '-name', 'guest=a,,b,,,debug-threads=on'], 'a,b,'],
  [['qemu', '-name', 'process=web'], undefined],
  [['qemu', '-name', 'guest='], undefined],
  [['qemu', '-name', ''], undefined],
  [['qemu', '-name'], undefined],
  [['web1', '-m', '1G'], undefined],
])('the guest of %j is named %s', (commandLine, name) => {
  expect(guestNameOf(commandLine)).toBe(name);
});
