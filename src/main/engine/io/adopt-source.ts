/** The same source in another thread. */
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
