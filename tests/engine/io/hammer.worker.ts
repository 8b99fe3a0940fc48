/** Reads a file whose every 8 bytes are their own offset, at random, through a shared page cache; posts how many reads came out wrong. */
import { parentPort, workerData } from 'node:worker_threads';
import { FileSource, type SharedFile } from '#engine/io/file-source.ts';
import { seededRandom } from './seeded-random.ts';

const { shared, seed, reads } = workerData as { shared: SharedFile; seed: number; reads: number };
const source = FileSource.adopt(shared);
const random = seededRandom(seed);
const bytes = new Uint8Array(24_000);
const view = new DataView(bytes.buffer);
let wrong = 0;
for (let read = 0; read < reads; read++) {
  const offset = Math.floor((random() * (source.size - bytes.length)) / 8) * 8;
  source.readU64(offset);
  if (source.low !== offset || source.high !== 0) wrong++;
  if (read % 16 !== 0) continue;
  source.read(offset, bytes);
  for (let at = 0; at < bytes.length; at += 8) if (view.getUint32(at, true) !== offset + at) wrong++;
}
parentPort!.postMessage(wrong);
