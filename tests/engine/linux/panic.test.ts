/** Lines that kernels print as they die (kernel/panic.c, the oops of each family), in logs that end in different ways. */
import { describe, expect, it } from 'vitest';
import type { LinuxLogLine } from '#shared/model/index.ts';
import { panicMessage } from '#engine/linux/panic.ts';

const logOf = (...texts: string[]): LinuxLogLine[] => texts.map((text, at) => ({ time: BigInt(at), level: 6, facility: 0, text }));

describe('what a kernel said as it died', () => {
  it.each<[string, string[], string | null]>([
    ['nothing', ['Linux version 6.1.0', 'EXT4-fs (vdb): mounted filesystem'], null],
    [
      'a panic that somebody asked for',
      ['sysrq: Trigger a crash', 'Kernel panic - not syncing: sysrq triggered crash', 'CPU: 1 PID: 90 Comm: sh'],
      'Kernel panic - not syncing: sysrq triggered crash',
    ],
    [
      'an exception, rather than the panic that only says that there was one',
      [
        'BUG: kernel NULL pointer dereference, address: 0000000000000000',
        '#PF: supervisor write access in kernel mode',
        'Oops: 0002 [#1] PREEMPT SMP NOPTI',
        'Kernel panic - not syncing: Fatal exception in interrupt',
      ],
      'BUG: kernel NULL pointer dereference, address: 0000000000000000',
    ],
    [
      'arm64',
      ['Unable to handle kernel NULL pointer dereference at virtual address 0000000000000000', 'Internal error: Oops: 96000045 [#1] SMP'],
      'Unable to handle kernel NULL pointer dereference at virtual address 0000000000000000',
    ],
    ['BUG_ON', ['kernel BUG at mm/slub.c:305!', 'invalid opcode: 0000 [#1] SMP'], 'kernel BUG at mm/slub.c:305!'],
    [
      'a panic of its own after an exception that did not kill',
      ['general protection fault, probably for non-canonical address 0xdead: 0000 [#1] SMP', 'Kernel panic - not syncing: softlockup: hung tasks'],
      'Kernel panic - not syncing: softlockup: hung tasks',
    ],
    ['lines that only speak of panics', ['Command line: panic=-1', 'Kernel panic timeout is -1', 'usb: BUG: nothing'], null],
    [
      'the first line of a record alone',
      ['Kernel panic - not syncing: VFS: Unable to mount root fs\nsecond line'],
      'Kernel panic - not syncing: VFS: Unable to mount root fs',
    ],
  ])('%s', (_name, lines, expected) => expect(panicMessage(logOf(...lines))).toBe(expected));
});
