/** What the compressed fixtures hold: text, zeros, noise that comes back from near and far, and long runs. */
import { seededRandom } from '../../io/seeded-random.ts';

export const CONTENT = makeContent();

function makeContent(): Uint8Array {
  const random = seededRandom(11);
  const noise = Buffer.from(Uint8Array.from({ length: 3000 }, () => Math.floor(random() * 256)));
  const lines = Array.from({ length: 1500 }, (_, index) => `${index}: page 0x${Math.floor(random() * 1e6).toString(16)} of the guest\n`).join('');
  // Runs of one byte around the lengths at which bzip2 begins to count.
  const runs = Array.from({ length: 300 }, (_, index) => Buffer.alloc(index, index % 7));
  const parts = [
    Buffer.from(lines),
    noise,
    Buffer.alloc(120_000),
    noise,
    ...runs,
    Buffer.from(lines),
    Buffer.alloc(70_000, 0xcc),
    noise.subarray(17),
  ];
  return new Uint8Array(Buffer.concat(parts));
}
