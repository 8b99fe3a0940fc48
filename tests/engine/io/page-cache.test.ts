import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { FileSource } from '#engine/io/file-source.ts';
import { createPageCache, PageCache, SLOT_SIZE } from '#engine/io/page-cache.ts';
import { openFile } from '#engine/io/open-file.ts';
import { seededRandom } from './seeded-random.ts';
import { temporaryFolder } from './temporary-folder.ts';

const folder = temporaryFolder();

/** A file whose every 8 bytes are their own offset. */
function offsetsFile(name: string, size: number): string {
  const file = path.join(folder, name);
  writeFileSync(file, new BigUint64Array(BigUint64Array.from({ length: size / 8 }, (_, index) => BigInt(index * 8))));
  return file;
}

describe('page cache', () => {
  it('gives every byte of a file whose size is no multiple of a slot, once filled and again from the cache', () => {
    const size = SLOT_SIZE * 3 + 123;
    const content = Uint8Array.from({ length: size }, (_, index) => (index * 31) & 255);
    let fills = 0;
    const cache = new PageCache(createPageCache(size), size, (offset, target) => {
      fills++;
      expect(offset + target.length).toBeLessThanOrEqual(size);
      target.set(content.subarray(offset, offset + target.length));
    });
    for (const round of [1, 2]) {
      for (let page = 0; page < 4; page++) {
        const target = new Uint8Array(Math.min(SLOT_SIZE, size - page * SLOT_SIZE));
        cache.copy(page * SLOT_SIZE, target);
        expect(target, `round ${round}`).toEqual(content.subarray(page * SLOT_SIZE, page * SLOT_SIZE + target.length));
      }
    }
    expect(fills).toBe(4);
  });

  it('leaves no half-filled slot behind when filling fails', () => {
    let broken = true;
    const cache = new PageCache(createPageCache(SLOT_SIZE), SLOT_SIZE, (_, target) => {
      target.fill(7);
      if (broken) throw new Error('device error');
    });
    for (let attempt = 0; attempt < 20; attempt++) expect(() => cache.readU64(0)).toThrow('device error');
    broken = false;
    cache.readU64(0);
    expect([cache.low, cache.high]).toEqual([0x07070707, 0x07070707]);
  });

  it.each([true, false])(
    'gives two threads and this one right bytes while they push each other out of eight slots (mapping: %s)',
    async (mapping) => {
      const file = offsetsFile(`offsets-${mapping}`, 4 * 1024 * 1024);
      const whole = FileSource.open(file, { mapping });
      // Far fewer slots than pages, so that slots are refilled under the readers all the time.
      const shared = { ...whole.shared.file, cache: createPageCache(SLOT_SIZE * 8) };
      const run = (seed: number) =>
        new Promise<number>((resolve, reject) => {
          const worker = new Worker(new URL('./hammer.worker.ts', import.meta.url), { workerData: { shared, seed, reads: 30_000 } });
          worker.once('message', resolve);
          worker.once('error', reject);
        });
      const workers = [run(1), run(2)];
      const here = FileSource.adopt(shared);
      const random = seededRandom(3);
      let wrong = 0;
      for (let read = 0; read < 10_000; read++) {
        const offset = Math.floor((random() * (here.size - 8)) / 8) * 8;
        here.readU64(offset);
        if (here.low !== offset) wrong++;
      }
      expect([...(await Promise.all(workers)), wrong]).toEqual([0, 0, 0]);
      whole.close();
    },
  );

  it('refuses a file beyond what its page numbers can count', () => {
    const { size } = openFile(offsetsFile('small', 64));
    expect(size).toBe(64);
    expect(() => new PageCache(createPageCache(SLOT_SIZE), 2 ** 47, () => undefined)).toThrow('31 bits');
  });
});
