/** Images out of bytes, opened as the engine opens files. */
import { qcow2 } from '#engine/containers/qcow2/index.ts';
import type { Unwrapped } from '#engine/containers/container.ts';
import type { OpenSource, SharedSource } from '#engine/io/open-source.ts';
import { SILENT } from '../../formats/open-bytes.ts';
import { ArraySource } from '../../memory/array-source.ts';

/** Bytes as an open file, for one thread. */
export class BytesFile extends ArraySource implements OpenSource {
  closed = 0;

  get shared(): SharedSource {
    return { kind: 'joined', name: this.name, parts: [] };
  }

  close(): void {
    this.closed++;
  }
}

export function unwrapBytes(bytes: Uint8Array, options: { snapshot?: string; start?: number } = {}): Promise<Unwrapped> {
  const source = new BytesFile(bytes, 'disk.qcow2');
  return qcow2.unwrap({ source, start: options.start ?? 0 }, { mapping: false, snapshot: options.snapshot, progress: SILENT });
}

/** All of what is inside. */
export function contentOf({ inside }: Pick<Unwrapped, 'inside'>): Uint8Array {
  const bytes = new Uint8Array(inside.source.size - inside.start);
  inside.source.readStreaming(inside.start, bytes);
  return bytes;
}
