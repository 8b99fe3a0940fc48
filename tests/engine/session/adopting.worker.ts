/** Adopts a dump that another thread opened, and posts what it reads of guest-physical memory: SHA-256 and spans. */
import { createHash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import type { DumpImage } from '#engine/session/dump-image.ts';
import { DumpSession } from '#engine/session/dump-session.ts';
import { readAll } from './read-all.ts';

const { image, length } = workerData as { image: DumpImage; length: number };
const session = DumpSession.adopt(image);
const { bytes, states } = readAll(session, length);
parentPort!.postMessage({ digest: createHash('sha256').update(bytes).digest('hex'), states });
