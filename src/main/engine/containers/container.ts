/**
 * What wraps a dump: a save header, a compression, an image. One file or folder a container; unwrap.ts takes off one after the other.
 *
 * To add one: fill `Container`, list it in CONTAINERS (unwrap.ts). Content decides, never the file name.
 */
import type { Diagnostic } from '#shared/model/diagnostic.ts';
import type { Document, Fact, Layer, SnapshotInfo } from '#shared/model/dump.ts';
import type { OpenSource } from '../io/open-source.ts';

/** Progress and cancellation of a long pass. `report` throws WorkbenchError `cancelled` when the user has had enough. */
export interface Progress {
  report(phase: string, done: number, total: number): void;
}

/** Where the wrapped thing is: everything of `source` from `start` on. */
export interface Wrapped {
  source: OpenSource;
  start: number;
}

export interface UnwrapOptions {
  mapping: boolean;
  /** Which snapshot of an image: its name or id. */
  snapshot?: string;
  progress: Progress;
}

/** What a container says of itself, and what is in it. */
export interface Unwrapped {
  /** What is inside: the same source further on, or a new one that owns the old (closing it closes both). */
  inside: Wrapped;
  /** Offsets are in the source that the container was found in. */
  layer: Layer;
  facts?: Fact[];
  diagnostics?: Diagnostic[];
  /** Texts that the container carries: libvirt's XML. */
  documents?: Document[];
  snapshots?: SnapshotInfo[];
}

export interface Container {
  /** `libvirt-save` */
  readonly id: string;
  /** "libvirt save image" */
  readonly title: string;
  /** Looks at the first bytes (64 KiB at most) of what may be this container. Never throws. */
  probe(head: Uint8Array): boolean;
  /** Throws WorkbenchError: DumpFormatError for a broken container, `cancelled`, `no-space`, `io`. On a throw `wrapped.source` is still open and the caller's. */
  unwrap(wrapped: Wrapped, options: UnwrapOptions): Promise<Unwrapped>;
}
