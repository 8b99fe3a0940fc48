/** Bytes as an open file, for one thread: what containers take. */
import type { OpenSource, SharedSource } from '#engine/io/open-source.ts';
import { ArraySource } from '../memory/array-source.ts';

export class BytesFile extends ArraySource implements OpenSource {
  get shared(): SharedSource {
    return { kind: 'joined', name: this.name, parts: [] };
  }

  close(): void {}
}
