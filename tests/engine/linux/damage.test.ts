/** A real Linux guest whose memory is damaged here and there: every question ends, with an answer or with an error that says what is missing. */
import { describe, expect, it } from 'vitest';
import { WorkbenchError } from '#shared/errors.ts';
import type { StateSpan } from '#shared/model/index.ts';
import type { GuestMemory } from '#engine/memory/guest-memory.ts';
import { kernelOfDump } from '#engine/session/kernel-of-dump.ts';
import { LinuxQueries } from '#engine/session/linux-queries.ts';
import { fixture } from '../../fixtures/fixture.ts';
import { openToExport } from '../export/export-case.ts';

const { dump, memory, architecture } = openToExport(fixture('linux/stream.qevm'));

/** The same bits of the same words of eight are wrong whenever they are read: one word of `rarity`, those of page tables among them. */
function damaged(seed: number, rarity: number): GuestMemory {
  const noise = (word: number) => Math.imul((word ^ seed) + 0x9e37_79b9, 0x85eb_ca6b) >>> 0;
  const wrong = (word: number) => noise(word) % rarity === 0;
  let last = 0;
  return new Proxy(memory, {
    get(target, name) {
      if (name === 'readU64')
        return (address: number) => {
          last = address / 8;
          return target.readU64(address);
        };
      if (name === 'low') return wrong(last) ? (target.low ^ (1 << (seed % 31))) >>> 0 : target.low;
      if (name === 'read')
        return (address: number, bytes: Uint8Array): StateSpan[] => {
          const spans = target.read(address, bytes);
          for (let at = 0; at < bytes.length; at++) {
            const place = address + at;
            if (place % 8 === seed % 8 && wrong(Math.floor(place / 8))) bytes[at]! ^= 1 << (seed % 7);
          }
          return spans;
        };
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

function ask(question: () => unknown): void {
  try {
    question();
  } catch (error) {
    if (!(error instanceof WorkbenchError)) throw error;
  }
}

describe('a kernel in damaged memory', () => {
  it.each([
    [1, 20_000],
    [2, 5000],
    [3, 2000],
    [4, 500],
  ])('answers or says why not (seed %i, one word of %i)', (seed, rarity) => {
    const started = performance.now();
    const queries = new LinuxQueries(() => kernelOfDump(dump, damaged(seed, rarity), architecture));
    ask(() => queries.getOverview());
    ask(() => queries.readLog({ from: 0, limit: 4096 }));
    ask(() => queries.listModules());
    for (const pid of [0, 1, 2, 89, 90, 96]) ask(() => queries.getTask({ pid }));
    for (let frame = 0; frame < 2000; frame += 7) ask(() => queries.getPage({ physical: frame * 4096 }));
    expect(performance.now() - started).toBeLessThan(60_000);
  });
});
