/** Takes off what wraps a dump, layer by layer, until something is left that no container knows. */
import { WorkbenchError } from '#shared/errors.ts';
import type { Diagnostic } from '#shared/model/diagnostic.ts';
import type { Document, Fact, Layer, SnapshotInfo } from '#shared/model/dump.ts';
import type { OpenSource } from '../io/open-source.ts';
import type { Container, UnwrapOptions, Wrapped } from './container.ts';
import { COMPRESSED_CONTAINERS } from './compressed/index.ts';
import { flattened } from './flattened/index.ts';
import { libvirtSave } from './libvirt-save/index.ts';
import { qcow2 } from './qcow2/index.ts';

const CONTAINERS: readonly Container[] = [libvirtSave, qcow2, flattened, ...COMPRESSED_CONTAINERS];

/** How much of the start `probe` sees. */
export const HEAD = 65536;
/** Layers in layers; real files have two. */
const MAX_DEPTH = 8;

export interface Contents extends Wrapped {
  /** Outermost first; empty for a bare dump. */
  layers: Layer[];
  facts: Fact[];
  diagnostics: Diagnostic[];
  documents: Document[];
  snapshots: SnapshotInfo[];
}

export function readHead({ source, start }: Wrapped): Uint8Array {
  const head = new Uint8Array(Math.max(0, Math.min(HEAD, source.size - start)));
  source.read(start, head);
  return head;
}

/** Throws what a container throws, with everything closed. */
export async function unwrap(source: OpenSource, options: UnwrapOptions): Promise<Contents> {
  const contents: Contents = { source, start: 0, layers: [], facts: [], diagnostics: [], documents: [], snapshots: [] };
  try {
    for (;;) {
      const head = readHead(contents);
      const container = CONTAINERS.find((candidate) => candidate.probe(head));
      if (!container) return contents;
      if (contents.layers.length === MAX_DEPTH) {
        throw new WorkbenchError('unsupported', `${source.name}: more than ${MAX_DEPTH} layers are wrapped around each other`, {
          source: source.name,
        });
      }
      const { inside, layer, ...found } = await container.unwrap(contents, options);
      contents.source = inside.source;
      contents.start = inside.start;
      contents.layers.push(layer);
      contents.facts.push(...(found.facts ?? []));
      contents.diagnostics.push(...(found.diagnostics ?? []));
      contents.documents.push(...(found.documents ?? []));
      contents.snapshots.push(...(found.snapshots ?? []));
    }
  } catch (error) {
    contents.source.close();
    throw error;
  }
}
