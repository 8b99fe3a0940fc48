/** The same source in another thread. */
import fs from 'node:fs';
import { FileSource } from './file-source.ts';
import { JoinedSource } from './joined-source.ts';
import type { OpenSource, SharedSource } from './open-source.ts';
import { RemappedSource } from './remapped-source.ts';

/** The thread that opened it must outlive this view. */
export function adoptSource(shared: SharedSource): OpenSource {
  switch (shared.kind) {
    case 'file':
      return FileSource.adopt(shared.file);
    case 'remapped':
      return new RemappedSource(adoptSource(shared.of), shared);
    case 'joined':
      return new JoinedSource(shared.name, shared.parts.map(adoptSource));
  }
}

/** The files at the leaves: what an export must not write onto. */
export function filesOf(shared: SharedSource): string[] {
  switch (shared.kind) {
    case 'file':
      return [shared.file.path];
    case 'remapped':
      return filesOf(shared.of);
    case 'joined':
      return shared.parts.flatMap(filesOf);
  }
}

/** The most bytes of data that can come out of a source: what its files take up on their disks, for a sparse file reads as zeros elsewhere; Infinity where units are decoded. */
export function mostData(shared: SharedSource): number {
  switch (shared.kind) {
    case 'file':
      return fs.fstatSync(shared.file.fd).blocks * 512;
    case 'remapped':
      return shared.units ? Infinity : mostData(shared.of);
    case 'joined':
      return shared.parts.reduce((sum, part) => sum + mostData(part), 0);
  }
}
