/** Adopts a source that another thread opened, and posts what it reads there: SHA-256 by each way of reading, and a few words. */
import { createHash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { adoptSource } from '#engine/io/adopt-source.ts';
import type { SharedSource } from '#engine/io/open-source.ts';

export interface Seen {
  name: string;
  size: number;
  read: string;
  streamed: string;
  /** Low and high word at each of `words`. */
  words: (number[] | false)[];
}

const { shared, words } = workerData as { shared: SharedSource; words: number[] };
const source = adoptSource(shared);
const bytes = new Uint8Array(source.size);

function digest(): string {
  return createHash('sha256').update(bytes).digest('hex');
}

for (let at = 0; at < bytes.length; at += 7001) source.read(at, bytes.subarray(at, at + 7001));
const read = digest();
bytes.fill(0xee);
source.readStreaming(0, bytes);
const seen: Seen = {
  name: source.name,
  size: source.size,
  read,
  streamed: digest(),
  words: words.map((at) => source.readU64(at) && [source.low, source.high]),
};
parentPort!.postMessage(seen);
