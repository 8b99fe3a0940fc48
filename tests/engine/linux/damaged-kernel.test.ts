/** A real guest's memory with bytes flipped everywhere: its kernel is found or not, but nothing hangs and nothing is thrown that is not a WorkbenchError. */
import { describe, expect, it } from 'vitest';
import { WorkbenchError } from '#shared/errors.ts';
import { readLog } from '#engine/linux/log.ts';
import { describeModules } from '#engine/linux/module-list.ts';
import { listTasks } from '#engine/linux/tasks.ts';
import type { ByteSource } from '#engine/memory/byte-source.ts';
import { kernelOfDump } from '#engine/session/kernel-of-dump.ts';
import { fixture } from '../../fixtures/fixture.ts';
import { openToExport, sourceOf } from '../export/export-case.ts';

const whole = openToExport(fixture('linux/stream.qevm'));
const { dump, architecture } = whole;

/** The file with a bit flipped in every stretch of `every` bytes, always at the same places. */
function damaged(source: ByteSource, every: number, seed: number): ByteSource {
  return Object.create(source, {
    read: {
      value: (offset: number, target: Uint8Array) => {
        const length = source.read(offset, target);
        for (let block = Math.floor(offset / every); block * every < offset + target.length; block++) {
          const at = block * every + ((block * 7919 + seed * 104_729) % every) - offset;
          if (at >= 0 && at < target.length) target[at]! ^= 1 << ((block + seed) % 8);
        }
        return length;
      },
    },
  }) as ByteSource;
}

describe.each([
  [1024, 1],
  [65536, 3],
  [2 ** 20, 5],
])('memory with a flipped bit in every %i bytes (%i)', (every, seed) => {
  it.each([true, false])('leads to a kernel or to a WorkbenchError; with VMCOREINFO: %s', (noted) => {
    const { memory } = sourceOf(dump, damaged(whole.memory.source, every, seed), 'damaged');
    const ask = (question: () => unknown) => {
      try {
        return question();
      } catch (error) {
        expect(error).toBeInstanceOf(WorkbenchError);
        return undefined;
      }
    };
    ask(() => {
      const kernel = kernelOfDump({ ...dump, vmcoreinfo: noted ? dump.vmcoreinfo : undefined }, memory, architecture);
      for (const read of [listTasks, describeModules, readLog]) ask(() => read(kernel));
      ask(() => kernel.kallsyms?.nearest(kernel.text ?? 0n));
    });
  });
});
